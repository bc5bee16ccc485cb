/**
 * A SPARQL 1.1 service on 127.0.0.1: Oxigraph behind the protocol (GET, POST of a form and of a query, the media types of
 * results), with faults as real services have them. What is asked is kept in `requests`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import oxigraph from 'oxigraph';
import { listenLocally } from './listen-locally.ts';

type SparqlFault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  /** In place of the answer. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** The connection ends after so many bytes. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'html' }
  /** As if the service wrote to its end and the end were missing. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'hang' };

interface SparqlRequest {
  readonly method: string;
  readonly query: string;
  readonly userAgent: string | undefined;
}

export interface SparqlServer {
  /** The query endpoint. */
  readonly url: string;
  readonly requests: SparqlRequest[];
  /** Each request takes one; without any it is answered. */
  readonly faults: SparqlFault[];
  /** What the service holds from now on. */
  load(turtle: string): void;
  close(): Promise<void>;
}

export interface SparqlServerOptions {
  /** Rows that one answer has at most, whatever is asked for. */
  readonly mostRows?: number;
  readonly ignoresOffset?: boolean;
}

const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/sparql-results\+json|application\/json/, 'application/sparql-results+json'],
  [/sparql-results\+xml|application\/xml/, 'application/sparql-results+xml'],
  [/text\/csv/, 'text/csv'],
  [/\*\/\*/, 'application/sparql-results+xml'],
];

export async function startSparqlServer(turtle: string, options: SparqlServerOptions = {}): Promise<SparqlServer> {
  const state = { store: loadStore(turtle) };
  const requests: SparqlRequest[] = [];
  const faults: SparqlFault[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const query = await queryOf(request);
    if (query === undefined) {
      response.writeHead(400).end('no query');
      return;
    }
    requests.push({ method: request.method ?? '', query, userAgent: request.headers['user-agent'] });
    const fault = faults.shift();
    if (fault !== undefined && refuse(fault, response)) return;
    const type = FORMATS.find(([accepts]) => accepts.test(request.headers.accept ?? '*/*'))?.[1];
    if (type === undefined) {
      response.writeHead(406).end();
      return;
    }
    const body = run(state.store, adapt(query, options), type);
    if (body.error !== undefined) response.writeHead(400, { 'content-type': 'text/plain' }).end(body.error);
    else send(body.text, type, fault, response);
  }

  const address = await listenLocally(server);
  return {
    url: `${address}/sparql`,
    requests,
    faults,
    load: (text) => {
      state.store = loadStore(text);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function loadStore(turtle: string): oxigraph.Store {
  const store = new oxigraph.Store();
  store.load(turtle, { format: 'text/turtle' });
  return store;
}

/** By the three ways of the protocol (2.1.1 to 2.1.3). */
async function queryOf(request: IncomingMessage): Promise<string | undefined> {
  const { searchParams } = new URL(request.url ?? '', 'http://localhost');
  if (request.method === 'GET') return searchParams.get('query') ?? undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  if (request.headers['content-type']?.startsWith('application/sparql-query') === true) return body;
  return new URLSearchParams(body).get('query') ?? undefined;
}

function adapt(query: string, { mostRows, ignoresOffset }: SparqlServerOptions): string {
  const limited = query.replace(/\bLIMIT (\d+)/, (_whole, limit: string) => {
    return `LIMIT ${String(Math.min(Number(limit), mostRows ?? Infinity))}`;
  });
  return ignoresOffset === true ? limited.replace(/\bOFFSET \d+/, '') : limited;
}

function run(store: oxigraph.Store, query: string, type: string): { readonly text: string; readonly error?: string } {
  try {
    return { text: store.query(query, { results_format: type }) as string };
  } catch (error) {
    return { text: '', error: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether the fault takes the place of an answer. */
function refuse(fault: SparqlFault, response: ServerResponse): boolean {
  if (fault.kind === 'status') {
    const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    response.writeHead(fault.status, headers).end('Come back later.');
  } else if (fault.kind === 'answer') {
    response.writeHead(fault.status, { 'content-type': 'application/sparql-results+json', ...fault.headers });
    response.end(fault.body);
  } else if (fault.kind === 'html') {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!DOCTYPE html><html><body>Maintenance</body></html>');
  }
  return ['status', 'answer', 'html', 'hang'].includes(fault.kind);
}

function send(text: string, type: string, fault: SparqlFault | undefined, response: ServerResponse): void {
  const body = Buffer.from(text);
  if (fault?.kind === 'truncated') {
    response.writeHead(200, { 'content-type': type }).end(body.subarray(0, body.length / 2));
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  if (fault?.kind !== 'cut') response.end(body);
  else response.write(body.subarray(0, fault.afterBytes), () => response.socket?.end());
}
