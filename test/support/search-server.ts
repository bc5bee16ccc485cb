/** One index with the requests of OpenSearch and Elasticsearch that the writers use, written from their documentation. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenLocally } from './listen-locally.ts';

type Json = Readonly<Record<string, unknown>>;

export interface SearchServer {
  readonly url: string;
  exists: boolean;
  /** The sequence number that was given last. */
  sequence: number;
  readonly documents: Map<string, { readonly source: Json; readonly seq: number; readonly version: number }>;
  /** `POST /affiliations/_bulk`, in the order in which they came. */
  readonly requests: string[];
  /** The `Authorization` header of the last request. */
  authorization: string | undefined;
  /** Called before anything is done; true means that it answered itself. */
  before: ((path: string, body: string, response: ServerResponse) => boolean) | undefined;
  /** Called after the work is done and before the answer. */
  after: ((path: string, response: ServerResponse) => boolean) | undefined;
  /** Replaces the result of one item of a bulk request. */
  item: ((id: string) => Json | undefined) | undefined;
  edit(id: string, source: Json): void;
  close(): Promise<void>;
}

/** On a free port unless one is given. */
export async function startSearchServer(port = 0): Promise<SearchServer> {
  const server = createServer((request, response) => {
    void answer(bench, request, response);
  });
  const address = await listenLocally(server, port);
  const bench: SearchServer = {
    url: address,
    exists: false,
    sequence: 0,
    documents: new Map(),
    requests: [],
    ...{ authorization: undefined, before: undefined, after: undefined, item: undefined },
    edit(id, source) {
      store(bench, id, source);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bench;
}

function store(bench: SearchServer, id: string, source: Json): void {
  const { documents } = bench;
  bench.sequence += 1;
  documents.set(id, { source, seq: bench.sequence, version: (documents.get(id)?.version ?? 0) + 1 });
}

async function answer(bench: SearchServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const [path = ''] = (request.url ?? '').split('?');
  bench.requests.push(`${request.method ?? ''} ${path}`);
  bench.authorization = request.headers.authorization;
  if (bench.before?.(path, body, response) === true) return;
  const { status, told } = work(bench, request.method ?? '', path, body);
  if (bench.after?.(path, response) === true) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(told));
}

interface Told {
  readonly status: number;
  readonly told: Json;
}

function work(bench: SearchServer, method: string, path: string, body: string): Told {
  const [, index = '', action] = path.split('/');
  if (method === 'PUT') {
    if (bench.exists) return failed(400, 'resource_already_exists_exception', `index [${index}] already exists`);
    bench.exists = true;
    return { status: 200, told: { acknowledged: true } };
  }
  if (!bench.exists) return failed(404, 'index_not_found_exception', `no such index [${index}]`);
  switch (action) {
    case undefined:
      return { status: 200, told: { [index]: { aliases: {}, mappings: {}, settings: {} } } };
    case '_bulk':
      return { status: 200, told: { errors: true, items: bulk(bench, body) } };
    case '_mget':
      return { status: 200, told: { docs: (JSON.parse(body) as { ids: string[] }).ids.map((id) => found(bench, id)) } };
    case '_search':
      return { status: 200, told: search(bench, JSON.parse(body) as Search) };
    default:
      return { status: 200, told: { _shards: { total: 1, successful: 1, failed: 0 } } };
  }
}

function failed(status: number, type: string, reason: string): Told {
  return { status, told: { status, error: { type, reason, root_cause: [{ type, reason }] } } };
}

function found({ documents }: SearchServer, id: string): Json {
  const held = documents.get(id);
  if (held === undefined) return { _id: id, found: false };
  return { _id: id, found: true, _source: held.source, _seq_no: held.seq, _primary_term: 1, _version: held.version };
}

interface Search {
  readonly size: number;
  readonly search_after?: readonly [string];
}

function search(bench: SearchServer, { size, search_after: after }: Search): Json {
  const ids = [...bench.documents.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const rest =
    after === undefined ? ids : ids.filter((id) => Buffer.compare(Buffer.from(id), Buffer.from(after[0])) > 0);
  const hits = rest.slice(0, size).map((id) => found(bench, id));
  return { timed_out: false, _shards: { total: 1, failed: 0 }, hits: { hits } };
}

interface Action {
  readonly _id: string;
  readonly if_seq_no?: number;
}

function bulk(bench: SearchServer, body: string): Json[] {
  const lines = body.trimEnd().split('\n');
  const items: Json[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const [first] = Object.entries(JSON.parse(lines[i] ?? '') as Record<string, Action>);
    if (first === undefined) continue;
    const [kind, action] = first;
    const source = kind === 'delete' ? undefined : (JSON.parse(lines[(i += 1)] ?? '') as Json);
    const told = bench.item?.(action._id) ?? apply(bench, kind, action, source);
    items.push({ [kind]: { _id: action._id, ...told } });
  }
  return items;
}

function apply(bench: SearchServer, kind: string, { _id: id, if_seq_no: seq }: Action, source: Json | undefined): Json {
  const { documents } = bench;
  const held = documents.get(id);
  if ((kind === 'create' && held !== undefined) || (seq !== undefined && held?.seq !== seq)) {
    return { status: 409, error: { type: 'version_conflict_engine_exception', reason: `[${id}]: version conflict` } };
  }
  if (source === undefined) {
    documents.delete(id);
    return { status: held === undefined ? 404 : 200, _version: (held?.version ?? 0) + 1, _seq_no: 1, _primary_term: 1 };
  }
  if (typeof source['name'] !== 'string') {
    const cause = { type: 'illegal_state_exception', reason: "Can't get text on a START_OBJECT" };
    return {
      status: 400,
      error: {
        type: 'mapper_parsing_exception',
        reason: 'failed to parse field [name] of type [text]',
        caused_by: cause,
      },
    };
  }
  store(bench, id, source);
  const now = documents.get(id);
  return { status: held === undefined ? 201 : 200, _version: now?.version, _seq_no: now?.seq, _primary_term: 1 };
}
