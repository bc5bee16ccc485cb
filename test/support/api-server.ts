/**
 * Paged APIs on 127.0.0.1, in the shapes of OpenAlex, Crossref, MediaWiki (Wikidata), DSpace and InvenioRDM, and in plain
 * ones, with faults as real services have them. What is asked is kept in `requests`.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { listenLocally } from './listen-locally.ts';

export interface ApiItem {
  readonly id: string;
  readonly name: string;
}

export type ApiFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: 'html' }
  /** The connection breaks after half of the answer. */
  | { readonly kind: 'cut' }
  /** Half of the answer, as if it were whole. */
  | { readonly kind: 'truncated' }
  /** 200, with this in place of the page. */
  | { readonly kind: 'json'; readonly value: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'gzip' }
  /** Runs before the page is made. */
  | { readonly kind: 'before'; readonly run: () => void };

interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether it was answered with a whole page. */
  isAnswered: boolean;
}

export interface ApiServer {
  readonly url: string;
  readonly requests: ApiRequest[];
  /** The paths that were answered with a whole page. */
  readonly pages: () => string[];
  /** Each request takes one; undefined is answered. */
  readonly faults: (ApiFault | undefined)[];
  items: ApiItem[];
  close(): Promise<void>;
}

interface Asked {
  readonly url: URL;
  readonly body: string;
  /** Of the server, as a link begins. */
  readonly base: string;
  readonly items: readonly ApiItem[];
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly value: unknown;
}

export type ApiShape = (asked: Asked) => Answer;

export function apiItems(count: number): ApiItem[] {
  return Array.from({ length: count }, (_, i) => ({ id: `id-${String(i)}`, name: `Näme ${String(i)}` }));
}

const numberOf = (url: URL, name: string, otherwise: number): number => Number(url.searchParams.get(name) ?? otherwise);
const toCursor = (at: number): string => Buffer.from(`[${String(at)}]`).toString('base64');
const fromCursor = (cursor: string): number => Number(Buffer.from(cursor, 'base64').toString().slice(1, -1));

/** Cursors, the last one after an empty page; at most 200 at a time. */
export const openAlex: ApiShape = ({ url, items }) => {
  const size = numberOf(url, 'per-page', 25);
  if (size > 200) {
    const message = 'per-page parameter must be between 1 and 200';
    return { status: 403, value: { error: 'Pagination error.', message } };
  }
  const cursor = url.searchParams.get('cursor') ?? '*';
  const at = cursor === '*' ? 0 : fromCursor(cursor);
  const results = items
    .slice(at, at + size)
    .map(({ id, name }) => ({ id: `https://openalex.org/${id}`, display_name: name, works_count: 12 }));
  const next = results.length === 0 ? null : toCursor(at + results.length);
  const meta = { count: items.length, db_response_time_ms: 7, page: null, per_page: size, next_cursor: next };
  return { value: { meta, results, group_by: [] } };
};

/** A cursor that stays the same while the server moves on; at most 1000 at a time; an empty page ends the list. */
export function crossref(): ApiShape {
  let at = 0;
  return ({ url, items }) => {
    const rows = numberOf(url, 'rows', 20);
    if (rows > 1000) {
      const message = `Integer specified as ${String(rows)} but must be a positive integer less than or equal to 1000.`;
      return {
        status: 400,
        value: {
          status: 'failed',
          'message-type': 'validation-failure',
          message: [{ type: 'integer-not-valid', value: String(rows), message }],
        },
      };
    }
    const cursor = url.searchParams.get('cursor');
    const offset = cursor === null ? numberOf(url, 'offset', 0) : cursor === '*' ? 0 : at;
    const found = items.slice(offset, offset + rows);
    at = offset + found.length;
    const message = {
      'items-per-page': rows,
      query: { 'start-index': 0, 'search-terms': null },
      'total-results': items.length,
      ...(cursor === null ? {} : { 'next-cursor': 'DnF1ZXJ5VGhlbkZldGNoBgAAAAA=' }),
      items: found.map(({ id, name }) => ({
        id,
        location: 'Switzerland',
        name,
        'alt-names': [],
        uri: `http://dx.doi.org/10.13039/${id}`,
        replaces: [],
        'replaced-by': [],
        tokens: [name.toLowerCase()],
      })),
    };
    return { value: { status: 'ok', 'message-type': 'funder-list', 'message-version': '1.0.0', message } };
  };
}

/** Parameters to continue with; a batch may be empty, and then has no `query`. */
export const mediaWiki: ApiShape = ({ url, items }) => {
  const size = Math.min(numberOf(url, 'aplimit', 10), 500);
  const from = url.searchParams.get('apcontinue');
  const at = from === null ? 0 : Number(from.slice(1));
  const isBlank = at === size;
  const found = isBlank ? [] : items.slice(at > size ? at - 1 : at, at > size ? at - 1 + size : at + size);
  const after = isBlank ? at + 1 : at + found.length;
  const isOver = !isBlank && (at > size ? at - 1 : at) + found.length >= items.length;
  return {
    value: {
      batchcomplete: '',
      ...(isOver ? {} : { continue: { apcontinue: `P${String(after)}`, continue: '-||' } }),
      ...(found.length === 0
        ? {}
        : {
            query: {
              allpages: found.map(({ id, name }, i) => ({ pageid: at + i, ns: 120, title: `Property:${id}`, name })),
            },
          }),
    },
  };
};

