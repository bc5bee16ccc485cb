import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { http } from '../../readers/http.ts';
import type { SourceVersion } from '../../src/component/reader.ts';
import { VocabSyncError } from '../../src/errors.ts';
import { failureOf, serve } from '../http/http-fixture.ts';
import { readerContext, startSource, type TestContext } from '../support/source-reader-context.ts';

const FILE = { name: 'gemet.rdf.gz', bytes: Buffer.from('\x1f\x8b and so on', 'latin1'), date: null };

async function locate(args: Record<string, unknown>, context: TestContext): Promise<SourceVersion> {
  const located = await http.locate(http.args.parse(args), context);
  if ('nothingNew' in located) throw new Error('expected a version');
  return located;
}

describe('the http reader', () => {
  it('fetches one file and knows it again by its ETag', async () => {
    const source = await startSource(FILE);
    const context = readerContext();
    const args = { origin: source.fileUrl(), content_type: 'application/gzip' };
    const version = await locate(args, context);
    expect(version).toMatchObject({
      name: 'gemet.rdf.gz',
      version: '2026-01-02T03:04:05.000Z',
      bytes: FILE.bytes.length,
    });
    expect(version.identity).toMatch(/^validators:[0-9a-f]{64}$/);
    expect(await locate(args, context)).toEqual(version);
    const [file] = await http.fetch(version, http.args.parse(args), context);
    expect(file?.name).toBe('gemet.rdf.gz');
    expect(readFileSync(file?.path ?? '').equals(FILE.bytes)).toBe(true);
    expect(source.requests.at(-1)?.headers.accept).toBe('application/gzip');
    source.replace({ ...FILE, bytes: Buffer.from('other') });
    expect((await locate(args, context)).identity).not.toBe(version.identity);
  });

  it('has no identity where the server gives no strong validator or refuses HEAD', async () => {
    const source = await startSource(FILE);
    source.addFault({ at: 'file', kind: 'no-validator' });
    expect(await locate({ origin: source.fileUrl() }, readerContext())).not.toHaveProperty('identity');
    source.clearFaults();
    source.addFault({ at: 'file', method: 'HEAD', kind: 'status', status: 403 });
    const context = readerContext();
    const version = await locate({ origin: source.fileUrl() }, context);
    expect(version).toEqual({ name: 'gemet.rdf.gz', version: 'gemet.rdf.gz' });
    expect(await http.fetch(version, http.args.parse({ origin: source.fileUrl() }), context)).toHaveLength(1);
  });

  it('sends the headers of the job to the host of the job, and to no other', async () => {
    const elsewhere = await startSource(FILE);
    const source = await startSource(FILE);
    const context = readerContext();
    const headers = { Authorization: 'Bearer hunter2', 'X-Tenant': 'library' };
    const args = http.args.parse({ origin: source.fileUrl(), headers });
    await http.fetch(await locate({ origin: source.fileUrl(), headers }, context), args, context);
    expect(source.requests.length).toBeGreaterThan(1);
    for (const request of source.requests) {
      expect(request.headers).toMatchObject({ authorization: 'Bearer hunter2', 'x-tenant': 'library' });
    }
    source.addFault({ at: 'file', kind: 'redirect', location: elsewhere.fileUrl() });
    await http.fetch({ name: 'x', version: 'x' }, args, readerContext());
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    for (const request of elsewhere.requests) {
      expect(request.headers).not.toHaveProperty('authorization');
      expect(request.headers).not.toHaveProperty('x-tenant');
    }
  });

  it.each([
    [{ Range: 'bytes=0-1' }, 'expected a header that vocab-sync does not send itself'],
    [{ accept: 'text/csv' }, 'for Accept there is "content_type"'],
    [{ 'X Y': 'z' }, 'expected the name of a header'],
    [{ 'X-Y': 'a\r\nX-Z: b' }, 'expected a text in one line'],
  ])('refuses the headers %j', (headers, message) => {
    const { error } = http.args.safeParse({ origin: 'https://example.org/a.json', headers });
    expect(JSON.stringify(error?.issues)).toContain(JSON.stringify(message).slice(1, -1));
  });

  it('fetches a file for each id, in order', async () => {
    const others = ['a 1', 'b/2'].map((name) => ({ name: `${name}.csv`, bytes: Buffer.from(name) }));
    const source = await startSource({ ...FILE, others });
    const context = readerContext();
    const args = { origin: `${source.fileUrl('{id}').replace('%7Bid%7D', '{id}')}.csv`, ids: ['a 1', 'b/2'] };
    const version = await locate(args, context);
    expect(version).toMatchObject({ bytes: 6 });
    const files = await http.fetch(version, http.args.parse(args), context);
    expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(['a 1', 'b/2']);
    expect(context.progress.at(-1)).toEqual({ bytes: 6, total: 6 });
  });

  it('fails for an answer other than 200, for one id among several too', async () => {
    const source = await startSource(FILE);
    const context = readerContext();
    const missing = { origin: source.fileUrl('gone.csv') };
    expect(
      await failureOf(http.fetch(await locate(missing, context), http.args.parse(missing), context)),
    ).toMatchObject({
      code: 'E_SOURCE_NOT_FOUND',
    });
    const some = http.args.parse({
      origin: source.fileUrl('{id}').replace('%7Bid%7D', '{id}'),
      ids: [FILE.name, 'gone.csv'],
    });
    expect(await failureOf(http.fetch({ name: 'x', version: 'x' }, some, context))).toMatchObject({
      code: 'E_SOURCE_NOT_FOUND',
    });
  });

  it('refuses what it would silently do wrong', () => {
    const refused = (args: Record<string, unknown>): string =>
      http.args.safeParse(args).error?.issues[0]?.message ?? '';
    expect(refused({ origin: 'https://example.org/{id}' })).toContain('{id}');
    expect(refused({ origin: 'https://example.org/x', ids: ['a'] })).toContain('{id}');
    expect(refused({ origin: 'https://example.org/{id}', id: 'a', ids: ['b'] })).toContain('either');
    expect(refused({ origin: 'ftp://example.org/x' })).toContain('http(s)');
    expect(refused({ origin: 'https://me:secret@example.org/x' })).toContain('without user name');
    expect(refused({ origin: 'https://example.org/{id}', ids: [] })).not.toBe('');
  });
});

