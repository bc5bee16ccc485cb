/**
 * An InvenioRDM in memory that answers as version 14.0.5 was seen to answer: odd statuses, tombstones, revisions and rate
 * limit included.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject } from '../../src/records/json-object.ts';
import { listenLocally } from './listen-locally.ts';

type Json = Record<string, unknown>;

interface Stored {
  document: Json | undefined;
  revision: number;
}

/**
 * What a test does to a request: nothing, answer in place of the server, or cut the connection before or after the
 * work.
 */
export type InvenioFault =
  | 'cut-before'
  | 'cut-after'
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

interface InvenioRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

interface CitingRecord {
  readonly title: string;
  readonly cites: Readonly<Record<string, readonly string[]>>;
}

export interface InvenioServer {
  /** Ends in `/api`. */
  readonly url: string;
  readonly token: string;
  readonly requests: InvenioRequest[];
  /** Members that its version does not know. */
  unknownMembers: readonly string[];
  /** Requests that it still takes; undefined: any number. Refilled after `resetSeconds`. */
  budget: { left: number; readonly size: number; readonly resetSeconds: number } | undefined;
  /** Milliseconds until a request is answered. */
  serviceMs: number;
  fault: ((request: InvenioRequest) => InvenioFault | undefined) | undefined;
  /** What a bulk job does: as the real one, store nothing, or stay queued until it is asked for a third time. */
  bulk: 'works' | 'stores-nothing' | 'waits';
  /** The configs of the bulk jobs that were started. */
  readonly loads: readonly Json[];
  /** Records of the repository, by the fields of its index that hold ids. */
  readonly records: CitingRecord[];
  /** Ids that search does not show yet. */
  readonly unindexed: Set<string>;
  /** Ids for which search holds an old entry, too, as after a backup was restored. */
  readonly indexedTwice: Set<string>;
  /** Edits or creates a record, as a person would by hand. */
  edit(vocabulary: string, document: Json): void;
  /** As if it had never been made: without a tombstone, as after the restoration of a backup. */
  remove(vocabulary: string, id: string): void;
  get(vocabulary: string, id: string): { readonly document: Json | undefined; readonly revision: number } | undefined;
  ids(vocabulary: string): string[];
  /** Requests that write, as `POST a`. */
  written(): string[];
  forget(): void;
  close(): Promise<void>;
}

