/** One collection with the requests of Solr that the writer uses: an update ends at the first document that is refused. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenLocally } from './listen-locally.ts';

type Json = Readonly<Record<string, unknown>>;

export interface SolrServer {
  readonly url: string;
  readonly documents: Map<string, { readonly fields: Json; readonly version: string }>;
  /** What searches show: the documents at the last commit. */
  shown: ReadonlyMap<string, { readonly fields: Json; readonly version: string }>;
  /** So many commits are answered with 200 and ignored, as while the log is replayed after a crash. */
  ignoredCommits: number;
  /** The paths of requests, in the order in which they came. */
  readonly requests: string[];
  /** The version that was given last. */
  clock: bigint;
  /** Called before anything is done; true means that it answered itself. */
  before: ((path: string, response: ServerResponse) => boolean) | undefined;
  /** Called after the work is done and before the answer. */
  after: ((path: string, response: ServerResponse) => boolean) | undefined;
  edit(id: string, fields: Json): void;
  close(): Promise<void>;
}

/** On a free port unless one is given. */
export async function startSolrServer(port = 0): Promise<SolrServer> {
  const server = createServer((request, response) => {
    void answer(bench, request, response);
  });
  const address = await listenLocally(server, port);
  const bench: SolrServer = {
    url: address,
    documents: new Map(),
    ...{ shown: new Map(), ignoredCommits: 0 },
    requests: [],
    ...{ clock: 1_883_248_108_195_807_232n, before: undefined, after: undefined },
    edit(id, fields) {
      store(bench, id, fields);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bench;
}

function store(bench: SolrServer, id: string, fields: Json): string {
  bench.clock += 1n;
  bench.documents.set(id, { fields, version: String(bench.clock) });
  return String(bench.clock);
}

async function answer(bench: SolrServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const [path = ''] = (request.url ?? '').split('?');
  bench.requests.push(path);
  if (bench.before?.(path, response) === true) return;
  const [status, text] = path.endsWith('/update') ? update(bench, body) : read(bench, path, new URLSearchParams(body));
  if (bench.after?.(path, response) === true) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

function read(bench: SolrServer, path: string, query: URLSearchParams): [number, string] {
  const isSearch = !path.endsWith('/get');
  const documents = isSearch ? bench.shown : bench.documents;
  const q = query.get('q') ?? '';
  const after = /\{"(.*)" TO \*\]$/.exec(q)?.[1] ?? '';
  const among = /:\((.*)\)$/.exec(q)?.[1]?.split(' OR ');
  const ids = isSearch
    ? [...documents.keys()]
        .toSorted()
        .filter((id) => id > after && (among === undefined || among.includes(JSON.stringify(id))))
        .slice(0, Number(query.get('rows')))
    : query.getAll('id');
  const docs = ids.flatMap((id) => {
    const held = documents.get(id);
    return held === undefined ? [] : [`${JSON.stringify(held.fields).slice(0, -1)},"_version_":${held.version}}`];
  });
  if (path.endsWith('/get') && ids.length === 1) return [200, `{"doc":${docs[0] ?? 'null'}}`];
  return [200, `{"response":{"numFound":${String(docs.length)},"docs":[${docs.join(',')}]}}`];
}

function update(bench: SolrServer, body: string): [number, string] {
  if (/^\{"commit"/.test(body)) {
    if (bench.ignoredCommits === 0) bench.shown = new Map(bench.documents);
    else bench.ignoredCommits -= 1;
  }
  const adds: string[] = [];
  const exact = body.replaceAll(/"_version_":(-?\d+)/g, '"_version_":"$1"');
  for (const [, kind = '', text = ''] of exact.matchAll(
    /"(add|delete)":\s?(\{"doc":\{.*?\}\}|\{"id":.*?\})(?=,"add"|,"delete"|\})/g,
  )) {
    const told = JSON.parse(text) as { readonly doc?: Json };
    const { _version_: expected, ...fields } = (told.doc ?? told) as Json;
    const id = String(fields['id']);
    const held = bench.documents.get(id);
    const isExpected = expected === '-1' ? held === undefined : held?.version === expected;
    if (!isExpected) return failed(409, `version conflict for ${id} expected=${String(expected)}`);
    if (Array.isArray(fields['name'])) return failed(400, `ERROR: [doc=${id}] multiple values for field name`);
    if (kind === 'delete') bench.documents.delete(id);
    else adds.push(`${JSON.stringify(id)}:${store(bench, id, fields)}`);
  }
  return [200, `{"adds":{${adds.join(',')}}}`];
}

function failed(code: number, msg: string): [number, string] {
  return [code, JSON.stringify({ error: { code, msg } })];
}
