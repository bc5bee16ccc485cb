import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rorHttp } from '../../readers/ror-http.ts';
import type { FetchedFile, NothingNew, SourceVersion } from '../../src/component/reader.ts';
import { failureOf, zipLike } from '../http/http-fixture.ts';
import type { SourceDump, SourceServer } from '../support/source-server.ts';
import { readerContext, startSource, type TestContext } from '../support/source-reader-context.ts';

const DUMP: SourceDump = {
  name: 'v2.9-2026-06-23-ror-data.zip',
  bytes: zipLike(50_000),
  date: '2026-06-23T14:00:00.123456+00:00',
};

function argsFor(source: SourceServer, args: Record<string, unknown> = {}): Parameters<typeof rorHttp.locate>[0] {
  return rorHttp.args.parse({ base_url: source.url, ...args });
}

async function locate(source: SourceServer, context = readerContext(), args = {}): Promise<SourceVersion> {
  const located = await rorHttp.locate(argsFor(source, args), context);
  if ('nothingNew' in located) throw new Error(`expected a version: ${located.nothingNew}`);
  return located;
}

async function nothingNew(source: SourceServer, context: TestContext, args = {}): Promise<string> {
  const located: SourceVersion | NothingNew = await rorHttp.locate(argsFor(source, args), context);
  return 'nothingNew' in located ? located.nothingNew : `found ${located.name}`;
}

async function fetch(source: SourceServer, context = readerContext()): Promise<FetchedFile | undefined> {
  const [file] = await rorHttp.fetch(await locate(source, context), argsFor(source), context);
  return file;
}

