/** One request for each change, and what its answer means. */
import type { ChangesContext, ChangesSink } from '../../src/component/writer.ts';
import type { ApiAnswer } from '../../src/component/services.ts';
import { ConfigError, RecordError, UnavailableError } from '../../src/errors.ts';
import { parsePointer } from '../../src/job/pointer.ts';
import type { Change, ChangeResult, Held, Remote } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { fillBody, fillPath, valueAt } from './fill-request.ts';
import type { RestArgs, RestRequest } from './rest-args.ts';

const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json' };

export function openRestSink(args: RestArgs, context: ChangesContext): ChangesSink {
  const look = args.look === undefined ? {} : { look: (ids: readonly string[]) => lookAll(args, context, ids) };
  return {
    ...look,
    write: (changes) => Promise.all(changes.map((change) => writeOne(args, context, change))),
    close: () => Promise.resolve(),
  };
}

async function writeOne(args: RestArgs, context: ChangesContext, change: Change): Promise<ChangeResult> {
  const { id } = change;
  try {
    return await send(args, context, change);
  } catch (thrown) {
    if (thrown instanceof RecordError) return { id, result: 'rejected', code: thrown.code, message: thrown.message };
    // This request alone: the others of the batch have answers of their own.
    if (thrown instanceof UnavailableError) return { id, result: 'again', message: thrown.message };
    throw thrown;
  }
}

async function send(args: RestArgs, context: ChangesContext, change: Change): Promise<ChangeResult> {
  const { id, kind, found } = change;
  const held = found?.held;
  const isThere = found === undefined ? kind !== 'insert' && kind !== 'restore' : held !== undefined;
  const remote = { ...change.remote, ...held?.remote };
  if (kind === 'withdraw') {
    if (!isThere || args.remove === undefined) return { id, result: 'done' };
    return judge(args, change, await ask(args, context, args.remove, change, remote));
  }
  const request = isThere ? args.update : (args.create ?? args.update);
  const values = { record: change.document, remote };
  if (held?.document !== undefined && contains(held.document, bodyOf(request, values))) {
    return { id, result: 'done', ...(held.remote === undefined ? {} : { remote: held.remote }) };
  }
  const result = judge(args, change, await ask(args, context, request, change, remote));
  if (result.result !== 'conflict' || !change.overwrites || isThere) return result;
  // Somebody else made a record of this id, and the job says that it may be published over.
  const other = await lookOne(args, context, id);
  return judge(args, change, await ask(args, context, args.update, change, { ...remote, ...other?.remote }));
}

async function ask(
  args: RestArgs,
  { api, signal, turn }: ChangesContext,
  request: RestRequest,
  change: Change,
  remote: Remote,
): Promise<ApiAnswer> {
  const values = { record: change.document, remote };
  const url = args.url.replace(/\/+$/, '') + fillPath(request.path, values);
  const etag = remote['etag'];
  const isGuarded = args.if_match !== undefined && typeof etag === 'string' && !change.overwrites;
  const body = bodyOf(request, values);
  await turn();
  return api.ask({
    url,
    method: request.method,
    headers: { ...JSON_TYPE, ...args.headers, ...(isGuarded ? { 'if-match': etag } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
    timeoutMs: args.timeout_seconds * 1000,
  });
}

function bodyOf(
  { method, body }: RestRequest,
  values: { readonly record: unknown; readonly remote: unknown },
): unknown {
  if (body !== undefined) return fillBody(body, values);
  return method === 'DELETE' ? undefined : values.record;
}

function judge(args: RestArgs, change: Change, answer: ApiAnswer): ChangeResult {
  const { id, kind } = change;
  const { status } = answer;
  const { done, gone, conflict, again, forbidden } = args.answers;
  if (done.includes(status)) return { id, result: 'done', ...remoteOf(args, answer) };
  if (kind === 'withdraw' && gone.includes(status)) return { id, result: 'done' };
  const message = `The target answered ${String(status)}${answer.reason === '' ? '' : `: ${answer.reason}`}`;
  if (conflict.includes(status)) return { id, result: 'conflict', message };
  if (again.includes(status)) {
    const { retryAfter: after } = answer;
    return { id, result: 'again', message, ...(after === undefined ? {} : { after }) };
  }
  if (forbidden.includes(status)) throw refusal(args, answer);
  return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
}

function refusal({ url }: RestArgs, { status, reason }: ApiAnswer): ConfigError {
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `${url} answered ${String(status)}${reason === '' ? '' : `: ${reason}`}. Check the credential in "headers", its rights, and the methods and paths of the writer.`,
    { details: { status } },
  );
}

async function lookAll(
  args: RestArgs,
  context: ChangesContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Held>> {
  const held = new Map<string, Held>();
  for (const id of ids) {
    const one = await lookOne(args, context, id);
    if (one !== undefined) held.set(id, one);
  }
  return held;
}

async function lookOne(args: RestArgs, { api, signal, turn }: ChangesContext, id: string): Promise<Held | undefined> {
  if (args.look === undefined) return undefined;
  const { path, found } = args.look;
  const url = args.url.replace(/\/+$/, '') + fillPath(path, { record: { id }, remote: {} });
  await turn();
  const answer = await api.ask({ url, method: 'GET', headers: { ...JSON_TYPE, ...args.headers }, signal });
  const { status, reason, retryAfter } = answer;
  if (args.answers.gone.includes(status)) return undefined;
  if (args.answers.forbidden.includes(status)) throw refusal(args, answer);
  if (!args.answers.done.includes(status)) {
    throw new UnavailableError(
      'E_TARGET_UNAVAILABLE',
      `${args.url} answered ${String(status)} when a record was looked up${reason === '' ? '' : `: ${reason}`}. It is tried again.`,
      retryAfter === undefined ? {} : { retryAfter },
    );
  }
  const document = valueAt(toJson(args, answer), parsePointer(found));
  if (!isJsonObject(document)) return undefined;
  return { id, state: 'live', document: document as Document, ...remoteOf(args, answer, document) };
}

function toJson({ url }: RestArgs, { body, reason }: ApiAnswer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new ConfigError(
      'E_TARGET_FORBIDDEN',
      `Expected JSON from ${url} when a record was looked up, found "${reason.slice(0, 100)}". Check the address and the path of "look".`,
    );
  }
}

/** What is kept of an answer: the values that the job names, and the ETag where it is sent back. */
function remoteOf(args: RestArgs, answer: ApiAnswer, document?: unknown): { readonly remote?: Remote } {
  const remote: Record<string, unknown> = {};
  const names = Object.entries(args.remote);
  const body = document ?? (names.length > 0 ? tolerantJson(answer.body) : undefined);
  for (const [name, pointer] of names) {
    const value = valueAt(body, parsePointer(pointer));
    if (value !== undefined) remote[name] = value;
  }
  const etag = answer.headers['etag'];
  if (args.if_match !== undefined && etag !== undefined) {
    remote['etag'] = args.if_match === 'bare' ? etag.replace(/^W\//, '').replaceAll('"', '') : etag;
  }
  return Object.keys(remote).length === 0 ? {} : { remote };
}

/** An answer without a body, or with a page, keeps nothing. */
function tolerantJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether everything that would be sent is there already; a target adds fields of its own. */
function contains(held: unknown, sent: unknown): boolean {
  if (Array.isArray(sent)) {
    return Array.isArray(held) && held.length === sent.length && sent.every((item, i) => contains(held[i], item));
  }
  if (!isJsonObject(sent)) return Object.is(held, sent);
  return isJsonObject(held) && Object.entries(sent).every(([key, item]) => contains(held[key], item));
}