describe('an answer of the http reader that is one page of several', () => {
  interface Paged {
    readonly args: Record<string, unknown>;
    readonly failures: readonly string[];
    readonly files: number;
  }

  /** Asks as a run does: first what the file is, then for the file. `link` may name `HOST`, the address of the server. */
  async function read(link: string, args: Record<string, unknown> = {}, refusesHead = false): Promise<Paged> {
    const url = await serve((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 1);
      const header = link.replaceAll('HOST', url).replaceAll('NEXT', String(page + 1));
      const isLast = page === 3;
      if (request.method === 'HEAD' && refusesHead) response.writeHead(405).end();
      else
        response.writeHead(200, { etag: `"${String(page)}"`, ...(isLast ? {} : { link: header }) }).end('[{"id":"a"}]');
    });
    const parsed = http.args.parse({ origin: `${url}/list?page=1&size=2`, ...scoped(args, url) });
    const context = readerContext();
    const failures: string[] = [];
    const note = (error: unknown): readonly never[] => {
      failures.push(error instanceof VocabSyncError ? `${error.code} ${error.message}` : String(error));
      return [];
    };
    await Promise.resolve(http.locate(parsed, context)).catch(note);
    const files = await Promise.resolve(http.fetch({ name: 'x', version: 'x' }, parsed, context)).catch(note);
    return { args, failures, files: files.length };
  }

  function scoped(args: Record<string, unknown>, url: string): Record<string, unknown> {
    const { path, ...rest } = args;
    return typeof path === 'string' ? { ...rest, origin: `${url}${path}` } : rest;
  }

  it.each([
    '<HOST/list?page=NEXT&size=2>; rel="next"',
    '</list?page=NEXT>; rel=next',
    '<HOST/>; rel="first", <?page=NEXT>; title="a, b"; rel="last NEXT next"',
  ])('is refused, before the download where HEAD says so: %s', async (link) => {
    const { failures, files } = await read(link);
    expect(files).toBe(0);
    expect(failures).toHaveLength(2);
    for (const failure of failures) {
      expect(failure).toMatch(/^E_SOURCE_INCOMPLETE .*its Link header names a next page.*"next_page": "ignore"/);
    }
    expect((await read(link, {}, true)).failures).toHaveLength(1);
  });

  it('is read with "next_page": "ignore"', async () => {
    expect(await read('</list?page=NEXT>; rel=next', { next_page: 'ignore' })).toMatchObject({
      failures: [],
      files: 1,
    });
  });

  it('is read where the job lists all pages, and refused where one is missing', async () => {
    const link = '<https://behind.example/list?size=2&page=NEXT>; rel="next"';
    const path = '/list?page={id}&size=2';
    expect(await read(link, { path, ids: [1, 2, 3] })).toMatchObject({ failures: [], files: 3 });
    expect((await read(link, { path, ids: [1, 2] })).failures[0]).toContain('E_SOURCE_INCOMPLETE');
  });

  it.each([
    '<HOST/list?page=1&size=2>; rel="next"',
    '<HOST/list>; rel="self", <HOST/other>; rel="prev", <HOST/next>; rel="item"',
    '<HOST/2>; rel="next"; anchor="/elsewhere"',
    'next',
  ])('is everything with %s', async (link) => {
    expect(await read(link)).toMatchObject({ failures: [], files: 1 });
  });

  it('is noticed although the page itself did not change', async () => {
    const more: Record<string, string> = {};
    const url = await serve((request, response) => {
      const headers = { etag: '"1"', ...more };
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304, headers).end();
      else response.writeHead(200, headers).end('[]');
    });
    const args = http.args.parse({ origin: `${url}/list` });
    const context = readerContext();
    const version = { name: 'x', version: 'x' };
    expect(await http.fetch(version, args, context)).toHaveLength(1);
    expect(await http.fetch(version, args, context)).toHaveLength(1);
    more['link'] = '<?page=2>; rel="next"';
    expect(await failureOf(Promise.resolve(http.fetch(version, args, context)))).toMatchObject({
      code: 'E_SOURCE_INCOMPLETE',
    });
    // Files that a record or a linkset names are not pages.
    expect((await context.services.http.download({ url: `${url}/list`, signal: context.signal })).bytes).toBe(2);
    expect((await context.services.http.get(`${url}/list`, { signal: context.signal })).status).toBe(200);
  });
});