const SPECIAL = new Set(['affiliations', 'funders', 'names', 'awards', 'subjects']);
const KNOWN: Readonly<Record<string, string>> = { names: 'affiliations' };
const firstOf = (name: string): number => ({ names: 3, subjects: 1 })[name] ?? (SPECIAL.has(name) ? 2 : 1);
/** Others answer to a deleted record with 200, or with 500 to a change of it. */
const saysGone = (name: string): boolean => name === 'subjects' || !SPECIAL.has(name);

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export async function startInvenioServer(token = 'token-of-an-admin'): Promise<InvenioServer> {
  const tables = new Map<string, Map<string, Stored>>();
  const tableOf = (name: string): Map<string, Stored> => {
    const table = tables.get(name) ?? new Map<string, Stored>();
    tables.set(name, table);
    return table;
  };
  const requests: InvenioRequest[] = [];
  const jobs = createJobs();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await bodyOf(request);
    const { method = '', url: path = '' } = request;
    const asked: InvenioRequest = { method, path, headers: request.headers, body: parse(text) };
    requests.push(asked);
    const fault = invenio.fault?.(asked);
    if (fault === 'cut-before') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'object') {
      response.writeHead(fault.status, { 'content-type': 'text/html', ...fault.headers }).end(fault.body);
      return;
    }
    if (invenio.serviceMs > 0) await delay(invenio.serviceMs);
    const limit = spend(invenio);
    const reply: Reply =
      limit.left < 0
        ? { status: 429, body: { message: '1000 per 1 minute', status: 429 } }
        : (jobs.answer(asked, invenio, tableOf) ?? route(asked, invenio, tableOf));
    if (fault === 'cut-after') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, {
      'content-type': reply.status === 204 ? 'text/html' : 'application/json',
      'x-ratelimit-limit': String(limit.size),
      'x-ratelimit-remaining': String(Math.max(0, limit.left)),
      'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + limit.resetSeconds),
      'retry-after': String(limit.resetSeconds),
      ...reply.headers,
    });
    response.end(reply.body === undefined ? '' : `${JSON.stringify(reply.body)}\n`);
  };
  const address = await listenLocally(server);
  const invenio: InvenioServer = {
    url: `${address}/api`,
    token,
    requests,
    unknownMembers: ['website', 'domains'],
    budget: undefined,
    serviceMs: 0,
    fault: undefined,
    bulk: 'works',
    loads: jobs.loads,
    unindexed: new Set(),
    indexedTwice: new Set(),
    records: [],
    edit(vocabulary, document) {
      const table = tableOf(vocabulary);
      const revision = (table.get(String(document['id']))?.revision ?? firstOf(vocabulary) - 1) + 1;
      table.set(String(document['id']), { document: stored(document), revision });
    },
    remove(vocabulary, id) {
      tableOf(vocabulary).delete(id);
    },
    get: (vocabulary, id) => tableOf(vocabulary).get(id),
    ids: (vocabulary) =>
      [...tableOf(vocabulary)].filter(([, { document }]) => document !== undefined).map(([id]) => id),
    written: () =>
      requests
        .filter(({ method, body }) => method !== 'GET' && !(isJsonObject(body) && 'vocab_sync_probe' in body))
        .filter(({ path }) => !path.startsWith('/api/jobs'))
        .map(({ method, path, body }) => {
          const last = decodeURIComponent(path.split('/').at(-1) ?? '');
          return `${method} ${method === 'POST' && isJsonObject(body) ? String(body['id']) : last}`;
        }),
    forget() {
      tables.clear();
      requests.length = 0;
      invenio.records.length = 0;
      [invenio.fault, invenio.budget] = [undefined, undefined];
      invenio.unknownMembers = ['website', 'domains'];
      invenio.unindexed.clear();
      invenio.indexedTwice.clear();
      jobs.clear();
      invenio.bulk = 'works';
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return invenio;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function spend({ budget }: InvenioServer): { left: number; size: number; resetSeconds: number } {
  if (budget === undefined) return { left: 900, size: 1000, resetSeconds: 60 };
  if (budget.left === budget.size) {
    setTimeout(() => {
      budget.left = budget.size;
    }, budget.resetSeconds * 1000).unref();
  }
  budget.left -= 1;
  return budget;
}

const refuse = (status: number, message: string): Reply => ({ status, body: { status, message } });
const invalid = (errors: readonly (readonly [string, string])[]): Reply => ({
  status: 400,
  body: {
    status: 400,
    message: 'A validation error occurred.',
    errors: errors.map(([field, message]) => ({ field, messages: [message] })),
  },
});

function route(request: InvenioRequest, invenio: InvenioServer, tableOf: (name: string) => Map<string, Stored>): Reply {
  const url = new URL(request.path, 'http://x');
  const [, , ...parts] = url.pathname.split('/');
  if (parts[0] === 'records') return searchRecords(invenio, url.searchParams);
  const isGeneric = parts[0] === 'vocabularies';
  const body: Json = isJsonObject(request.body) ? request.body : {};
  const name = (isGeneric ? parts[1] : parts[0]) ?? '';
  if (name === '' || (!isGeneric && !SPECIAL.has(name)))
    return refuse(404, 'The requested URL was not found on the server.');
  const id = isGeneric ? parts[2] : parts[1];
  const mayWrite = request.headers.authorization === `Bearer ${invenio.token}`;
  const site: Site = { name, table: tableOf(name), invenio, tableOf };
  if (request.method === 'GET') {
    if (name === 'names' && !mayWrite) return refuse(403, 'Permission denied.');
    return id === undefined ? list(site, url.searchParams) : read(site, decodeURIComponent(id));
  }
  if (request.headers['content-type'] !== 'application/json' && request.method !== 'DELETE') {
    return refuse(415, 'Invalid Content-Type header. Expecting one of: application/json');
  }
  if (id === undefined) return request.method === 'POST' ? create(site, body, mayWrite) : refuse(405, 'Not allowed.');
  return change(site, decodeURIComponent(id), request, mayWrite);
}

interface BulkRun {
  readonly id: string;
  status: string;
  message: string;
  asked: number;
  readonly work: () => void;
}

/** The jobs API, as far as a bulk load needs it. A batch with one record that is refused is lost as a whole. */
function createJobs() {
  const titles = new Map<string, string>();
  const runs = new Map<string, BulkRun>();
  const loads: Json[] = [];
  const load = (args: Json, { bulk }: InvenioServer, siteOf: (name: string) => Site): string => {
    const config = (JSON.parse(String(args['custom_args'])) as { config: Json }).config;
    loads.push(config);
    const [reader] = config['readers'] as [{ args: { origin: string } }];
    const [writer] = config['writers'] as [{ args: { writer: { type: string } } }];
    const site = siteOf(writer.args.writer.type.replace('-service', ''));
    const records = readFileSync(reader.args.origin, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    if (bulk === 'stores-nothing') return '0/0 entries errored';
    const size = Number(config['batch_size']);
    for (let from = 0; from < records.length; from += size) {
      const batch = records.slice(from, from + size);
      if (batch.some((record) => validate(site, record, []) !== undefined)) continue;
      for (const record of batch) {
        site.table.set(String(record['id']), { document: stored(record), revision: firstOf(site.name) });
      }
    }
    // As it was seen: it counts what it was given.
    return `${String(records.length)} inserted`;
  };
  return {
    loads,
    clear() {
      titles.clear();
      runs.clear();
      loads.length = 0;
    },
    answer(
      { method, path, headers, body }: InvenioRequest,
      invenio: InvenioServer,
      tableOf: (name: string) => Map<string, Stored>,
    ): Reply | undefined {
      const [, , root, job, , run] = new URL(path, 'http://x').pathname.split('/');
      if (root !== 'jobs') return undefined;
      if (headers.authorization !== `Bearer ${invenio.token}`) return refuse(403, 'Permission denied.');
      const given: Json = isJsonObject(body) ? body : {};
      const hits = (list: readonly Json[]): Reply => ({
        status: 200,
        body: { hits: { total: list.length, hits: list } },
      });
      if (job === undefined) {
        if (method === 'GET') return hits([...titles].map(([id, title]) => ({ id, title })));
        if (given['task'] !== 'process_ror_affiliations') return refuse(400, 'A validation error occurred.');
        const id = `job-${String(titles.size + 1)}`;
        titles.set(id, String(given['title']));
        return { status: 201, body: { id } };
      }
      if (run === undefined && method === 'GET')
        return hits([...runs.values()].map(({ id, status }) => ({ id, status })));
      if (run === undefined) {
        const one: BulkRun = {
          ...{ id: `run-${String(runs.size + 1)}`, status: 'QUEUED', message: '', asked: 0 },
          work: () => {
            try {
              one.message = load(given, invenio, (name) => ({ name, table: tableOf(name), invenio, tableOf }));
              one.status = invenio.bulk === 'stores-nothing' ? 'FAILED' : 'SUCCESS';
            } catch (error) {
              // Its file is gone.
              [one.status, one.message] = ['FAILED', String(error)];
            }
          },
        };
        runs.set(one.id, one);
        return { status: 201, body: { id: one.id, status: one.status } };
      }
      const there = runs.get(run);
      if (there === undefined) return refuse(404, 'Not found.');
      there.asked += 1;
      if (there.status === 'QUEUED' && there.asked > (invenio.bulk === 'waits' ? 2 : 0)) there.work();
      return { status: 200, body: { id: run, status: there.status, message: there.message } };
    },
  };
}

interface Site {
  readonly name: string;
  readonly table: Map<string, Stored>;
  readonly invenio: InvenioServer;
  readonly tableOf: (name: string) => Map<string, Stored>;
}

function create(site: Site, body: Json, mayWrite: boolean): Reply {
  if (!mayWrite) return refuse(403, 'Permission denied.');
  const id = body['id'];
  if (site.name === 'subjects' && [id, body['scheme'], body['subject']].includes(undefined))
    return refuse(500, 'Internal error.');
  const problem = validate(site, body, id === undefined ? [['id', 'Missing PID.']] : []);
  if (problem !== undefined) return problem;
  if (String(id).length > 255) return refuse(500, 'The server encountered an internal error.');
  if (site.table.has(String(id))) return refuse(400, 'The persistent identifier is already registered.');
  site.table.set(String(id), { document: stored(body), revision: firstOf(site.name) });
  return { status: 201, body: toBody(site, String(id)) };
}

function change(site: Site, id: string, request: InvenioRequest, mayWrite: boolean): Reply {
  const there = site.table.get(id);
  if (there === undefined) return refuse(404, 'The persistent identifier does not exist.');
  const expected = request.headers['if-match'];
  if (expected !== undefined && !/^\d+$/.test(expected)) return invalid([['if_match', 'Not a valid integer.']]);
  if (there.document === undefined) {
    there.revision += 1;
    return saysGone(site.name) ? refuse(410, 'The record has been deleted.') : refuse(500, 'Internal error.');
  }
  if (expected !== undefined && Number(expected) !== there.revision) {
    return refuse(412, `Revision id provided(${expected}) doesn't match record's one(${String(there.revision)})`);
  }
  if (!mayWrite) return refuse(403, 'Permission denied.');
  if (request.method === 'DELETE') {
    there.document = undefined;
    there.revision += 1;
    return { status: 204 };
  }
  const body: Json = isJsonObject(request.body) ? request.body : {};
  const problem = validate(site, body, []);
  if (problem !== undefined) return problem;
  there.document = stored({ ...body, id });
  there.revision += site.name === 'names' ? 2 : 1;
  return { status: 200, body: toBody(site, id) };
}

function validate(site: Site, body: Json, errors: (readonly [string, string])[]): Reply | undefined {
  for (const [key, value] of Object.entries(body)) {
    if (key === 'vocab_sync_probe' || site.invenio.unknownMembers.includes(key)) errors.push([key, 'Unknown field.']);
    else if (key === 'type' && SPECIAL.has(site.name)) errors.push([key, 'Unknown field.']);
    else if (value === null) errors.push([key, 'Field may not be null.']);
  }
  const identifiers = Array.isArray(body['identifiers']) ? (body['identifiers'] as Json[]) : [];
  identifiers.forEach(({ identifier }, index) => {
    if (identifier === 'bad') errors.push([`identifiers.${String(index)}.identifier`, 'Invalid ISNI identifier.']);
  });
  if (errors.length > 0) return invalid(errors);
  for (const [member, vocabulary] of [
    ['affiliations', KNOWN[site.name]],
    ['funder', site.name === 'awards' ? 'funders' : undefined],
    ['organizations', site.name === 'awards' ? 'affiliations' : undefined],
  ] as const) {
    const items = [body[member] ?? []].flat().filter(isJsonObject);
    const isUnknown = items.some(({ id }) => typeof id === 'string' && !site.tableOf(vocabulary ?? '').has(id));
    if (vocabulary !== undefined && isUnknown) return refuse(400, 'Not a valid value.');
  }
  const aliases = [(stored(body)['aliases'] ?? []) as string[]].flat();
  if (new Set(aliases).size < aliases.length) return refuse(500, 'The server encountered an internal error.');
  return undefined;
}

/** What it makes of texts, and nothing of the record itself. */
function stored(body: Json): Json {
  const tidy = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(/[‘’]/g, "'").replaceAll(/[“”]/g, '"').trim();
    if (Array.isArray(value)) return value.map(tidy);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, tidy(inner)]));
  };
  const result = tidy(body) as Json;
  const { given_name: given, family_name: family } = result;
  if (typeof given === 'string' && typeof family === 'string') result['name'] = `${family}, ${given}`;
  return result;
}

