/** A receiver of webhooks as docs/destinations/webhook.md shows it: checks signatures, and takes a change once however often it comes. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { canonicalJson } from '../../src/records/json-object.ts';
import { listenLocally } from './listen-locally.ts';

interface ReceivedChange {
  readonly key: string;
  readonly id: string;
  readonly kind: 'insert' | 'update' | 'restore' | 'withdraw';
  readonly record: Readonly<Record<string, unknown>>;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly overwrites: boolean;
}

export interface WebhookServer {
  readonly url: string;
  readonly secret: string;
  readonly records: Map<string, Readonly<Record<string, unknown>>>;
  readonly requests: { readonly headers: IncomingHttpHeaders; readonly changes: readonly ReceivedChange[] }[];
  /** `insert a`, in the order in which it was done. */
  readonly done: string[];
  /** What was answered to changes that are done, by their keys. */
  readonly taken: Map<string, WebhookResult>;
  /** Whether it answers a result for each change, or a status alone. */
  answersEach: boolean;
  before: ((response: ServerResponse, changes: readonly ReceivedChange[]) => boolean) | undefined;
  /** Called after the work is done and before the answer; true means that it answered itself, or will not. */
  after: ((response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

export const WEBHOOK_SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes. ok').toString('base64')}`;

/** On a free port unless one is given. */
export async function startWebhookServer(port = 0): Promise<WebhookServer> {
  const server = createServer((request, response) => {
    void answer(bench, request, response);
  });
  const address = await listenLocally(server, port);
  const bench: WebhookServer = {
    url: `${address}/hooks`,
    secret: WEBHOOK_SECRET,
    ...{ records: new Map(), requests: [], done: [], taken: new Map() },
    ...{ answersEach: true, before: undefined, after: undefined },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return bench;
}

interface WebhookResult {
  readonly id: string;
  readonly result: 'done' | 'rejected' | 'conflict';
  readonly message?: string;
}

async function answer(bench: WebhookServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  if (!isSigned(request.headers, body, bench.secret)) {
    response.writeHead(401).end('{"message": "The signature is wrong."}');
    return;
  }
  const { changes } = (JSON.parse(body) as { readonly data: { readonly changes: readonly ReceivedChange[] } }).data;
  bench.requests.push({ headers: request.headers, changes });
  if (bench.before?.(response, changes) === true) return;
  const results = changes.map((change) => {
    const result = bench.taken.get(change.key) ?? take(bench, change);
    if (result.result === 'done') bench.taken.set(change.key, result);
    return result;
  });
  if (bench.after?.(response) === true) return;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(bench.answersEach ? JSON.stringify({ results }) : '');
}

/** As https://www.standardwebhooks.com describes it. */
function isSigned(headers: IncomingHttpHeaders, body: string, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${String(id)}.${String(timestamp)}.${body}`)
    .digest();
  const given = Buffer.from(String(signature).replace('v1,', ''), 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function take({ records, done }: WebhookServer, change: ReceivedChange): WebhookResult {
  const { id, kind, record, before, overwrites } = change;
  if (typeof record['name'] !== 'string') return { id, result: 'rejected', message: 'The name is not a text.' };
  const held = records.get(id);
  const published = kind === 'withdraw' ? record : before;
  // After a run that was ended while it sent a record, nobody knows what was published: `before` is missing.
  const isKnown = published !== undefined || kind === 'insert';
  const expected = [record, published].map(canonicalJson);
  if (held !== undefined && isKnown && !overwrites && !expected.includes(canonicalJson(held))) {
    return { id, result: 'conflict', message: 'The record was edited here.' };
  }
  if (kind === 'withdraw') records.delete(id);
  else records.set(id, record);
  done.push(`${kind} ${id}`);
  return { id, result: 'done' };
}