describe('the newest dump', () => {
  it('is found by the concept DOI and fetched with the checksum that was announced', async () => {
    const source = await startSource(DUMP);
    const context = readerContext();
    const version = await locate(source, context);
    expect(version).toMatchObject({ name: DUMP.name, version: 'v2.9', bytes: 50_000, published: DUMP.date });
    expect(version.identity).toMatch(/^https:\/\/doi\.org\/10\.5281\/zenodo\.20000001 v2\.9-.*zip "md5:[0-9a-f]{32}"$/);
    const [file] = await rorHttp.fetch(version, argsFor(source), context);
    expect(file).toMatchObject({ name: DUMP.name, bytes: 50_000 });
    expect(readFileSync(file?.path ?? '').equals(DUMP.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(context.progress.at(-1)).toEqual({ bytes: 50_000, total: 50_000 });
    expect(source.requests.every(({ headers }) => headers['user-agent'] === 'vocab-sync/0.0.0')).toBe(true);
  });

  it('is another one as soon as another record is published, whatever its date', async () => {
    const source = await startSource(DUMP);
    const before = await locate(source);
    expect(await locate(source)).toEqual(before);
    source.publish({ ...DUMP, name: 'v2.10-2026-05-01-ror-data.zip', bytes: zipLike(1_000), date: '2026-05-01' });
    const after = await locate(source);
    expect(after).toMatchObject({ version: 'v2.10' });
    expect(after.identity).not.toBe(before.identity);
  });

  it('is another one when the file of the record was replaced', async () => {
    const source = await startSource(DUMP);
    const before = await locate(source);
    source.replace({ ...DUMP, bytes: zipLike(50_000) });
    expect((await locate(source)).identity).not.toBe(before.identity);
  });

  it('is known by record and name where HEAD is refused', async () => {
    const source = await startSource(DUMP);
    source.addFault({ at: 'file', method: 'HEAD', kind: 'status', status: 405 });
    const version = await locate(source);
    expect(version.identity).toBe(`https://doi.org/10.5281/zenodo.20000001 ${DUMP.name}`);
    expect((await fetch(source))?.bytes).toBe(50_000);
  });

  it('is fetched once: the spool answers the second run', async () => {
    const source = await startSource(DUMP);
    const context = readerContext();
    const first = await fetch(source, context);
    const second = await fetch(source, context);
    expect(second).toEqual(first);
    expect(source.requests.filter(({ place, method }) => place === 'file' && method === 'GET')).toHaveLength(1);
  });

  it('is not taken with other bytes than announced', async () => {
    const source = await startSource(DUMP);
    source.addFault({ at: 'file', method: 'GET', kind: 'corrupt' });
    const md5 = createHash('md5')
      .update(DUMP.bytes ?? '')
      .digest('hex');
    const error = await failureOf(fetch(source));
    expect(error.code).toBe('E_SOURCE_DIGEST');
    expect(error.message).toContain(md5);
  });
});

describe('since', () => {
  const at = (day: string, origin: 'manual' | 'config' | 'watermark'): TestContext =>
    readerContext({ since: { time: new Date(day), origin } });

  it('of the last run never leaves out a dump: it may have been published after that run under an earlier date', async () => {
    const source = await startSource(DUMP);
    expect(await nothingNew(source, at('2026-09-01', 'watermark'))).toBe(`found ${DUMP.name}`);
  });

  it('by hand or in the config leaves out an older dump and says so', async () => {
    const source = await startSource(DUMP);
    const sentence = `The newest dump, ${DUMP.name} of 2026-06-23T14:00:00.123456+00:00, is older than since 2026-06-24T00:00:00.000Z.`;
    expect(await nothingNew(source, at('2026-06-24', 'manual'))).toBe(sentence);
    expect(await nothingNew(source, readerContext(), { since: '2026-06-24' })).toBe(sentence);
    expect(await nothingNew(source, at('2026-06-23T14:00:00Z', 'manual'))).toBe(`found ${DUMP.name}`);
    expect(source.requests.some(({ method, place }) => place === 'file' && method === 'GET')).toBe(false);
  });

  it('in the config wins, and `none` or a span mean what they say', async () => {
    const source = await startSource(DUMP);
    const strict = at('2026-09-01', 'manual');
    for (const since of ['None', 'none', null, '2020-01-01 08:30', '2026-06-23T16:00:00+02:00']) {
      expect(await nothingNew(source, strict, { since })).toBe(`found ${DUMP.name}`);
    }
    source.publish({ ...DUMP, date: '2001-01-01' });
    expect(await nothingNew(source, readerContext(), { since: { days: 10 } })).toContain('of 2001-01-01, is older');
    expect(rorHttp.args.safeParse({ since: 'yesterday-ish' }).error?.issues[0]?.message).toContain(
      '"since" cannot be used',
    );
  });

  it('within the day of a dump that only has a date does not leave it out', async () => {
    const source = await startSource({ ...DUMP, date: '2026-06-23', dateIsPublished: true });
    expect(await nothingNew(source, at('2026-06-23T23:59:00Z', 'manual'))).toBe(`found ${DUMP.name}`);
    expect(await nothingNew(source, at('2026-06-24T00:00:00Z', 'manual'))).toContain('of 2026-06-23, is older');
  });

  it('leaves nothing out when the record says no date, and warns', async () => {
    const source = await startSource({ ...DUMP, date: null });
    const context = at('2026-09-01', 'manual');
    expect(await nothingNew(source, context)).toBe(`found ${DUMP.name}`);
    expect(context.warnings).toMatchObject([{ code: 'W_SOURCE_NO_DATE' }]);
  });
});

describe('a record that is not what it should be', () => {
  it('with two zips or none is ambiguous, and the files are listed', async () => {
    const two = await startSource({
      ...DUMP,
      others: [
        { name: 'v2.9-small.zip', bytes: zipLike(10) },
        { name: 'v2.9.csv', bytes: Buffer.from('x') },
      ],
    });
    const error = await failureOf(locate(two));
    expect(error.code).toBe('E_SOURCE_AMBIGUOUS');
    expect(error.message).toMatch(
      /found 2\. It offers: v2\.9-2026-06-23-ror-data\.zip \(application\/zip\), v2\.9-small\.zip/,
    );
    const none = await startSource({ name: 'v2.9.csv', bytes: Buffer.from('id'), date: null });
    expect((await failureOf(locate(none))).message).toContain('found 0. It offers: v2.9.csv (text/csv).');
  });

  it('without a linkset, or with something else in its place, is unexpected', async () => {
    const source = await startSource(DUMP);
    source.addFault({ at: 'landing', kind: 'status', status: 200, html: true });
    expect(await failureOf(locate(source))).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
    source.clearFaults();
    source.addFault({ at: 'linkset', kind: 'status', status: 200, html: true });
    const error = await failureOf(locate(source));
    expect(error.code).toBe('E_SOURCE_UNEXPECTED');
    expect(error.message).toContain('was asked for a linkset (RFC 9264) and answered with text/html');
  });

  it('is reported as away or limited at each of its places', async () => {
    const source = await startSource(DUMP);
    for (const at of ['doi', 'landing', 'linkset', 'json-ld', 'file'] as const) {
      source.clearFaults();
      source.addFault({ at, kind: 'status', status: 429, headers: { 'retry-after': '7' } });
      expect(await failureOf(locate(source))).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', retryAfter: 7_000 });
    }
    source.clearFaults();
    source.addFault({ at: 'doi', kind: 'status', status: 404 });
    expect(await failureOf(locate(source))).toMatchObject({ code: 'E_SOURCE_NOT_FOUND' });
  });

  it('an error page in place of the dump is not fetched as one', async () => {
    const source = await startSource(DUMP);
    source.addFault({ at: 'file', method: 'GET', kind: 'status', status: 200, html: true });
    expect(await failureOf(fetch(source))).toMatchObject({ code: 'E_SOURCE_UNEXPECTED' });
  });

  it('is synced without its date when only its description is broken, unless since needs the date', async () => {
    const source = await startSource(DUMP);
    source.addFault({ at: 'json-ld', kind: 'status', status: 500 });
    expect(await locate(source)).not.toHaveProperty('published');
    expect(await failureOf(locate(source, readerContext(), { since: '2026-01-01' }))).toMatchObject({
      code: 'E_SOURCE_UNAVAILABLE',
    });
  });

  it('may not lead to another protocol or a host that is not allowed', async () => {
    const source = await startSource(DUMP);
    const host = new URL(source.url).host;
    source.addFault({ at: 'landing', kind: 'redirect', location: 'ftp://example.org/dump' });
    expect(await failureOf(locate(source))).toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
    source.clearFaults();
    source.addFault({ at: 'doi', kind: 'redirect', location: 'https://elsewhere.example/records/1' });
    const error = await failureOf(locate(source, readerContext({ allowedHosts: [host] })));
    expect(error.code).toBe('E_HOST_NOT_ALLOWED');
    expect(error.message).toContain('elsewhere.example');
  });
});

it('refuses a base_url with credentials and takes what existing configs hold', () => {
  expect(rorHttp.args.safeParse({ base_url: 'https://me:secret@example.org' }).success).toBe(false);
  expect(rorHttp.args.safeParse({ origin: null }).success).toBe(false);
  expect(rorHttp.args.parse({ origin: 'x', mode: 'r', since: 'None' })).toMatchObject({
    doi: '10.5281/zenodo.6347574',
  });
});