function toBody({ name, table, tableOf }: Site, id: string): Json {
  const { document, revision } = table.get(id) ?? { document: undefined, revision: 0 };
  const bookkeeping = {
    ...{ id, created: '2026-11-29T10:00:00+00:00', updated: '2026-11-29T10:00:00+00:00', revision_id: revision },
    links: { self: `http://x/api/${name}/${id}` },
  };
  if (document === undefined) return { ...bookkeeping, ...(name === 'names' ? { internal_id: null } : {}) };
  const resolved = Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      if (name !== 'names' || key !== 'affiliations') return [key, value];
      const names = (value as Json[]).map((one) => ({
        ...one,
        ...(typeof one['id'] === 'string' ? { name: tableOf('affiliations').get(one['id'])?.document?.['name'] } : {}),
      }));
      return [key, names];
    }),
  );
  return { ...resolved, ...bookkeeping };
}

function read(site: Site, id: string): Reply {
  const there = site.table.get(id);
  if (there === undefined || (site.name === 'names' && id.includes('/'))) return refuse(404, 'Not found.');
  if (there.document === undefined && saysGone(site.name)) return refuse(410, 'The record has been deleted.');
  return { status: 200, body: toBody(site, id), headers: { etag: `"${String(there.revision)}"` } };
}

function list(site: Site, query: URLSearchParams): Reply {
  const size = Number(query.get('size') ?? 25);
  if (size * Number(query.get('page') ?? 1) > 10_000) return refuse(400, 'Invalid querystring parameters.');
  const matches = toFilter(query.get('q') ?? '');
  const ids = [...site.table]
    .filter(([id, { document }]) => document !== undefined && !site.invenio.unindexed.has(id) && matches(id))
    .map(([id]) => id);
  // There is no sort by id. All hits of a query for ids match alike, so they come in the order in which they were stored.
  const entries = ids.flatMap((id) => {
    const body = toBody(site, id);
    return site.invenio.indexedTwice.has(id) ? [{ ...body, name: 'an old entry', revision_id: 0 }, body] : [body];
  });
  return { status: 200, body: { hits: { total: entries.length, hits: entries.slice(0, size) } } };
}

