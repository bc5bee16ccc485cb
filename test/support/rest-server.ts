/** A small interface for records, with the faults of real ones: failures before and after the work, rate limits, revisions. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenLocally } from './listen-locally.ts';

export interface RestServer {
  readonly url: string;
  /** By id. */
  readonly records: Map<string, Readonly<Record<string, unknown>>>;
  readonly revisions: Map<string, number>;
  /** `PUT a`, in the order in which they came. */
  readonly requests: string[];
  /** `create a`, `update a`, `delete a`: what was done, whatever was answered. */
  readonly done: string[];
  /** A POST makes a record once more where it is there already, as in a server that gives ids of its own. Otherwise it answers 409. */
  makesAgain: boolean;
  /** Called before anything is done; true means that it answered itself. */
  before:
    ((request: { readonly method: string; readonly id: string }, response: ServerResponse) => boolean) | undefined;
  /** Called when the work is done and before the answer; true means that it answered itself, or will not. */
  after: ((request: { readonly method: string; readonly id: string }, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

/** The args of the writer `rest` for such a server. */
export function restArgsFor(url: string): Readonly<Record<string, unknown>> {
  return {
    url,
    create: { method: 'POST', path: '/' },
    update: { method: 'PUT', path: '/{/id}' },
    remove: { method: 'DELETE', path: '/{/id}' },
    look: { path: '/{/id}' },
  };
}

/** On a free port unless one is given. */
export async function startRestServer(port = 0): Promise<RestServer> {
  const server = createServer((request, response) => {
    void answer(bench, request, response);
  });
  const address = await listenLocally(server, port);
  const bench: RestServer = {
    url: address,
    records: new Map(),
    revisions: new Map(),
    requests: [],
    done: [],
    makesAgain: false,
    before: undefined,
    after: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bench;
}

async function answer(bench: RestServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const method = request.method ?? '';
  const named = decodeURIComponent((request.url ?? '').slice(1));
  const id = named === '' ? String(body['id']) : named;
  bench.requests.push(`${method} ${id}`);
  if (bench.before?.({ method, id }, response) === true) return;
  const send = work(bench, method, id, body, request.headers['if-match']);
  if (bench.after?.({ method, id }, response) === true) return;
  const etag = bench.revisions.get(id);
  response.writeHead(send.status, {
    'content-type': 'application/json',
    ...(etag === undefined ? {} : { etag: `"${String(etag)}"` }),
  });
  response.end(JSON.stringify(send.body ?? {}));
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** POST makes, PUT replaces, DELETE removes; each as strictly as most servers. */
function work(bench: RestServer, method: string, id: string, body: Record<string, unknown>, ifMatch?: string): Answer {
  const { records, revisions, done } = bench;
  const isThere = records.has(id);
  if (method === 'GET') return isThere ? { status: 200, body: records.get(id) } : { status: 404 };
  if (method === 'POST' && isThere && !bench.makesAgain)
    return { status: 409, body: { message: `${id} is there already` } };
  if (method !== 'POST' && !isThere) return { status: 404, body: { message: `${id} is not there` } };
  // RFC 9110: nothing matches a record that is not there.
  if (ifMatch !== undefined && !(isThere && ifMatch === `"${String(revisions.get(id))}"`)) {
    return { status: 412, body: { message: `${id} is not at ${ifMatch}` } };
  }
  revisions.set(id, (revisions.get(id) ?? 0) + 1);
  if (method === 'DELETE') {
    records.delete(id);
    done.push(`delete ${id}`);
    return { status: 204 };
  }
  records.set(id, body);
  const isMade = !isThere || method === 'POST';
  done.push(`${isMade ? 'create' : 'update'} ${id}`);
  return { status: isMade ? 201 : 200, body };
}
