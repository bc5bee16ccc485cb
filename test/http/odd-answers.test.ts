/** Answers that are right in their own way: encoded, redirected with a cookie, partial, or an error that says why. */
import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { failureOf, serve, sha256, startFixture } from './http-fixture.ts';

const TEXT = Buffer.from('{"id":"a","name":"Zürich"}\n'.repeat(200));
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync?: (bytes: Buffer) => Buffer };

describe('a download that comes encoded although plain bytes were asked for', () => {
  const encodings: (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
    // Declared, but not packed.
    ['gzip', TEXT],
  ];
  if (zstdCompressSync !== undefined) encodings.push(['zstd', zstdCompressSync(TEXT)]);

  it.each(encodings)('is decoded: %s', async (encoding, body) => {
    const { http, signal } = await startFixture();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding, 'content-length': body.length, etag: '"1"' }).end(body);
    });
    const expected = { bytes: TEXT.length, digest: sha256(TEXT) };
    const file = await http.download({ url: `${url}/data.jsonl`, signal, expected });
    expect(readFileSync(file.path)).toEqual(TEXT);
    expect(file).toMatchObject({ bytes: TEXT.length, digest: sha256(TEXT) });
  });

  it('keeps a .gz file as it is, and unpacks one that was packed twice once', async () => {
    const { http, signal } = await startFixture();
    const packed = gzipSync(TEXT);
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(request.url === '/twice.json.gz' ? gzipSync(packed) : packed);
    });
    for (const name of ['once.json.gz', 'twice.json.gz', 'once.tgz']) {
      const file = await http.download({ url: `${url}/${name}`, signal });
      expect(readFileSync(file.path)).toEqual(packed);
    }
  });

  it('begins again when it breaks off, since its rest cannot be asked for', async () => {
    const { http, signal } = await startFixture();
    const ranges: unknown[] = [];
    const packed = gzipSync(Buffer.from(Array.from({ length: 50_000 }, (_, i) => `${String(i * 7919)}\n`).join('')));
    const url = await serve((request, response) => {
      ranges.push(request.headers.range);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length, etag: '"1"' });
      if (ranges.length > 1) response.end(packed);
      else response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
    });
    const file = await http.download({ url: `${url}/data.txt`, signal });
    expect(gzipSync(readFileSync(file.path))).toEqual(packed);
    expect(ranges).toEqual([undefined, undefined]);
  });

  it.each([
    ['compress', TEXT, {}, 'E_SOURCE_UNEXPECTED', 'compress'],
    ['br', TEXT, {}, 'E_SOURCE_UNEXPECTED', 'decoded'],
    ['gzip', gzipSync(TEXT).subarray(0, 50), {}, 'E_SOURCE_UNAVAILABLE', 'middle'],
    ['gzip', gzipSync(Buffer.alloc(5_000_000)), { maxBytes: 1_000_000 }, 'E_SOURCE_TOO_LARGE', '1000000'],
    ['gzip', gzipSync(TEXT), { expected: { bytes: 7 } }, 'E_SOURCE_DIGEST', '7'],
  ])('is refused: %s %#', async (encoding, body, options, code, word) => {
    const { http, signal } = await startFixture();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(body);
    });
    const error = await failureOf(http.download({ url: `${url}/data.jsonl`, signal, ...options }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(word);
  });
});