const LONGEST_LINE = 4094;

/** `field:"id" OR other.field:("id" OR "id")`. A query of another form finds nothing, as a broken one does there. */
function searchRecords({ records }: InvenioServer, query: URLSearchParams): Reply {
  if (query.toString().length > LONGEST_LINE) return refuse(414, 'Request-URI Too Long');
  const size = Number(query.get('size') ?? 25);
  if (!(size >= 1)) return refuse(400, 'Invalid querystring parameters.');
  const clauses = [...(query.get('q') ?? '').matchAll(/([\w.]+):(\([^)]*\)|"(?:[^"\\]|\\.)*")/g)].map(
    ([, field = '', ids = '']) => ({ field, matches: toFilter(ids) }),
  );
  const found = records.filter(({ cites }) =>
    clauses.some(({ field, matches }) => (cites[field] ?? []).some((id) => matches(id))),
  );
  const hits = found.slice(0, size).map(({ title }, index) => ({
    id: `rec-${String(index)}`,
    metadata: { title },
    links: { self_html: `https://rdm.example.org/records/${encodeURIComponent(title)}` },
  }));
  return { status: 200, body: { hits: { total: found.length, hits } } };
}

function toFilter(query: string): (id: string) => boolean {
  if (query === '') return () => true;
  const range = /^id:\{(\*|"(?:[^"\\]|\\.)*") TO (\*|"(?:[^"\\]|\\.)*")([\]}])$/.exec(query);
  const plain = (text: string): string => text.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  if (range !== null) {
    const [, from = '', to = ''] = range;
    const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
    return (id) => (from === '*' || order(id, plain(from)) > 0) && (to === '*' || order(id, plain(to)) <= 0);
  }
  const ids = new Set((query.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map(plain));
  return (id) => ids.has(id);
}
