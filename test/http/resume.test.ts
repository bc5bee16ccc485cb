import { spawn } from 'node:child_process';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, NAME, sha256, spoolFiles, startFixture, zipLike, type HttpFixture } from './http-fixture.ts';

/** A first attempt that breaks off. What follows the last bytes that were taken from the socket is lost, so how many there are varies. */
async function breakOff(fixture: HttpFixture): Promise<{ readonly part: string; readonly bytes: number }> {
  const { source, service, signal } = fixture;
  source.addFault({ at: 'file', kind: 'cut', afterBytes: 100_000 });
  const hasty = service({ timing: { retries: -1, pause: 1, stall: 400, connect: 1_000 } });
  expect(await failureOf(hasty.download({ url: source.fileUrl(), signal }))).toMatchObject({
    code: 'E_SOURCE_UNAVAILABLE',
  });
  source.clearFaults();
  const name = spoolFiles(fixture.spool).find((file) => file.endsWith('.part')) ?? '';
  const part = join(fixture.spool, 'downloads', name);
  const { size } = statSync(part);
  expect(size).toBeGreaterThan(0);
  return { part, bytes: size };
}

/** Where a request asks to begin. */
function startOf({ headers }: { readonly headers: { readonly range?: string | undefined } }): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')?.[1]);
}

function lastStart(fixture: HttpFixture): number {
  return fixture.fileRequests().map(startOf).at(-1) ?? -1;
}

function expectWhole(file: { path: string; digest: string }, bytes: Buffer): void {
  expect(file.digest).toBe(sha256(bytes));
  expect(readFileSync(file.path).equals(bytes)).toBe(true);
}

describe('a broken connection', () => {
  it('is continued in place by Range, more than once', async () => {
    const { http, source, signal, bytes, fileRequests } = await startFixture();
    source.addFault({ at: 'file', kind: 'cut', afterBytes: 100_000, times: 2 });
    expectWhole(await http.download({ url: source.fileUrl(), signal }), bytes);
    const [first, second = 0, third = 0, ...others] = fileRequests().map(startOf);
    expect([first, others]).toEqual([0, []]);
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second);
    expect(fileRequests()[1]?.headers['if-range']).toMatch(/^"md5:/);
  });

  it('is continued by the next attempt, in another process, from what the spool has', async () => {
    const fixture = await startFixture();
    const { bytes } = await breakOff(fixture);
    expectWhole(
      await fixture.service().download({ url: fixture.source.fileUrl(), signal: fixture.signal }),
      fixture.bytes,
    );
    expect(lastStart(fixture)).toBe(bytes);
    expect(spoolFiles(fixture.spool).filter((name) => /part|lock/.test(name))).toEqual([]);
  });

  it('a server that stalls is dropped and asked for the rest; one that drips is borne with', async () => {
    const { http, source, signal, bytes, fileRequests } = await startFixture();
    source.addFault({ at: 'file', kind: 'stall', afterBytes: 50_000, times: 1 });
    expectWhole(await http.download({ url: source.fileUrl(), signal }), bytes);
    expect(fileRequests().map(startOf).at(-1)).toBeGreaterThan(0);
    source.addFault({ at: 'file', kind: 'drip', bytes: 2_000, everyMs: 100 });
    const slow = zipLike(12_000);
    source.replace({ name: NAME, bytes: slow, date: null });
    expectWhole(await http.download({ url: source.fileUrl(), signal }), slow);
  });

  it('a file that never has its declared length fails and is not kept as whole', async () => {
    const { http, source, signal, spool } = await startFixture();
    source.addFault({ at: 'file', kind: 'declare-more', bytes: 10 });
    const error = await failureOf(http.download({ url: source.fileUrl(), signal }));
    expect(['E_SOURCE_UNAVAILABLE', 'E_SOURCE_CHANGED']).toContain(error.code);
    expect(spoolFiles(spool).some((name) => /^[0-9a-f]{64}$/.test(name))).toBe(false);
  });

  it('a server that is away is tried a few times, then reported with its name', async () => {
    const { http, source, signal } = await startFixture();
    const url = source.fileUrl();
    await source.close();
    const error = await failureOf(http.download({ url, signal }));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNAVAILABLE' });
    expect(error.message).toMatch(/127\.0\.0\.1:\d+.*refused the connection \(ECONNREFUSED\)/);
  });

  it('a passing 500 in the middle does not end the download', async () => {
    const { http, source, signal, bytes } = await startFixture();
    source.addFault({ at: 'file', kind: 'status', status: 502, times: 2 });
    expectWhole(await http.download({ url: source.fileUrl(), signal }), bytes);
  });
});

