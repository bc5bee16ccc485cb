import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src/errors.ts';
import { failureOf, NAME, sha256, spoolFiles, startFixture, zipLike } from './http-fixture.ts';

describe('a download', () => {
  it('lands in the spool under its digest, with its name, size and sha256', async () => {
    const { http, source, signal, bytes, spool } = await startFixture();
    const seen: number[] = [];
    const file = await http.download({
      url: source.fileUrl(),
      signal,
      onProgress: (progress) => seen.push(progress.bytes),
    });
    expect(file).toEqual({
      path: join(spool, 'downloads', sha256(bytes).slice('sha256:'.length), NAME),
      bytes: bytes.length,
      digest: sha256(bytes),
    });
    expect(readFileSync(file.path).equals(bytes)).toBe(true);
    expect(seen.at(-1)).toBe(bytes.length);
    expect(source.requests[0]?.headers).toMatchObject({
      'user-agent': 'vocab-sync/0.0.0 (+https://example.org)',
      'accept-encoding': 'identity',
    });
  });

  it('is answered from the spool the second time: by digest without a request, by ETag without a body', async () => {
    const { http, source, signal, bytes, fileRequests } = await startFixture();
    const url = source.fileUrl();
    const first = await http.download({ url, signal });
    const md5 = `md5:${createHash('md5').update(bytes).digest('hex')}`;
    expect(await http.download({ url, signal, expected: { digest: md5, bytes: bytes.length } })).toEqual(first);
    expect(await http.download({ url, signal, expected: { digest: sha256(bytes) } })).toEqual(first);
    expect(fileRequests()).toHaveLength(1);
    expect(await http.download({ url, signal })).toEqual(first);
    expect(fileRequests().at(-1)?.headers['if-none-match']).toBe(`"${md5}"`);
  });

  it('fetches anew when the source has another file at the same address', async () => {
    const { http, source, signal } = await startFixture();
    const url = source.fileUrl();
    await http.download({ url, signal });
    const other = zipLike(5_000);
    source.replace({ name: NAME, bytes: other, date: '2026-06-24' });
    expect((await http.download({ url, signal })).digest).toBe(sha256(other));
  });

  it('does not trust a spooled file that was damaged on the disk', async () => {
    const { http, source, signal, bytes } = await startFixture();
    const url = source.fileUrl();
    const { path } = await http.download({ url, signal });
    writeFileSync(path, Buffer.alloc(bytes.length, 1));
    const again = await http.download({ url, signal, expected: { digest: sha256(bytes) } });
    expect(readFileSync(again.path).equals(bytes)).toBe(true);
  });

  it('refuses other bytes than announced and keeps nothing of them', async () => {
    const { http, source, signal, bytes, spool } = await startFixture();
    source.addFault({ at: 'file', kind: 'corrupt' });
    const md5 = `md5:${createHash('md5').update(bytes).digest('hex')}`;
    for (const digest of [md5, sha256(bytes)]) {
      const error = await failureOf(http.download({ url: source.fileUrl(), signal, expected: { digest } }));
      expect(error.code).toBe('E_SOURCE_DIGEST');
      expect(error.message).toContain(digest);
    }
    expect(spoolFiles(spool)).toEqual([]);
  });

  it('refuses another size than announced before it downloads', async () => {
    const { http, source, signal, spool } = await startFixture();
    const error = await failureOf(http.download({ url: source.fileUrl(), signal, expected: { bytes: 12 } }));
    expect(error).toMatchObject({ code: 'E_SOURCE_DIGEST', details: { expected: 12, found: 300_000 } });
    expect(readdirSync(join(spool, 'downloads')).filter((name) => /^[0-9a-f]{64}$/.test(name))).toEqual([]);
  });

  it('refuses a file above max_bytes, whether the size is declared or found out', async () => {
    const { http, source, signal, spool } = await startFixture();
    const request = { url: source.fileUrl(), signal, maxBytes: 100_000 };
    expect(await failureOf(http.download(request))).toMatchObject({ code: 'E_SOURCE_TOO_LARGE', kind: 'limit' });
    expect(spoolFiles(spool)).toEqual([]);
  });

  it('says that the disk is full', async ({ skip }) => {
    if (process.platform !== 'linux') skip('/dev/full is Linux');
    const { http, source, signal, spool } = await startFixture();
    source.addFault({ at: 'file', kind: 'status', status: 404 });
    const url = source.fileUrl();
    await failureOf(http.download({ url, signal }));
    const part = join(spool, 'downloads', spoolFiles(spool).find((name) => name.endsWith('.part')) ?? '');
    rmSync(part);
    symlinkSync('/dev/full', part);
    source.clearFaults();
    expect(await failureOf(http.download({ url, signal }))).toMatchObject({ code: 'E_DISK_FULL', kind: 'unavailable' });
  });

  it('says which directory cannot be written', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    const { service, source, signal, spool } = await startFixture();
    const locked = join(spool, 'locked');
    mkdirSync(locked, { mode: 0o500 });
    const error = await failureOf(service({ spoolDirectory: locked }).download({ url: source.fileUrl(), signal }));
    expect(error.code).toBe('E_SETTINGS_INVALID');
  });
});

