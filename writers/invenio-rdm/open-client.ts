/**
 * Requests to one InvenioRDM, within its budget. InvenioRDM counts requests by User-Agent and address of the client, so
 * all jobs of a worker share one budget; every answer says what is left of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiAnswer, ApiService } from '../../src/component/services.ts';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';

/** As many requests may be in progress when the answer with the last budget arrives. */
const LEAST_LEFT = 8;
/** More than the minute of the usual limit. A longer wait is left to the engine, which starts another attempt after it. */
const LONGEST_WAIT_MS = 70_000;
/** At the edge of the limit one request is taken each second, and all that are in progress compete for it. */
const MOST_REFUSALS = 100;
const FIRST_WAIT_MS = 1000;
/** A server may close a kept connection just when a request is sent. Reads are repeated, so that this ends no attempt. */
const MOST_READS = 3;

export interface Answer {
  readonly status: number;
  /** Empty where the answer is not a JSON object. */
  readonly body: JsonObject;
  /** What InvenioRDM says, in one line. */
  readonly reason: string;
  /** With status 429: milliseconds to wait. */
  readonly after: number | undefined;
}

export interface Client {
  /** Says where requests go, for messages. */
  readonly url: string;
  /** Requests that were sent, by method. */
  readonly sent: Map<string, number>;
  /** Throws UnavailableError where no answer comes, ConfigError where InvenioRDM refuses every such request. */
  ask(method: string, path: string, options?: { readonly body?: unknown; readonly revision?: number }): Promise<Answer>;
}

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  readonly api: ApiService;
  readonly signal: AbortSignal;
  readonly turn: () => Promise<void>;
}

export function openClient({ url, token, api, signal, turn }: ClientOptions): Client {
  const base = `${url.replace(/\/+$/, '')}/`;
  const sent = new Map<string, number>();
  const budget = { until: 0 };
  const send = async (method: string, path: string, body: unknown, revision: number | undefined) => {
    for (let reads = 1; ; reads += 1) {
      try {
        return await sendOnce(method, path, body, revision);
      } catch (thrown) {
        if (method !== 'GET' || !isBrokenOff(thrown) || reads === MOST_READS) throw thrown;
      }
    }
  };
  const sendOnce = async (method: string, path: string, body: unknown, revision: number | undefined) => {
    await turn();
    sent.set(method, (sent.get(method) ?? 0) + 1);
    return api.ask({
      url: base + path,
      method,
      signal,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        // Any parameter of the type, such as a charset, is refused with 415.
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        // A bare integer: the ETag as it is sent, in quotes, is refused.
        ...(revision === undefined ? {} : { 'if-match': String(revision) }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  return {
    url: base,
    sent,
    async ask(method, path, { body, revision } = {}) {
      for (let refusals = 0; ; refusals += 1) {
        const left = budget.until - Date.now();
        if (left > LONGEST_WAIT_MS) return tooMany(left);
        if (left > 0) await sleep(left, undefined, { signal });
        const answer = await send(method, path, body, revision);
        const wait = waitOf(answer, refusals);
        if (wait !== undefined) budget.until = Math.max(budget.until, Date.now() + wait);
        if (answer.status !== 429) return toAnswer(answer, `${method} ${base}${path}`);
        if (refusals >= MOST_REFUSALS) return tooMany(wait ?? FIRST_WAIT_MS);
      }
    },
  };
}

function isBrokenOff(thrown: unknown): boolean {
  return thrown instanceof UnavailableError && ['ECONNRESET', 'EPIPE'].includes(String(thrown.details['reason']));
}

/** `Retry-After` comes with every answer, so it only counts with 429 or when the budget is nearly used up. */
function waitOf({ status, headers, retryAfter }: ApiAnswer, refusals: number): number | undefined {
  if (status === 429) return retryAfter ?? FIRST_WAIT_MS * 2 ** refusals;
  const left = headers['x-ratelimit-remaining'];
  return left !== undefined && /^\d+$/.test(left) && Number(left) < LEAST_LEFT ? retryAfter : undefined;
}

function tooMany(after: number): Answer {
  return { status: 429, body: {}, reason: 'its rate limit is used up', after };
}

function toAnswer(answer: ApiAnswer, request: string): Answer {
  const { status } = answer;
  const body = parse(answer.body);
  const reason = body === undefined ? answer.reason : wordsOf(body, answer.reason);
  if (status === 401 || status === 403) throw forbidden(request, status, reason, body !== undefined);
  if (body === undefined && status < 400 && status !== 204) {
    throw new ConfigError(
      'E_TARGET_FORBIDDEN',
      `${request} answered ${String(status)} without JSON, so it is not the API of an InvenioRDM, or something before it answers in its place: "${reason}". Check "url": it ends in /api.`,
      { details: { status } },
    );
  }
  return { status, body: body ?? {}, reason, after: undefined };
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `{"errors": [{"field": "identifiers.0.identifier", "messages": ["Invalid ISNI identifier."]}]}`, else the message. */
function wordsOf(body: JsonObject, otherwise: string): string {
  const errors = Array.isArray(body['errors']) ? body['errors'].filter(isJsonObject) : [];
  const words = errors.map(({ field, messages }) => {
    const said = Array.isArray(messages) ? messages.map(String).join(' ') : String(messages);
    return `${String(field)}: ${said}`;
  });
  if (words.length > 0) return words.toSorted().join('; ');
  return typeof body['message'] === 'string' ? body['message'] : otherwise;
}

function forbidden(request: string, status: number, reason: string, isInvenio: boolean): ConfigError {
  const advice = isInvenio
    ? 'InvenioRDM gives this answer if the token is missing, wrong or expired, or if its user lacks the right. Make a token of a user who may manage vocabularies: `invenio roles create vocabulary-managers`, `invenio roles add USER vocabulary-managers`, `invenio access allow superuser-access role vocabulary-managers`.'
    : 'The answer does not come from InvenioRDM: a proxy in front of it refuses the request.';
  return new ConfigError('E_TARGET_FORBIDDEN', `${request} answered ${String(status)}: "${reason}". ${advice}`, {
    details: { status },
  });
}

/** For reads that have no record to answer for. Throws UnavailableError or ConfigError unless the status is one of these. */
export function requireStatus(answer: Answer, expected: readonly number[], what: string): Answer {
  const { status, reason, after } = answer;
  if (expected.includes(status)) return answer;
  const message = `Expected ${what}, but InvenioRDM answered ${String(status)}: ${reason}.`;
  if (status === 429 || status >= 500) {
    throw new UnavailableError('E_TARGET_UNAVAILABLE', `${message} It is tried again.`, {
      details: { status },
      ...(after === undefined ? {} : { retryAfter: after }),
    });
  }
  throw new ConfigError('E_TARGET_FORBIDDEN', `${message} Check "url" and "vocabulary" of the writer.`, {
    details: { status },
  });
}
