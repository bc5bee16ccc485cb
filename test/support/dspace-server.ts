/** The part of DSpace's REST API that docs/destinations/rest.md uses, written from github.com/DSpace/RestContract. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { listenLocally } from './listen-locally.ts';

interface Metadata {
  readonly [field: string]: readonly { readonly value: string }[];
}

interface DspaceItem {
  readonly uuid: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly collection: string;
}

export interface DspaceServer {
  /** Ends in `/server/api`. */
  readonly url: string;
  /** Headers without which it refuses what changes something. */
  readonly headers: Readonly<Record<string, string>>;
  readonly items: Map<string, DspaceItem>;
  /** `POST /core/items`, in the order in which they came. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function startDspaceServer(): Promise<DspaceServer> {
  const server = createServer((request, response) => {
    void answer(bench, request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/hal+json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  const address = await listenLocally(server);
  const token = randomUUID();
  const bench: DspaceServer = {
    url: `${address}/server/api`,
    headers: { authorization: 'Bearer a-token', 'x-xsrf-token': token, cookie: `DSPACE-XSRF-COOKIE=${token}` },
    items: new Map(),
    requests: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bench;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

async function answer({ items, requests, headers }: DspaceServer, request: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = (text === '' ? {} : JSON.parse(text)) as { name?: string; metadata?: Metadata; type?: string };
  const { method = '' } = request;
  const url = new URL(request.url ?? '', 'http://dspace');
  const path = url.pathname.replace('/server/api', '');
  requests.push(`${method} ${path}`);
  const isAllowed = Object.entries(headers).every(([name, value]) => request.headers[name] === value);
  if (method !== 'GET' && !isAllowed)
    return { status: 403, body: { message: 'Access is denied. Invalid CSRF token.' } };
  if (path === '/discover/search/objects') {
    const wanted = /^dc\.identifier\.other:"(.*)"$/.exec(url.searchParams.get('query') ?? '')?.[1];
    const found = [...items.values()].filter(({ metadata }) =>
      metadata['dc.identifier.other']?.some(({ value }) => value === wanted),
    );
    const objects = found.map((item) => ({ _embedded: { indexableObject: item } }));
    return { status: 200, body: { _embedded: { searchResult: { _embedded: { objects } } } } };
  }
  if (method === 'POST' && path === '/core/items') {
    if (body.type !== 'item' || body.metadata === undefined) return { status: 422, body: { message: 'Not an item' } };
    const collection = url.searchParams.get('owningCollection') ?? '';
    return { status: 201, body: put({ uuid: randomUUID(), collection }) };
  }
  const held = items.get(path.replace('/core/items/', ''));
  if (held === undefined) return { status: 404, body: { message: 'No such item' } };
  if (method === 'DELETE') {
    items.delete(held.uuid);
    return { status: 204 };
  }
  return method === 'PUT' ? { status: 200, body: put(held) } : { status: 200, body: held };

  function put({ uuid, collection }: Pick<DspaceItem, 'uuid' | 'collection'>): DspaceItem {
    const item = { uuid, collection, name: body.name ?? '', metadata: body.metadata ?? {} };
    items.set(uuid, item);
    return item;
  }
}
