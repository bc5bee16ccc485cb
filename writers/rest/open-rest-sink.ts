/** One request for each change, and what its answer means. */
import type { ChangesContext, ChangesSink, Expected } from '../../src/component/writer.ts';
import type { ApiAnswer } from '../../src/component/services.ts';
import { ConfigError, RecordError, UnavailableError } from '../../src/errors.ts';
import { parsePointer, valueAt } from '../../src/job/pointer.ts';
import { againAfter, type Change, type ChangeResult, type Held, type Remote } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import type { FieldChange } from '../../src/records/field-changes.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { fillBody, fillPath } from './fill-request.ts';
import type { RestArgs, RestRequest } from './rest-args.ts';

const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json' };

export function openRestSink(args: RestArgs, context: ChangesContext): ChangesSink {
  const look = args.look === undefined ? {} : { look: (ids: readonly string[]) => lookAll(args, context, ids) };
  return {
    ...look,
    compare: (expected, held) => compareSent(args, expected, held),
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
    if (thrown instanceof UnavailableError) return againAfter(id, thrown);
    throw thrown;
  }
}

async function send(args: RestArgs, context: ChangesContext, change: Change): Promise<ChangeResult> {
  const { id, kind, found } = change;
  if (found === undefined && isBlind(args, change)) return sendBlindly(args, context, change);
  const held = found?.held;
  if (held !== undefined && noticesEdits(args, change) && !isOurs(args, change, held)) return edited(id);
  const isThere = found === undefined ? kind !== 'insert' && kind !== 'restore' : held !== undefined;
  const { etag, ...kept } = { ...change.remote, ...held?.remote };
  // No ETag matches a record that does not exist: creating it again would fail with 412.
  const remote = isThere && etag !== undefined ? { ...kept, etag } : kept;
  if (kind === 'withdraw') {
    if (!isThere) return { id, result: 'done' };
    if (args.remove === undefined) {
      const message = 'The writer has no request that removes a record: set "remove".';
      return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
    }
    return judge(args, change, await ask(args, context, args.remove, change, remote));
  }
  const request = isThere ? args.update : (args.create ?? args.update);
  const values = { record: change.document, remote };
  if (held?.document !== undefined && contains(held.document, bodyOf(request, values))) {
    return { id, result: 'done', ...(held.remote === undefined ? {} : { remote: held.remote }) };
  }
  const result = judge(args, change, await ask(args, context, request, change, remote));
  if (result.result !== 'conflict' || isThere || (!change.overwrites && args.look === undefined)) return result;
  const other = await lookOne(args, context, id);
  // A request without an answer may have been carried out after the record was looked up.
  if (other?.document !== undefined && contains(other.document, bodyOf(request, values))) {
    return { id, result: 'done', ...(other.remote === undefined ? {} : { remote: other.remote }) };
  }
  if (!change.overwrites) return result;
  // Another client created a record with this id, and the job allows overwriting it.
  return judge(args, change, await ask(args, context, args.update, change, { ...remote, ...other?.remote }));
}

/** An update without an ETag would replace whatever is there. */
function isBlind(args: RestArgs, { kind, remote, overwrites }: Change): boolean {
  const isKnown = remote?.['etag'] !== undefined || args.if_match === undefined || args.look === undefined;
  return kind === 'update' && !isKnown && !overwrites;
}

/** Looks the record up first. A version that is neither the published nor the new one belongs to another client. */
async function sendBlindly(args: RestArgs, context: ChangesContext, change: Change): Promise<ChangeResult> {
  const held = await lookOne(args, context, change.id);
  if (held !== undefined && !isAsSent(args, change, held)) return edited(change.id);
  return send(args, context, { ...change, found: { held } });
}

/** Without `if_match`, only a record that is there already is noticed, by `create`. */
function noticesEdits(args: RestArgs, { kind, overwrites }: Change): boolean {
  return !overwrites && (kind === 'insert' ? args.create !== undefined : args.if_match !== undefined);
}

/** Whether the record is the published or the new one, or one that a run which ended may have sent. */
function isOurs(args: RestArgs, change: Change, held: Held): boolean {
  const { kind, before, remote } = change;
  const isLost = before === undefined && kind !== 'insert';
  const etag = remote?.['etag'];
  return isLost || (etag !== undefined && etag === held.remote?.['etag']) || isAsSent(args, change, held);
}

function isAsSent(args: RestArgs, { document, before }: Change, held: Held): boolean {
  return [document, before].some(
    (one) => one !== undefined && compareSent(args, { document: one, withdrawn: false }, held).length === 0,
  );
}

function edited(id: string): ChangeResult {
  return { id, result: 'conflict', message: 'The target holds another record than this job published.' };
}

/** A target may add fields of its own, so only those that an update would send are compared. */
function compareSent(args: RestArgs, { document, withdrawn, remote }: Expected, held: Held): readonly FieldChange[] {
  if (withdrawn) return [{ pointer: '', before: 'withdrawn', after: 'there' }];
  const values = { record: document, remote: { ...remote, ...held.remote } };
  return differing(bodyOf(args.update, values), held.document, '');
}

function differing(sent: unknown, held: unknown, pointer: string): readonly FieldChange[] {
  if (sent === undefined || contains(held, sent)) return [];
  if (!isJsonObject(sent) || !isJsonObject(held)) return [{ pointer, before: sent, after: held }];
  return Object.entries(sent).flatMap(([key, value]) =>
    differing(value, held[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
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
    return againAfter(id, { message, retryAfter: answer.retryAfter, details: { status } });
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
  const answer = await api.ask({
    ...{ url, method: 'GET', headers: { ...JSON_TYPE, ...args.headers }, signal },
    timeoutMs: args.timeout_seconds * 1000,
  });
  const { status, reason, retryAfter } = answer;
  if (args.answers.gone.includes(status)) return undefined;
  if (args.answers.forbidden.includes(status)) throw refusal(args, answer);
  if (!args.answers.done.includes(status)) {
    throw new UnavailableError(
      'E_TARGET_UNAVAILABLE',
      `${args.url} answered ${String(status)} when a record was looked up${reason === '' ? '' : `: ${reason}`}. It is tried again.`,
      { details: { status }, ...(retryAfter === undefined ? {} : { retryAfter }) },
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