/** HAL: `_embedded`, `_links.next`, `page.totalElements`. */
export const dspace: ApiShape = ({ url, base, items }) => {
  const size = numberOf(url, 'size', 20);
  const number = numberOf(url, 'page', 0);
  const communities = items.slice(number * size, (number + 1) * size).map(({ id, name }) => ({
    id,
    uuid: id,
    name,
    handle: `1/${id}`,
    metadata: { 'dc.title': [{ value: name }] },
    type: 'community',
  }));
  const totalPages = Math.ceil(items.length / size);
  const href = (page: number) => ({ href: `${base}${url.pathname}?page=${String(page)}&size=${String(size)}` });
  return {
    value: {
      _embedded: { communities },
      _links: {
        self: href(number),
        ...(number + 1 < totalPages ? { next: href(number + 1) } : {}),
        last: href(totalPages - 1),
      },
      page: { size, totalElements: items.length, totalPages, number },
    },
  };
};

/** `hits.hits`, `hits.total`, `links.next`; a window of 10,000. */
export const invenio: ApiShape = ({ url, base, items }) => {
  const size = numberOf(url, 'size', 25);
  const page = numberOf(url, 'page', 1);
  if (size * page > 10_000)
    return { status: 400, value: { status: 400, message: 'Maximum number of 10000 results have been reached.' } };
  const hits = items
    .slice((page - 1) * size, page * size)
    .map(({ id, name }) => ({ id, name, title: { en: name }, links: { self: `${base}/api/affiliations/${id}` } }));
  const link = (number: number) => `${base}${url.pathname}?page=${String(number)}&size=${String(size)}&sort=name`;
  const links = { self: link(page), ...(page * size < items.length ? { next: link(page + 1) } : {}) };
  return { value: { hits: { hits, total: items.length }, aggregations: {}, sortBy: 'name', links } };
};

/** `limit` and `offset`, and a total. */
export const offsets: ApiShape = ({ url, items }) => {
  const limit = Math.min(numberOf(url, 'limit', 10), 50);
  const offset = numberOf(url, 'offset', 0);
  return { value: { total: items.length, data: { items: items.slice(offset, offset + limit) } } };
};

/** `page` and `size` from 1; the document is the list; `Link` names the next page by a relative address. */
export const listPages: ApiShape = ({ url, items }) => {
  const size = numberOf(url, 'size', 10);
  const page = numberOf(url, 'page', 1);
  const next = page * size < items.length ? `<?page=${String(page + 1)}&size=${String(size)}>; rel="next", ` : '';
  return { value: items.slice((page - 1) * size, page * size), headers: { link: `${next}</>; rel="index"` } };
};

/** A search by POST: `{"paging": {"from", "size"}, "filter": …}`. */
export const searches: ApiShape = ({ body, items }) => {
  const { paging } = JSON.parse(body) as { readonly paging: { readonly from: number; readonly size: number } };
  return { value: { found: String(items.length), records: items.slice(paging.from, paging.from + paging.size) } };
};

export async function startApiServer(shape: ApiShape, items: readonly ApiItem[]): Promise<ApiServer> {
  const requests: ApiRequest[] = [];
  const faults: (ApiFault | undefined)[] = [];
  const state = { items: [...items] };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const base = await listenLocally(server);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const asked: ApiRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
      isAnswered: false,
    };
    requests.push(asked);
    const fault = faults.shift();
    if (fault?.kind === 'before') fault.run();
    if (fault !== undefined && refuse(fault, response)) return;
    // Behind a relay, links lead to the relay.
    const host = request.headers.host ?? '';
    const {
      status = 200,
      headers,
      value,
    } = shape({ url: new URL(asked.path, base), body, base: `http://${host}`, items: state.items });
    asked.isAnswered = status === 200 && fault?.kind !== 'cut' && fault?.kind !== 'truncated';
    send(status, headers, Buffer.from(JSON.stringify(value)), fault, response);
  }

  return {
    url: base,
    requests,
    faults,
    pages: () => requests.filter(({ isAnswered }) => isAnswered).map(({ path }) => path),
    get items() {
      return state.items;
    },
    set items(changed) {
      state.items = changed;
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

/** Whether the fault takes the place of an answer. */
function refuse(fault: ApiFault, response: ServerResponse): boolean {
  if (fault.kind === 'status') {
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body ?? '');
  } else if (fault.kind === 'html') {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!DOCTYPE html><html><body>Maintenance</body></html>');
  } else if (fault.kind === 'json') {
    response.writeHead(200, { 'content-type': 'application/json', ...fault.headers }).end(JSON.stringify(fault.value));
  }
  return ['status', 'html', 'json'].includes(fault.kind);
}

function send(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  whole: Buffer,
  fault: ApiFault | undefined,
  response: ServerResponse,
): void {
  const packed = fault?.kind === 'gzip';
  const body = packed ? gzipSync(whole) : fault?.kind === 'truncated' ? whole.subarray(0, whole.length / 2) : whole;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  });
  if (fault?.kind !== 'cut') response.end(body);
  else response.write(body.subarray(0, body.length / 2), () => response.socket?.end());
}
