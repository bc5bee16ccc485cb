import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sparql } from '../../readers/sparql.ts';
import { readSparqlForm } from '../../src/formats/sparql/paging.ts';
import type { FetchedFile, SourceVersion } from '../../src/component/reader.ts';
import { createBundles } from '../../src/bundle/create-bundles.ts';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { edmoOrganisations, toEdmoTurtle } from '../support/edmo-data.ts';
import { bytesResource, errorOf, outline, readRecords } from '../support/read-resource.ts';
import { sharedData } from '../support/shared-data.ts';
import { readerContext } from '../support/source-reader-context.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startSparqlServer, type SparqlServer, type SparqlServerOptions } from '../support/sparql-server.ts';

const QUERY = 'SELECT ?org ?name WHERE { ?org <http://www.w3.org/ns/org#name> ?name }';
const DATA = toEdmoTurtle(edmoOrganisations(25));

async function start(options: SparqlServerOptions = {}): Promise<SparqlServer> {
  const server = await startSparqlServer(DATA, options);
  onTestFinished(() => server.close());
  return server;
}

type Context = ReturnType<typeof readerContext>;

function fetchContext(): Context {
  const context = readerContext();
  return { ...context, services: { ...context.services, bundles: createBundles(tempDir()) } };
}

const parse = (server: SparqlServer, args: object = {}) =>
  sparql.args.parse({ origin: server.url, query: QUERY, page_size: 10, ...args });

async function locate(server: SparqlServer, context: Context, args: object = {}): Promise<SourceVersion> {
  const located = await sparql.locate(parse(server, args), context);
  if ('nothingNew' in located) throw new Error('expected a version');
  return located;
}

async function fetch(server: SparqlServer, args: object = {}, context = fetchContext()): Promise<FetchedFile> {
  const version = await locate(server, context, args);
  const [file] = await sparql.fetch(version, parse(server, args), context);
  if (file === undefined) throw new Error('nothing was fetched');
  return file;
}

async function rowsOf(file: FetchedFile): Promise<unknown[]> {
  const resource = fileResource(file);
  return outline(await readRecords(sparql, resource, { origin: 'http://unused.example/', query: QUERY }));
}