describe('a redirect', () => {
  it('gets its cookies back, at the origin that set them and nowhere else', async () => {
    const { http, signal } = await startFixture();
    const elsewhere: unknown[] = [];
    const other = await serve((request, response) => {
      elsewhere.push(request.headers.cookie);
      response.end('{"there":1}');
    });
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      const { cookie = '' } = request.headers;
      seen.push(cookie);
      if (request.url === '/away') response.writeHead(302, { location: `${other}/x` }).end();
      else if (!cookie.includes('sid=1')) {
        const cookies = [
          'sid=1; Path=/; HttpOnly',
          'old=2; Max-Age=0',
          'deep=3; Path=/deep',
          'b=4; Expires=Wed, 21 Oct 2099 07:28:00 GMT',
        ];
        response.writeHead(302, { location: request.url ?? '/', 'set-cookie': cookies }).end();
      } else response.writeHead(302, { location: '/away' }).end();
    });
    const file = await http.download({ url: `${url}/data.json`, signal, headers: { Cookie: 'mine=0' } });
    expect(readFileSync(file.path, 'utf8')).toBe('{"there":1}');
    expect(seen).toEqual(['mine=0', 'mine=0; sid=1; b=4', 'mine=0; sid=1; b=4']);
    await http.get(`${url}/again`, { signal });
    expect(seen[3]).toBe('');
    expect(elsewhere).toEqual([undefined, undefined]);
  });

  it.each([
    ['UTF-8', 'utf8', '/%C3%9Cbersicht.json'],
    ['Latin-1', 'latin1', '/%DCbersicht.json'],
  ] as const)('to an address with bytes of %s is followed', async (_, encoding, expected) => {
    const { http, signal } = await startFixture();
    const paths: unknown[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      if (request.url !== '/') response.end('{}');
      else response.writeHead(302, { location: Buffer.from('/Übersicht.json', encoding).toString('latin1') }).end();
    });
    await http.download({ url, signal });
    expect(paths).toEqual(['/', expected]);
  });
});

describe('an answer that is not whole by its own words', () => {
  const HEADERS: readonly (readonly [number, Record<string, string>, string])[] = [
    [200, { 'x-sql-state': 'S1TAT' }, 'S1TAT'],
    [200, { 'x-sql-message': 'Returning incomplete results, query interrupted by result timeout.' }, 'timeout'],
    [200, { warning: '199 - "results truncated after 1000 rows"' }, 'truncated'],
    [200, { 'x-results-truncated': 'true' }, 'x-results-truncated'],
    [206, {}, '206'],
    [206, { 'content-range': 'bytes 0-1/9' }, '206'],
  ];

  it.each(HEADERS)('is refused: %i %j', async (status, headers, word) => {
    const { http, signal } = await startFixture();
    const url = await serve((_, response) => response.writeHead(status, headers).end('[]'));
    for (const asked of [http.get(url, { signal }), http.download({ url, signal })]) {
      const error = await failureOf(asked);
      expect(error.code).toBe('E_SOURCE_INCOMPLETE');
      expect(error.message).toContain(word);
    }
  });

  it('is not: 206 with everything, flags that say no, other warnings', async () => {
    const { http, signal } = await startFixture();
    const url = await serve((request, response) => {
      const headers = { 'content-range': 'bytes 0-1/2', 'content-length': 2 };
      if (request.url === '/206') response.writeHead(206, headers).end('[]');
      else response.writeHead(200, { 'x-truncated': 'false', warning: '110 - "response is stale"' }).end('[]');
    });
    expect((await http.download({ url: `${url}/206`, signal })).bytes).toBe(2);
    expect((await http.download({ url, signal })).bytes).toBe(2);
  });
});

describe('an answer with an error', () => {
  const BODY = `<html><style>p { color: red }</style><body>Too\u0007 bad:\n "quota" of token=abcdef123456 used</body></html>`;

  it.each([400, 401, 403, 404, 418, 429, 500, 501, 503])(
    '%i shows what it says, in one line without secrets',
    async (status) => {
      const { http, signal } = await startFixture();
      const url = await serve((_, response) => response.writeHead(status, { 'content-type': 'text/html' }).end(BODY));
      for (const asked of [http.get(url, { signal }), http.download({ url, signal })]) {
        const { message } = await failureOf(asked);
        expect(message).toContain('Too bad: quota of token=*** used');
      }
    },
  );

  it('is clipped, and does not wait for a body that never ends', async () => {
    const { http, signal } = await startFixture();
    const url = await serve((_, response) => {
      response.writeHead(404).write('long '.repeat(20_000));
    });
    const error = await failureOf(http.get(url, { signal }));
    expect(error.code).toBe('E_SOURCE_NOT_FOUND');
    expect(error.message.length).toBeLessThan(600);
  });
});
