import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as oxigraph from 'oxigraph';
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

  it('continues after a short page, and asks once without paging', async () => {
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

  it('keeps the pages of an interrupted attempt, and requests only the rest', async () => {
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

  it('retries after a broken connection and after a transient error', async () => {
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

  it('reports the error of the service for an invalid query', async () => {
    const server = await start();
    const error = await errorOf(fetch(server, { query: 'SELECT ?a WHERE { ?a nope:nope ?b }' }));
    expect(error).toMatchObject({ code: 'E_SPARQL_REFUSED', kind: 'config' });
    expect(error.message).toMatch(/nope|prefix/i);
  });

  it.each([
    [{ 'x-sql-state': 'S1TAT', 'x-sql-message': 'Returning incomplete results, query interrupted' }, {}, 'S1TAT'],
    [{ 'x-sparql-maxrows': '12' }, { page_size: 0 }, 'X-SPARQL-MaxRows'],
    [{ 'x-sparql-maxrows': '12' }, { query: `${QUERY} LIMIT 100` }, 'X-SPARQL-MaxRows'],
  ])('refuses an answer that says that it is not whole: %j', async (headers, args, word) => {
    const server = await start();
    const body = answerOf(12);
    server.faults.push({ kind: 'answer', status: 200, headers, body });
    const error = await errorOf(fetch(server, args));
    expect(error).toMatchObject({ code: 'E_SOURCE_INCOMPLETE', kind: 'source' });
    expect(error.message).toContain(word);
  });

  it('refuses a deep page that is empty because of a limit of the service, and 206', async () => {
    const server = await start();
    const empty = { kind: 'answer', status: 200, headers: { 'x-sql-state': 'S1TAT' }, body: answerOf(0) } as const;
    server.faults.push(...answered(2), empty);
    expect(await errorOf(fetch(server))).toMatchObject({ code: 'E_SOURCE_INCOMPLETE' });
    server.faults.push({ ...empty, status: 206, headers: {} });
    expect(await errorOf(fetch(server))).toMatchObject({ code: 'E_SOURCE_INCOMPLETE', details: { status: 206 } });
  });

  it('accepts a row limit that was not reached, or that the query set itself', async () => {
    const server = await start();
    const limited = { kind: 'answer', status: 200, headers: { 'x-sparql-maxrows': '13' }, body: answerOf(12) } as const;
    server.faults.push(limited);
    expect(await rowsOf(await fetch(server, { page_size: 0 }))).toHaveLength(12);
    server.faults.push({ ...limited, headers: { 'x-sparql-maxrows': '12' } });
    expect(await rowsOf(await fetch(server, { query: `${QUERY} LIMIT 12` }))).toHaveLength(12);
  });

  it('warns of a number of rows that looks like a limit', async () => {
    const server = await start();
    const context = fetchContext();
    server.faults.push({ kind: 'answer', status: 200, headers: {}, body: answerOf(1000) });
    await fetch(server, { page_size: 0 }, context);
    expect(context.warnings.map(({ code }) => code)).toEqual(['W_SPARQL_ROWS']);
  });

  it.each([
    [
      500,
      'Virtuoso 22023 Error SR353: Sorted TOP clause specifies more then 10000 rows to sort.\nOnly 10000 are allowed.',
      'Split the query',
    ],
    [500, 'Virtuoso 37000 Error SP030: SPARQL compiler, line 1: syntax error', 'Correct the query'],
    [500, 'org.openrdf.query.MalformedQueryException: Encountered "x"', 'Correct the query'],
    [500, 'Virtuoso 42000 Error The estimated execution time 5000 (sec) exceeds the limit of 400 (sec).', 'Narrow it'],
    [400, '', 'does not say why'],
  ])('gives up at once on a query that can never succeed: %i %s', async (status, body, advice) => {
    const server = await start();
    server.faults.push({ kind: 'answer', status, headers: {}, body });
    const error = await errorOf(fetch(server));
    expect(error).toMatchObject({ code: 'E_SPARQL_REFUSED', kind: 'config' });
    expect(error.message).toContain(advice);
    expect(error.message).toContain(body.slice(0, 20));
    expect(server.requests).toHaveLength(1);
  });

  it('retries a service that fails for another reason, and says which', async () => {
    const server = await start();
    const fault = {
      kind: 'answer',
      status: 500,
      headers: {},
      body: 'Virtuoso S1T00 Error SR171: Transaction timed out',
    } as const;
    server.faults.push(fault, fault);
    const error = await errorOf(fetch(server));
    expect(error).toMatchObject({ code: 'E_SOURCE_UNAVAILABLE', kind: 'unavailable' });
    expect(error.message).toContain('SR171');
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

function answerOf(rows: number): string {
  const bindings = Array.from({ length: rows }, (_, i) => ({ org: { type: 'uri', value: `http://x/${String(i)}` } }));
  return JSON.stringify({ head: { vars: ['org'] }, results: { bindings } });
}

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

  it.each([
    '{"head":{"vars":["a"]},"results":{"bindings":[{}\njava.util.concurrent.TimeoutException\n\tat x.y(z.java:1)',
    '{"head":{"vars":["a"]},"results":{"bindings":[]}}\ncom.bigdata.rdf.QueryTimeoutException: Query deadline is expired.',
    '{"head":{"vars":["a"]},"results":{"bindings":[]},"partial":true}',
    '{"head":{"vars":["a"]},"results":{"bindings":[],"truncated":true}}',
    '{"head":{"vars":["a"]},"results":{"bindings":[]},"meta":{"has_more":true}}',
  ])('is refused where it says that it is not whole: %s', async (text) => {
    const error = await errorOf(read(text));
    expect(error.code).toBe('E_SOURCE_INCOMPLETE');
    expect(error.message).toMatch(/Timeout|partial|truncated|has_more/);
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
    ['SELECT ?a { ?a ?p ?b } LIMIT 3', 3],
    ['SELECT ?a { ?a ?p ?b } offset 1 limit 20', 20],
    ['SELECT ?a { ?a ?p ?b } VALUES ?a { 1 }', undefined],
    ['SELECT ?a { ?a ?p ?b } OFFSET 3', undefined],
  ])('of %s are not made', (query, limit) => {
    expect(readSparqlForm(query)).toEqual({ isSelect: true, ...(limit === undefined ? {} : { limit }) });
  });

  const ORDERED: readonly (readonly [string, string])[] = [
    ['SELECT ?id ?name { ?id ?p ?name } ORDER BY ?name', '?id'],
    ['SELECT DISTINCT ?größe $x { ?größe ?p $x } ORDER BY DESC(?x)', '?größe'],
    ['SELECT ?größe ?数 ?𝒳 { ?größe ?数 ?𝒳 }', 'ORDER BY ?größe ?数 ?𝒳'],
    ['SELECT ?gr\\u00f6\\u00dfe { ?a ?b ?gr\\u00f6\\u00dfe } ORDER BY ?a', '?gr\\u00f6\\u00dfe'],
    ['SELECT * { ?s ?p ?o . { SELECT ?s { ?s ?x ?y } ORDER BY ?y } } ORDER BY lang(?s) asc ( ?o )', '?s ?p ?x ?y'],
    ['SELECT ?a (COUNT(?b) AS ?n) { ?a ?p ?b } GROUP BY ?a HAVING (?n > 1) ORDER BY DESC(?n) # by ?a', '?a'],
    ['SELECT (EXISTS { ?a ?b ?c } AS ?e) ?a WHERE { ?a ?p ?q } ORDER BY ?e', '?a'],
    ['PREFIX ö: <http://x/> SELECT ?a { ?a ö:LIMIT ?b } ORDER BY ?b', '?a'],
  ];
  it.each(ORDERED)('of %s have a total order', (query, order) => {
    expect(paged(query)).toBe(`${query}\n${order}\nLIMIT 5 OFFSET 10`);
  });

  it('with these orders are valid SPARQL', () => {
    const store = new oxigraph.Store();
    // Oxigraph knows neither escapes nor characters beyond the basic plane in names, which SPARQL 1.1 allows.
    const known = ORDERED.filter(([query]) => !/𝒳|\\u/.test(query));
    expect(known).toHaveLength(ORDERED.length - 2);
    for (const [query] of known) expect(() => store.query(paged(query) ?? '')).not.toThrow();
  });

  it('of the shipped job keep its own order first', () => {
    const path = join(findPackageRoot(), 'config/jobs/edmo-affiliations.json');
    const { readers } = JSON.parse(readFileSync(path, 'utf8')) as { readers: { args: { query: string } }[] };
    expect(paged(readers[0]?.args.query ?? '')).toMatch(/ORDER BY \?org\n\?name [? \w]*\nLIMIT 5 OFFSET 10$/);
  });
});