describe('sparql', () => {
  it('gives each row as SPARQL writes it, page by page, in one order', async () => {
    const server = await start();
    const rows = await rowsOf(await fetch(server, { client_params: { user_agent: 'test/1' } }));
    expect(rows).toHaveLength(25);
    expect(rows[0]).toEqual({
      org: { type: 'uri', value: 'https://edmo.seadatanet.org/report/1' },
      name: { type: 'literal', value: 'Institute of Marine Research 1' },
    });
    expect(server.requests.map(({ query }) => query.split('\n').slice(1).join(' '))).toEqual([
      'ORDER BY ?org ?name LIMIT 10 OFFSET 0',
      'ORDER BY ?org ?name LIMIT 10 OFFSET 10',
      'ORDER BY ?org ?name LIMIT 10 OFFSET 20',
      'ORDER BY ?org ?name LIMIT 10 OFFSET 25',
    ]);
    expect(new Set(server.requests.map(({ userAgent }) => userAgent))).toEqual(new Set(['test/1']));
  });

  it('has the same digest for the same rows, however they were paged, and another one for others', async () => {
    const server = await start();
    const first = await fetch(server);
    expect((await fetch(server, { page_size: 7 })).digest).toBe(first.digest);
    server.load(toEdmoTurtle(edmoOrganisations(24)));
    expect((await fetch(server)).digest).not.toBe(first.digest);
  });

  it('goes on where a service cuts its answers, and asks once without pages', async () => {
    expect(await rowsOf(await fetch(await start({ mostRows: 4 })))).toHaveLength(25);
    const server = await start();
    expect(await rowsOf(await fetch(server, { page_size: 0 }))).toHaveLength(25);
    expect(await rowsOf(await fetch(server, { query: `${QUERY} LIMIT 3` }))).toHaveLength(3);
    expect(server.requests.map(({ query }) => query)).toEqual([QUERY, `${QUERY} LIMIT 3`]);
  });

  it('refuses a service that does not page', async () => {
    const server = await start({ ignoresOffset: true });
    expect(await errorOf(fetch(server))).toMatchObject({ code: 'E_SPARQL_RESULTS', details: { offset: 10 } });
  });

  it('sends a long query by POST, and each one where it is told to', async () => {
    const server = await start();
    const long = `${QUERY} # ${'x'.repeat(2500)}`;
    expect(await rowsOf(await fetch(server, { query: long }))).toHaveLength(25);
    await fetch(server, { method: 'post', page_size: 0 });
    expect(new Set(server.requests.map(({ method }) => method))).toEqual(new Set(['POST']));
  });

  it('keeps the pages of an attempt that broke off, and asks for the rest alone', async () => {
    const server = await start();
    const context = fetchContext();
    const version = await locate(server, context);
    server.faults.push(...answered(2), { kind: 'status', status: 429, retryAfter: 7 });
    const error = await errorOf(sparql.fetch(version, parse(server), context));
    expect(error).toMatchObject({ code: 'E_SOURCE_RATE_LIMITED', retryAfter: 7000 });
    server.requests.length = 0;
    const [file] = await sparql.fetch(version, parse(server), context);
    expect(server.requests[0]?.query).toContain('OFFSET 20');
    expect(await rowsOf(file as FetchedFile)).toHaveLength(25);
    server.requests.length = 0;
    expect(await sparql.fetch(version, parse(server), context)).toEqual([file]);
    expect(server.requests).toEqual([]);
  });

  it('asks again after a connection that was cut, and after a passing error', async () => {
    const server = await start();
    server.faults.push({ kind: 'cut', afterBytes: 50 }, ...answered(1), { kind: 'status', status: 503 });
    expect(await rowsOf(await fetch(server))).toHaveLength(25);
  });

  it.each([
    [{ kind: 'html' }, 'E_SPARQL_RESULTS', 'an HTML page'],
    [{ kind: 'truncated' }, 'E_SPARQL_RESULTS', 'truncated'],
    [{ kind: 'status', status: 404 }, 'E_SOURCE_NOT_FOUND', '404'],
  ] as const)('refuses an answer that is none: %j', async (fault, code, words) => {
    const server = await start();
    server.faults.push(fault);
    const error = await errorOf(fetch(server));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('hands on what the service says of a wrong query', async () => {
    const server = await start();
    const error = await errorOf(fetch(server, { query: 'SELECT ?a WHERE { ?a nope:nope ?b }' }));
    expect(error).toMatchObject({ code: 'E_SPARQL_REFUSED', kind: 'config' });
    expect(error.message).toMatch(/nope|prefix/i);
  });

  it('has limits for a page and for the pages', async () => {
    const server = await start();
    expect((await errorOf(fetch(server, { max_page_bytes: 300 }))).code).toBe('E_SOURCE_TOO_LARGE');
    expect((await errorOf(fetch(server, { max_pages: 2 }))).code).toBe('E_SOURCE_TOO_LARGE');
  });

  it('asks only SELECT', () => {
    const args = { origin: 'http://example.org/sparql', query: 'DELETE WHERE { ?a ?b ?c }' };
    expect(sparql.args.safeParse(args).error?.issues).toMatchObject([{ path: ['query'] }]);
  });
});

/** Requests before the fault. */
function answered(count: number) {
  return Array.from({ length: count }, () => ({ kind: 'cut' as const, afterBytes: 1_000_000 }));
}

describe('a saved answer', () => {
  const args = { origin: 'http://unused.example/', query: QUERY };
  const read = (text: string) => readRecords(sparql, bytesResource(text, [10], 'results.json'), args);

  it('is read in place of the service', async () => {
    const row = { org: { type: 'uri', value: 'https://edmo.seadatanet.org/report/1' } };
    const items = await read(JSON.stringify({ head: { vars: ['org'] }, results: { bindings: [row, 7, row] } }));
    expect(outline(items)).toEqual([row, '1:E_RECORD_TYPE', row]);
  });

  it.each([
    '',
    '[]',
    '{"head": {}}',
    '{"head":{"vars":["a"]},"results":{"bindings":[{}',
    '<?xml version="1.0"?><sparql/>',
  ])('is refused where it is none: %j', async (text) => {
    const error = await errorOf(read(text));
    expect(error.code).toBe('E_SPARQL_RESULTS');
    expect(error.message).toContain('results.json');
  });

  const SAVED = sharedData('edmo', 'edmo_sparql_results.json');
  it.skipIf(SAVED === undefined)('may be that of all of EDMO', async () => {
    expect(await read(readFileSync(SAVED ?? '', 'utf8'))).toHaveLength(5108);
  });
});

describe('the pages of a query', () => {
  const paged = (query: string) => readSparqlForm(query).page?.(5, 10);

  it.each([
    ['SELECT ?a ?b { ?a ?p ?b }', 'ORDER BY ?a ?b\nLIMIT 5 OFFSET 10'],
    ['select distinct $a (count(?x) AS ?n) where { ?a ?p ?x } group by ?a', 'ORDER BY ?a ?n\nLIMIT 5 OFFSET 10'],
    ['SELECT * WHERE { ?s ?p "?no { } LIMIT" } # LIMIT 3', 'ORDER BY ?s ?p\nLIMIT 5 OFFSET 10'],
    ['SELECT ?a { ?a ?p <http://x/#LIMIT> { SELECT ?a { ?a ?b ?c } LIMIT 4 } } ORDER BY DESC(?a)', 'LIMIT 5 OFFSET 10'],
    ['PREFIX select: <http://x/> SELECT ?a { ?a select:b ?c }', 'ORDER BY ?a\nLIMIT 5 OFFSET 10'],
  ])('of %s are made behind it', (query, ending) => {
    expect(paged(query)).toBe(`${query}\n${ending}`);
  });

  it.each([
    'SELECT ?a { ?a ?p ?b } LIMIT 3',
    'SELECT ?a { ?a ?p ?b } VALUES ?a { 1 }',
    'SELECT ?a { ?a ?p ?b } OFFSET 3',
  ])('of %s are not made', (query) => {
    expect(readSparqlForm(query)).toEqual({ isSelect: true });
  });

  it('of the shipped job keep its own order', () => {
    const path = join(findPackageRoot(), 'config/jobs/edmo-affiliations.json');
    const { readers } = JSON.parse(readFileSync(path, 'utf8')) as { readers: { args: { query: string } }[] };
    expect(paged(readers[0]?.args.query ?? '')).toMatch(/ORDER BY \?org\nLIMIT 5 OFFSET 10$/);
  });
});