describe('a part that does not fit any more', () => {
  it('begins anew when the ETag has changed', async () => {
    const fixture = await startFixture();
    await breakOff(fixture);
    const other = zipLike(200_000);
    fixture.source.replace({ name: NAME, bytes: other, date: null });
    expectWhole(await fixture.http.download({ url: fixture.source.fileUrl(), signal: fixture.signal }), other);
  });

  it('begins anew when the server ignores Range, answers with another range, or has no validator', async () => {
    for (const kind of ['ignore-range', 'wrong-range', 'no-validator'] as const) {
      const fixture = await startFixture();
      if (kind === 'no-validator') fixture.source.addFault({ at: 'file', kind });
      await breakOff(fixture);
      fixture.source.addFault({ at: 'file', kind });
      expectWhole(
        await fixture.http.download({ url: fixture.source.fileUrl(), signal: fixture.signal }),
        fixture.bytes,
      );
    }
  });

  it.each(['encoded-range', 'longer-range'] as const)('begins anew when the rest does not fit: %s', async (kind) => {
    const fixture = await startFixture();
    await breakOff(fixture);
    const { source, signal, bytes, fileRequests } = fixture;
    const before = fileRequests().length;
    source.addFault({ at: 'file', kind });
    expectWhole(await fixture.service().download({ url: source.fileUrl(), signal }), bytes);
    const starts = fileRequests().slice(before).map(startOf);
    expect(starts).toEqual([expect.toSatisfy((start: number) => start > 0), 0]);
  });

  it('begins anew when nothing says what it is a part of', async () => {
    const fixture = await startFixture();
    await breakOff(fixture);
    const about = spoolFiles(fixture.spool).find((name) => name.endsWith('.part.json')) ?? '';
    writeFileSync(join(fixture.spool, 'downloads', about), '{"etag":');
    expectWhole(await fixture.http.download({ url: fixture.source.fileUrl(), signal: fixture.signal }), fixture.bytes);
    expect(fixture.fileRequests().at(-1)?.headers.range).toBeUndefined();
  });

  it('is taken as it is when it was whole already and only its name was missing', async () => {
    const fixture = await startFixture();
    const { part } = await breakOff(fixture);
    writeFileSync(part, fixture.bytes);
    expectWhole(await fixture.http.download({ url: fixture.source.fileUrl(), signal: fixture.signal }), fixture.bytes);
    expect(fixture.fileRequests().at(-1)?.headers.range).toBe('bytes=300000-');
  });

  it('a damaged prefix is found by the digest and removed', async () => {
    const fixture = await startFixture();
    const { part, bytes } = await breakOff(fixture);
    writeFileSync(part, Buffer.alloc(bytes, 7));
    const request = {
      url: fixture.source.fileUrl(),
      signal: fixture.signal,
      expected: { digest: sha256(fixture.bytes) },
    };
    expect(await failureOf(fixture.http.download(request))).toMatchObject({ code: 'E_SOURCE_DIGEST' });
    expectWhole(await fixture.http.download(request), fixture.bytes);
  });
});

describe('several who want the same file', () => {
  it('wait for the one who fetches it', async () => {
    const { http, service, source, signal, bytes, fileRequests } = await startFixture();
    source.addFault({ at: 'file', kind: 'drip', bytes: 100_000, everyMs: 60, times: 1 });
    const url = source.fileUrl();
    const files = await Promise.all([http, service(), service()].map((one) => one.download({ url, signal })));
    for (const file of files) expectWhole(file, bytes);
    const bodies = fileRequests().filter(({ headers }) => headers['if-none-match'] === undefined);
    expect(bodies).toHaveLength(1);
  });

  it('one who waits can be called off', async () => {
    const { http, service, source, signal } = await startFixture();
    source.addFault({ at: 'file', kind: 'drip', bytes: 1_000, everyMs: 20 });
    const first = new AbortController();
    const second = new AbortController();
    const url = source.fileUrl();
    const fetching = failureLike(http.download({ url, signal: first.signal }));
    await vi.waitFor(() => {
      expect(source.requests.length).toBe(1);
    });
    const waiting = failureLike(service().download({ url, signal: second.signal }));
    second.abort(new Error('called off'));
    expect(await waiting).toMatchObject({ message: 'called off' });
    first.abort(new Error('also called off'));
    expect(await fetching).toMatchObject({ message: 'also called off' });
    source.clearFaults();
    expect((await http.download({ url, signal })).bytes).toBe(300_000);
  });

  it('a killed holder is taken over at once, its bytes are used', async () => {
    const fixture = await startFixture();
    const { part, bytes } = await breakOff(fixture);
    const lock = part.replace(/\.part$/, '.lock');
    writeFileSync(lock, JSON.stringify({ token: 'of-a-dead-process', host: hostname(), pid: await deadPid() }));
    expectWhole(await fixture.http.download({ url: fixture.source.fileUrl(), signal: fixture.signal }), fixture.bytes);
    expect(lastStart(fixture)).toBe(bytes);
  });

  it('a holder on another machine is taken over when it has been silent', async () => {
    const fixture = await startFixture();
    const { part, bytes } = await breakOff(fixture);
    const lock = part.replace(/\.part$/, '.lock');
    writeFileSync(lock, JSON.stringify({ token: 'elsewhere', host: 'another-machine', pid: 1 }));
    const url = fixture.source.fileUrl();
    const before = statSync(part).ino;
    const impatient = AbortSignal.timeout(700);
    expect(await failureLike(fixture.http.download({ url, signal: impatient }))).toMatchObject({
      name: 'TimeoutError',
    });
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, longAgo, longAgo);
    const file = await fixture.http.download({ url, signal: fixture.signal });
    expectWhole(file, fixture.bytes);
    expect(lastStart(fixture)).toBe(bytes);
    expect(statSync(file.path).ino).not.toBe(before);
  });
});

it('an abort in the middle is prompt and keeps what was received', async () => {
  const { http, source, signal, bytes, fileRequests } = await startFixture();
  source.addFault({ at: 'file', kind: 'stall', afterBytes: 80_000, times: 1 });
  const stop = new AbortController();
  const url = source.fileUrl();
  const download = failureLike(
    http.download({
      url,
      signal: stop.signal,
      onProgress: () => {
        stop.abort(new Error('stop'));
      },
    }),
  );
  expect(await download).toMatchObject({ message: 'stop' });
  expectWhole(await http.download({ url, signal }), bytes);
  expect(fileRequests().at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
});

function failureLike(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('expected a failure'),
    (error: unknown) => error,
  );
}

/** The number of a process that has ended. */
function deadPid(): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', '']);
    child.once('exit', () => {
      resolve(child.pid ?? 0);
    });
  });
}
