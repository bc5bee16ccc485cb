import { describe, expect, it } from 'vitest';
import { redact, redactClipped, redactJson, rememberSecret, withOwnSecrets } from '../../src/logging/redact.ts';

/** What `work` gives when only these values are known. */
function knowing<T>(secrets: readonly string[], work: () => T): T {
  return withOwnSecrets(() => {
    for (const secret of secrets) rememberSecret(secret);
    return work();
  });
}

describe('redact', () => {
  it.each([
    ['postgresql://u:p@h:5432/d', 'postgresql://***@h:5432/d'],
    ['see https://u:p@ss@h/x and http://h/y', 'see https://***@h/x and http://h/y'],
    ['1https://u:hunter2@h/x', '1https://***@h/x'],
    ['//u:hunter2@h/x', '//***@h/x'],
    ['GET https://h/a?api_key=123&since=2020', 'GET https://h/a?api_key=***&since=2020'],
    ['see https:u:hunter2@h/x', 'see https:***@h/x'],
    ['url=https:u:hunter2@h/x', 'url=https:***@h/x'],
    ['see https:\\\\u:hunter2@h', 'see https:\\\\***@h'],
    ['host=h password=geheim dbname=d', 'host=h password=*** dbname=d'],
    ['host=h password="geheim" dbname=d', 'host=h password="***" dbname=d'],
    ['https://h/a?X-Amz-Signature=abc', 'https://h/a?X-Amz-Signature=***'],
    ['https://h/a?X-Amz-Credential=AK/2026&x=1', 'https://h/a?X-Amz-Credential=***&x=1'],
    ['https://h/a?accessToken=abc', 'https://h/a?accessToken=***'],
    ['https://h/a?sv=1&sig=abc%3D', 'https://h/a?sv=1&sig=***'],
    ['https://h/a;token=abc', 'https://h/a;token=***'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic ***'],
    ['"authorization": "Bearer abcdefgh"', '"authorization": "Bearer ***"'],
    ['sent Basic dXNlcjpwYXNz', 'sent Basic ***'],
    ['sent Bearer abc123defg', 'sent Bearer ***'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    'mail someone@example.org',
    'https://ror.org/05dxps055',
    'https://example.org/@someone/x',
    'a basic rule',
    'http://h/basic answered 401',
    'basic authentication',
    'bearer authentication',
    'tokens=12 read',
    'the design=flat',
  ])('leaves alone: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('masks a known secret wherever it occurs, but no short word', () => {
    const found = knowing(['Zq8-known', 'the'], () => redact('the value is Zq8-known, twice: Zq8-known'));
    expect(found).toBe('the value is ***, twice: ***');
  });

  it('masks a known secret as URLs, JSON and HTML write it', () => {
    const secret = 'ge/heim & "größe" <x>';
    const texts = [
      `/x/${encodeURIComponent(secret)}/y`,
      `/x/${encodeURIComponent(secret).toLowerCase()}/y`,
      `/x/${encodeURIComponent(encodeURIComponent(secret))}/y`,
      `/x?key=1&k=${new URLSearchParams({ k: secret }).toString().slice(2)}`,
      JSON.stringify({ secret }),
      JSON.stringify({ secret }).replaceAll('/', String.raw`\/`),
      new URL(`http://h/${secret}`).href,
      'said: ge/heim &amp; &quot;größe&quot; &lt;x&gt;.',
    ];
    for (const text of texts) {
      expect(knowing([secret], () => redact(text))).not.toMatch(/heim|gr%C3|größe/);
    }
  });

  it('masks an encoding of a secret whole where a longer encoding begins alike', () => {
    const secret = 'otherSecret+/=x88';
    const encoded = encodeURIComponent(secret);
    const found = knowing([secret], () => redact(`key=${encoded}&page=1, cut: ${encoded.slice(0, -2)}`));
    expect(found).toBe('key=***&page=1, cut: ***');
  });

  it('masks a secret that begins with another one whole', () => {
    expect(knowing(['abcdef', 'abcdef-and-the-rest'], () => redact('abcdef-and-the-rest'))).toBe('***');
  });

  it.each([
    ['Bearer TOPSECRETauth', 'Invalid token TOPSECRETauth.', 'Invalid token ***.'],
    ['Token token="TOPSECRETauth"', 'Invalid TOPSECRETauth', 'Invalid ***'],
    ['session=TOPSECRETauth; path=/', 'no session TOPSECRETauth', 'no session ***'],
    [`Basic ${Buffer.from('someone:TOPsecret').toString('base64')}`, 'someone:TOPsecret is wrong', '*** is wrong'],
    [`Basic ${Buffer.from('someone:TOPsecret').toString('base64')}`, 'password TOPsecret', 'password ***'],
    [`Basic ${Buffer.from('someone:TOPsecret').toString('base64')}`, 'user someone', 'user ***'],
    [`Basic ${Buffer.from('someone:TOPsecret7').toString('base64')}`, 'c29tZW9uZTpUT1BzZWNyZXQ3', '***'],
    ['https://me:TOPsecret%2F7@h/x', 'login TOPsecret/7', 'login ***'],
    ['-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\n-----END KEY-----', 'line MIIEpAIBAAKCAQEA7', 'line ***'],
  ])('masks the parts of %j', (secret, text, expected) => {
    expect(knowing([secret], () => redact(text))).toBe(expected);
  });

  it('masks the beginning of a long secret, as a cut quotation leaves it', () => {
    const secret = `Bearer eyJhbGciOi${'JIUzI1NiIsInR5cCI6IkpXVCJ9'.repeat(20)}`;
    const cut = `found "${secret.slice(0, 190)}…"`;
    expect(knowing([secret], () => redact(cut))).toBe('found "***…"');
  });

  it('keeps the host of an address that is secret as a whole', () => {
    const secret = 'https://feeds.example.org/a8f2c1/units.json?v=1';
    const redacted = (text: string): string => knowing([secret], () => redact(text));
    expect(redacted('https://feeds.example.org/a8f2c1/units.json?… cannot be reached.')).toBe(
      'https://feeds.example.org/***?… cannot be reached.',
    );
    expect(redacted(`GET ${secret} answered 401`)).toBe('GET https://feeds.example.org/*** answered 401');
    expect(redacted('feeds.example.org answers')).toBe('feeds.example.org answers');
  });

  it('masks the tokens of an address that is secret as a whole also where a server sends them on', () => {
    const secret = 'https://feeds.example.org/feed/a8f2c1-0099ff-units/records.json?sig=kLm0pQ';
    const moved = 'https://cdn.example.org/v2/a8f2c1-0099ff-units/records.json?key=kLm0pQ answered 403';
    expect(knowing([secret], () => redact(moved))).toBe(
      'https://cdn.example.org/v2/***/records.json?key=*** answered 403',
    );
  });

  it('masks the last step of a secret address without its host', () => {
    const secret = 'http://127.0.0.1:18080/feed/PATHTOKENsecretword';
    expect(knowing([secret], () => redact('no feed PATHTOKENsecretword'))).toBe('no feed ***');
  });

  it('knows the secrets of one job only while that job works', () => {
    const text = 'https://feeds.example.org/a8f2c1/units.json and 0ther-secret';
    knowing(['https://feeds.example.org/a8f2c1/units.json'], () => {
      expect(knowing(['0ther-secret'], () => redact(text))).toBe('https://feeds.example.org/a8f2c1/units.json and ***');
    });
    expect(redact(text)).toBe(text);
  });

  it('masks what the process knows in every scope, the longest first', async () => {
    rememberSecret('process-wide-Zq9');
    const found = await withOwnSecrets(async () => {
      rememberSecret('wide-Zq9');
      await Promise.resolve();
      return redact('process-wide-Zq9 wide-Zq9');
    });
    expect(found).toBe('*** ***');
  });

  it('takes secrets out of a JSON value without breaking it', () => {
    const value = { a: ['qu"ote\\d'], b: 'password=x"y', c: 1, d: null, 'qu"ote\\d': 1 };
    expect(knowing(['qu"ote\\d'], () => redactJson(value))).toEqual({
      a: ['***'],
      b: 'password=***"y',
      c: 1,
      d: null,
      '***': 1,
    });
  });
});

describe('redactClipped', () => {
  it.each([0, 1, 5, 95, 99, 100, 1100, 1120])('shows no half of a secret that begins at %i', (at) => {
    const secret = 'TOPsecret-1234567890';
    const text = `${'a '.repeat(600).slice(0, at)}${secret}${' b'.repeat(2000)}`;
    const safe = knowing([secret], () => redactClipped(text, 100));
    expect(safe.length).toBeLessThanOrEqual(100);
    expect(safe).not.toContain('TOPs');
  });

  it('keeps a short text whole', () => {
    expect(redactClipped('short', 100)).toBe('short');
  });
});

/** Texts that made patterns start again at every character. */
const CLASSES: Readonly<Record<string, string>> = {
  letters: 'n',
  'letters and dashes': 'a-',
  'letters, digits and underscores': 'a1_',
  'schemes without a host': 'http:',
  'addresses without an end': 'a://',
  'addresses with an @': 'a://b@',
  'user-info that does not end': 'https://u:',
  slashes: '/',
  backslashes: 'https:\\',
  'at signs': '@',
  'words with an at sign': 'x@',
  'scheme words': 'basic ',
  'scheme words with spaces': `basic${' '.repeat(1000)}`,
  'header names': 'authorization: ',
  'header names with spaces': `authorization${' '.repeat(1000)}`,
  'names of parameters': 'password',
  'parameters without a value': 'password=',
  'parameters with a quote': 'token="',
  'equals signs': '=',
  spaces: ' ',
  'the beginning of a secret': 'eyJhbGciOiJI',
  'line ends': '\n',
  'percent signs': '%2F',
};

describe('redact takes time in proportion to the text', () => {
  // Quadratic patterns took 25 seconds for 128 KB and would take half an hour for 1 MB; linear ones take milliseconds.
  it.each(Object.entries(CLASSES))('%s', (_name, piece) => {
    knowing(['Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x.y', 'https://u:pw1234@h/feed/T0KEN-T0KEN'], () => {
      for (const size of [64_000, 128_000, 1_000_000]) {
        const text = piece.repeat(Math.ceil(size / piece.length));
        const started = performance.now();
        redact(text);
        redact(`${text}!`);
        expect(performance.now() - started).toBeLessThan(3000);
      }
    });
  });
});
