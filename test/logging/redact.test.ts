import { describe, expect, it } from 'vitest';
import { redact, rememberSecret } from '../../src/logging/redact.ts';

describe('redact', () => {
  it.each([
    ['postgresql://u:p@h:5432/d', 'postgresql://***@h:5432/d'],
    ['see https://u:p@ss@h/x and http://h/y', 'see https://***@h/x and http://h/y'],
    ['GET https://h/a?api_key=123&since=2020', 'GET https://h/a?api_key=***&since=2020'],
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
});