describe('what is not a dump', () => {
  it('an HTML page with status 200 is told by its bytes and by its type', async () => {
    const { http, source, signal } = await startFixture();
    source.addFault({ at: 'file', kind: 'status', status: 200, html: true });
    const error = await failureOf(http.download({ url: source.fileUrl(), signal, accept: ['application/zip'] }));
    expect(error.code).toBe('E_SOURCE_UNEXPECTED');
    expect(error.message).toContain('answered 200 with text/html that begins with "Sign in to go on"');
    source.clearFaults();
    const page = Buffer.from(
      '<?xml version="1.0"?>\n<!-- x --><!DOCTYPE html PUBLIC "-//W3C"><html><body>Gone</body></html>',
    );
    source.replace({ name: NAME, bytes: page, date: null });
    expect((await failureOf(http.download({ url: source.fileUrl(), signal }))).message).toContain('"Gone"');
  });

  it('an HTML page is a download like any other where it is asked for', async () => {
    const { http, source, signal } = await startFixture({
      bytes: Buffer.from('<html><body>A thesaurus</body></html>'),
    });
    source.addFault({ at: 'file', kind: 'content-type', type: 'text/html' });
    expect((await http.download({ url: source.fileUrl(), signal, accept: ['text/html'] })).bytes).toBe(37);
  });

  it('a JSON answer is refused where a zip is expected; a zip under a wrong type is taken', async () => {
    const { http, source, signal } = await startFixture();
    source.addFault({ at: 'file', kind: 'content-type', type: 'application/json' });
    const request = { url: source.fileUrl(), signal, accept: ['application/zip'] };
    expect((await http.download(request)).bytes).toBe(300_000);
    source.replace({ name: NAME, bytes: Buffer.from('{"message": "not today"}'), date: null });
    expect(await failureOf(http.download(request))).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
  });

  it('statuses are told apart by what the operator should do', async () => {
    const { http, source, signal } = await startFixture();
    const codeFor = async (status: number, headers = {}): Promise<string> => {
      source.clearFaults();
      source.addFault({ at: 'file', kind: 'status', status, headers });
      return (await failureOf(http.download({ url: source.fileUrl(), signal }))).code;
    };
    for (const status of [401, 403, 404, 410]) expect(await codeFor(status)).toBe('E_SOURCE_NOT_FOUND');
    for (const status of [500, 502, 503, 504]) expect(await codeFor(status)).toBe('E_SOURCE_UNAVAILABLE');
    for (const status of [204, 400, 418]) expect(await codeFor(status)).toBe('E_SOURCE_UNEXPECTED');
    expect(await codeFor(429)).toBe('E_SOURCE_RATE_LIMITED');
    expect(await codeFor(503, { 'retry-after': '60' })).toBe('E_SOURCE_RATE_LIMITED');
  });

  it('a rate limit is passed on at once with the time that was asked for', async () => {
    const { http, source, signal, fileRequests } = await startFixture();
    source.addFault({ at: 'file', kind: 'status', status: 429, headers: { 'retry-after': '120' } });
    const error = await failureOf(http.download({ url: source.fileUrl(), signal }));
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', retryAfter: 120_000 });
    expect(fileRequests()).toHaveLength(1);
  });
});

it('memory stays bounded whatever the size of the file', async () => {
  const size = 128 * 1024 * 1024;
  const { http, source, signal, bytes } = await startFixture({ bytes: Buffer.alloc(size) });
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const file = await http.download({
    url: source.fileUrl(),
    signal,
    onProgress: () => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    },
  });
  expect(statSync(file.path).size).toBe(bytes.length);
  expect(file.digest).toBe(sha256(bytes));
  // The server of the test holds the file and what it has handed to the socket; a client that gathers would add 128 MB to that.
  expect(most).toBeLessThan(size / 2);
});
