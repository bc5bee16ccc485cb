/** Sends operations as bulk requests, and says what became of each. */
import { ConfigError, UnavailableError, type VocabSyncError } from '../../src/errors.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { againAfter, type ChangeResult } from '../../src/records/change.ts';
import type { Operation } from './make-operation.ts';
import { forbidden, isBlock, reasonOf, requireStatus, type IndexClient } from './open-index-client.ts';
import { listOf, toRemote } from './read-documents.ts';

export interface Bulk {
  readonly client: IndexClient;
  readonly refresh: 'end' | 'batch' | 'never';
  /** The largest request that the server is asked to take: half of the last one that it answered with 413. */
  readonly size: { bytes: number };
}

/** `stale`: the document is not what the operation expects. `failed`: what concerns more than this record. */
export type Outcome =
  ChangeResult | { readonly result: 'stale' } | { readonly result: 'failed'; readonly error: VocabSyncError };

/** The members of an answer that are read; the others are left out by the server. */
const FILTER = ['_id', 'status', '_version', '_seq_no', '_primary_term', 'error'].map((key) => `items.*.${key}`);

/** By id. Throws what the first request of several failed with; the operations after a later failure are left out. */
export async function sendBulk(bulk: Bulk, operations: readonly Operation[]): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const queue = split(operations, bulk.size.bytes);
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    try {
      const smaller = await sendPart(bulk, part, outcomes);
      queue.unshift(...smaller);
    } catch (thrown) {
      const isKnown = thrown instanceof UnavailableError || thrown instanceof ConfigError;
      if (!isKnown || outcomes.size === 0) throw thrown;
      for (const { change } of [part, ...queue].flat()) outcomes.set(change.id, { result: 'failed', error: thrown });
      break;
    }
  }
  return outcomes;
}

function split(operations: readonly Operation[], most: number): (readonly Operation[])[] {
  const parts: Operation[][] = [];
  let bytes = 0;
  for (const operation of operations) {
    const more = Buffer.byteLength(operation.lines);
    const last = parts.at(-1);
    if (last === undefined || bytes + more > most) {
      parts.push([operation]);
      bytes = more;
    } else {
      last.push(operation);
      bytes += more;
    }
  }
  return parts;
}

/** Returns the smaller parts that the operations have to be sent in, if the server does not take them together. */
async function sendPart(
  bulk: Bulk,
  part: readonly Operation[],
  outcomes: Map<string, Outcome>,
): Promise<(readonly Operation[])[]> {
  const { client, refresh, size } = bulk;
  const body = part.map(({ lines }) => lines).join('');
  const wait = refresh === 'batch' ? 'refresh=wait_for&' : '';
  const path = `/_bulk?${wait}filter_path=error,status,${FILTER.join(',')}`;
  const answer = await client.ask({ method: 'POST', path, body });
  const { status, reason } = answer;
  if (status === 400 || status === 413) {
    const [only] = part;
    if (part.length === 1 && only !== undefined) {
      outcomes.set(only.change.id, refused(only.change.id, status, reason));
      return [];
    }
    if (status === 413) size.bytes = Math.min(size.bytes, Math.ceil(Buffer.byteLength(body) / 2));
    const half = Math.ceil(part.length / 2);
    return [part.slice(0, half), part.slice(half)];
  }
  requireStatus(client, answer, [200], 'a bulk request to be accepted');
  const items = listOf(answer.body, 'items');
  for (const item of items) {
    const [told] = Object.values(item);
    if (!isJsonObject(told)) continue;
    const id = String(getOwn(told, '_id'));
    outcomes.set(id, toOutcome(client, id, told, 'delete' in item));
  }
  for (const { change } of part) {
    if (outcomes.has(change.id)) continue;
    outcomes.set(change.id, { id: change.id, result: 'again', message: `${client.place} gave no result for it` });
  }
  return [];
}

function toOutcome(client: IndexClient, id: string, told: JsonObject, isDeletion: boolean): Outcome {
  const status = Number(getOwn(told, 'status'));
  const error = getOwn(told, 'error');
  const reason = reasonOf(error);
  const remote = toRemote(told);
  if (status >= 200 && status < 300) {
    return { id, result: 'done', remote: isDeletion ? { version: remote['version'], deleted: true } : remote };
  }
  if (isDeletion && status === 404 && error === undefined) return { id, result: 'done', remote: { deleted: true } };
  if (status === 409) return { result: 'stale' };
  if (status === 429 || status >= 500 || isBlock(error)) {
    return againAfter(id, { message: `The index answered ${String(status)}: ${reason}`, details: { status } });
  }
  if ([401, 403, 404].includes(status)) {
    const advice =
      status === 404 ? 'Check the index.' : 'Check the credential of the writer and its rights on the index.';
    return {
      result: 'failed',
      error: forbidden(`${client.place} answered ${String(status)}: ${reason}. ${advice}`, status),
    };
  }
  return refused(id, status, reason);
}

function refused(id: string, status: number, reason: string): ChangeResult {
  const message = `The index does not take it (${String(status)})${reason === '' ? '' : `: ${reason}`}`;
  return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
}