it('nothing secret shows: user-info and query values stay out of errors, logs, versions and the spool', async () => {
  const source = await startSource(FILE);
  const secret = 'hunter2-token';
  const context = readerContext();
  const shown: unknown[] = [];
  const origin = `${source.fileUrl()}?access_token=${secret}`;
  const args = http.args.parse({ origin });
  const version = await http.locate(args, context);
  shown.push(version, await http.fetch(version as SourceVersion, args, context));
  for (const kind of [404, 429, 500, 418]) {
    source.clearFaults();
    source.addFault({ at: 'file', kind: 'status', status: kind });
    shown.push(await failureOf(context.services.http.download({ url: origin, signal: context.signal })));
  }
  source.clearFaults();
  source.addFault({ at: 'file', kind: 'redirect', location: `http://me:${secret}@127.0.0.1:1/x` });
  shown.push(await failureOf(context.services.http.download({ url: origin, signal: context.signal })));
  for (const url of [`http://me:${secret}@localhost/x`, `ftp://x/?t=${secret}`, `no address ${secret}`]) {
    shown.push(await failureOf(context.services.http.get(url, { signal: context.signal })));
  }
  await source.close();
  shown.push(await failureOf(context.services.http.get(origin, { signal: context.signal })));
  const everything = inspect([shown, context.lines], { depth: 20, showHidden: true });
  expect(everything).not.toContain(secret);
  expect(everything).toContain('?…');
});
