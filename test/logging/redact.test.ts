import { describe, expect, it } from 'vitest';
import { redact, redactJson, rememberSecret } from '../../src/logging/redact.ts';

describe('redact', () => {
  it.each([
    ['postgresql://u:p@h:5432/d', 'postgresql://***@h:5432/d'],
    ['see https://u:p@ss@h/x and http://h/y', 'see https://***@h/x and http://h/y'],
    ['GET https://h/a?api_key=123&since=2020', 'GET https://h/a?api_key=***&since=2020'],
    ['see https:u:hunter2@h/x', 'see https:***@h/x'],
    ['see https:\\\\u:hunter2@h', 'see https:\\\\***@h'],
    ['host=h password=geheim dbname=d', 'host=h password=*** dbname=d'],
    ['https://h/a?X-Amz-Signature=abc', 'https://h/a?X-Amz-Signature=***'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic ***'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each(['mail someone@example.org', 'https://ror.org/05dxps055', 'a basic rule', 'tokens=12 read'])(
    'leaves alone: %s',
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );

  it('masks a known secret wherever it stands, but no short word', () => {
    rememberSecret('Zq8-known');
    rememberSecret('the');
    expect(redact('the value is Zq8-known, twice: Zq8-known')).toBe('the value is ***, twice: ***');
  });

  it('masks a known secret as it is written in a URL and in JSON', () => {
    const secret = 'ge/heim & "größe"';
    rememberSecret(secret);
    for (const text of [
      `/x/${encodeURIComponent(secret)}/y`,
      `/x?key=1&k=${new URLSearchParams({ k: secret }).toString().slice(2)}`,
      JSON.stringify({ secret }),
      new URL(`http://h/${secret}`).href,
    ]) {
      expect(redact(text)).not.toMatch(/heim|gr%C3|größe/);
    }
  });

  it('masks a secret that begins with another one whole', () => {
    rememberSecret('abcdef');
    rememberSecret('abcdef-and-the-rest');
    expect(redact('abcdef-and-the-rest')).toBe('***');
  });

  it('masks an address that is secret as a whole also where it is shown without its query', () => {
    rememberSecret('https://feeds.example.org/a8f2c1/units.json?v=1');
    expect(redact('https://feeds.example.org/a8f2c1/units.json?… cannot be reached.')).toBe(
      'https://***?… cannot be reached.',
    );
    expect(redact('feeds.example.org answers')).toBe('feeds.example.org answers');
  });

  it('masks the tokens of an address that is secret as a whole also where a server sends them on', () => {
    rememberSecret('https://feeds.example.org/feed/a8f2c1-0099ff-units/records.json?sig=kLm0pQ');
    const moved = 'https://cdn.example.org/v2/a8f2c1-0099ff-units/records.json?key=kLm0pQ answered 403';
    expect(redact(moved)).toBe('https://cdn.example.org/v2/***/records.json?key=*** answered 403');
  });

  it('takes secrets out of a JSON value without breaking it', () => {
    rememberSecret('qu"ote\\d');
    expect(redactJson({ a: ['qu"ote\\d'], b: 'password=x"y', c: 1, d: null })).toEqual({
      a: ['***'],
      b: 'password=***"y',
      c: 1,
      d: null,
    });
  });
});
