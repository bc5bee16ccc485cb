/**
 * Requests to one index. Returns the answers that a caller decides on, and throws for the answers that concern every
 * request: a refused credential, a full disk, an overloaded server, a page in place of JSON.
 */
import type { ApiAnswer, ApiService } from '../../src/component/services.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import type { IndexArgs } from './index-args.ts';

export interface IndexAnswer {
  readonly status: number;
  readonly body: JsonObject;
  /** The server's own words about an error, in one line. */
  readonly reason: string;
}

interface IndexRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** After the name of the index, such as `/_bulk`. */
  readonly path: string;
  /** An object is sent as JSON, a text as lines of JSON. */
  readonly body?: string | JsonObject;
  readonly maxBytes?: number;
}

export interface IndexClient {
  /** URL and index, for messages. */
  readonly place: string;
  ask(request: IndexRequest): Promise<IndexAnswer>;
}

interface Context {
  readonly api: ApiService;
  readonly signal: AbortSignal;
  turn(): Promise<void>;
}

export function openIndexClient(args: IndexArgs, { api, signal, turn }: Context): IndexClient {
  const place = `${args.url.replace(/\/+$/, '')}/${args.index}`;
  const base = `${args.url.replace(/\/+$/, '')}/${encodeURIComponent(args.index)}`;
  const headers = { accept: 'application/json', ...args.headers, ...authorizationOf(args) };
  return {
    place,
    async ask({ method, path, body, maxBytes }) {
      await turn();
      const isLines = typeof body === 'string';
      const answer = await api.ask({
        url: `${base}${path}`,
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': isLines ? NDJSON : JSON_TYPE },
        ...(body === undefined ? {} : { body: isLines ? body : JSON.stringify(body) }),
        signal,
        timeoutMs: args.timeout_seconds * 1000,
        ...(maxBytes === undefined ? {} : { maxBytes }),
      });
      return judge(place, answer);
    },
  };
}

const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';

function authorizationOf({ username, password, api_key: apiKey }: IndexArgs): Readonly<Record<string, string>> {
  if (apiKey !== undefined) return { authorization: `ApiKey ${apiKey}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function judge(place: string, answer: ApiAnswer): IndexAnswer {
  const { status, retryAfter } = answer;
  const body = parseObject(answer.body);
  const error = body === undefined ? undefined : getOwn(body, 'error');
  const words = error === undefined ? answer.reason : reasonOf(error);
  const said = `${place} answered ${String(status)}${words === '' ? '' : `: ${words}`}`;
  if (status === 408 || status === 429 || status >= 500 || isBlock(error)) {
    throw new UnavailableError('E_TARGET_UNAVAILABLE', `${said}. It is tried again.`, {
      details: { status },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
  if (status === 401 || status === 403) {
    throw forbidden(`${said}. Check the credential of the writer and its rights on the index.`, status);
  }
  if (body === undefined && status < 400) {
    const found = answer.reason.slice(0, 100);
    throw forbidden(`Expected JSON from ${place}, found "${found}". Check the address in "url".`, status);
  }
  return { status, body: body ?? {}, reason: words };
}

/** The disk is full, or the index is being moved or was closed for writing. It passes without a change of the job. */
export function isBlock(error: unknown): boolean {
  return isJsonObject(error) && getOwn(error, 'type') === 'cluster_block_exception';
}

/** `type: reason`, with its cause: that is where the server names the field and the value. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!isJsonObject(error)) return '';
  const cause = getOwn(error, 'caused_by');
  const own = `${textOf(getOwn(error, 'type'))}: ${textOf(getOwn(error, 'reason'))}`;
  const full = isJsonObject(cause) ? `${own} (${textOf(getOwn(cause, 'reason'))})` : own;
  const line = full.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

const LONGEST_REASON = 500;

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'no reason given';
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function forbidden(message: string, status: number): ConfigError {
  return new ConfigError('E_TARGET_FORBIDDEN', message, { details: { status } });
}

/** Throws ConfigError for any other status. `expected` ends a sentence: "the index to be created". */
export function requireStatus(client: IndexClient, answer: IndexAnswer, statuses: readonly number[], expected: string) {
  if (statuses.includes(answer.status)) return;
  const said = answer.reason === '' ? '' : `: ${answer.reason}`;
  throw forbidden(`Expected ${expected}, but ${client.place} answered ${String(answer.status)}${said}.`, answer.status);
}
