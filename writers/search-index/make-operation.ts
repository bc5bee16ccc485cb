/**
 * Decides what is asked of the index for one change. Every operation names what it expects to find: nothing, or the
 * document with the sequence number of the last answer. The server refuses it (409) if another client wrote the
 * document since, and also if an earlier request from vocab-sync is delayed.
 */
import type { Change, ChangeResult, Held, Remote } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { canonicalJson } from '../../src/records/json-object.ts';

/** The server refuses the whole request for one longer `_id`. */
const LONGEST_ID_BYTES = 512;

/** What to send for a change. */
export interface Operation {
  readonly change: Change;
  /** Lines of a bulk request, each with its line feed. */
  readonly lines: string;
}

/** `look`: the document has to be looked up first. */
export type Decision = Operation | ChangeResult | 'look';

export function isOperation(decision: Decision): decision is Operation {
  return typeof decision === 'object' && 'lines' in decision;
}

export function decideFirst(change: Change, withdrawnField: string | undefined): Decision {
  const { id, kind, remote, found } = change;
  const bytes = Buffer.byteLength(id);
  if (bytes > LONGEST_ID_BYTES) {
    const message = `Expected an id of at most ${String(LONGEST_ID_BYTES)} bytes, found one of ${String(bytes)}.`;
    return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
  }
  if (found !== undefined) return decideOn(change, found.held, withdrawnField);
  if (kind === 'insert' || remote?.['deleted'] === true) return decideOn(change, undefined, withdrawnField);
  return remote?.['seq_no'] === undefined ? 'look' : write(change, remote, withdrawnField);
}

export function decideOn(
  change: Change,
  held: Held | undefined,
  withdrawnField: string | undefined,
): Operation | ChangeResult {
  const { id, kind, document } = change;
  const isWithdrawal = kind === 'withdraw';
  if (held === undefined) {
    return isWithdrawal ? { id, result: 'done', remote: { ...change.remote, deleted: true } } : create(change);
  }
  const isThere = held.document !== undefined && canonicalJson(held.document) === canonicalJson(document);
  const isInState = isWithdrawal ? withdrawnField !== undefined && held.state === 'gone' : held.state === 'live';
  if (isThere && isInState)
    return { id, result: 'done', ...(held.remote === undefined ? {} : { remote: held.remote }) };
  if (mayReplace(change, held)) return write(change, held.remote ?? {}, withdrawnField);
  return conflict(change, held);
}

function mayReplace(change: Change, held: Held): boolean {
  const { remote, kind, before, document, found, overwrites } = change;
  if (overwrites || isSame(remote, held.remote)) return true;
  const published = kind === 'withdraw' ? document : before;
  if (published !== undefined && held.document !== undefined) {
    if (canonicalJson(published) === canonicalJson(held.document)) return true;
  }
  // A run ended while it sent this record, and what it sent is not known. A single write since then is that one.
  if (found === undefined || before !== undefined || kind === 'insert') return false;
  return (
    numberOf(held.remote, 'version') <=
    (Number.isNaN(numberOf(remote, 'version')) ? 1 : numberOf(remote, 'version') + 1)
  );
}

function isSame(published: Remote | undefined, held: Remote | undefined): boolean {
  return ['seq_no', 'primary_term'].every((key) => numberOf(published, key) === numberOf(held, key));
}

/** NaN, which equals nothing, where it is not known. */
function numberOf(remote: Remote | undefined, key: string): number {
  const value = remote?.[key];
  return typeof value === 'number' ? value : Number.NaN;
}

function create(change: Change): Operation {
  return toOperation(change, { create: { _id: change.id } }, change.document);
}

function write(change: Change, remote: Remote, withdrawnField: string | undefined): Operation {
  const expected = {
    _id: change.id,
    ...(remote['seq_no'] === undefined ? {} : { if_seq_no: remote['seq_no'], if_primary_term: remote['primary_term'] }),
  };
  if (change.kind !== 'withdraw') return toOperation(change, { index: expected }, change.document);
  if (withdrawnField === undefined) return toOperation(change, { delete: expected });
  return toOperation(change, { index: expected }, { ...change.document, [withdrawnField]: true });
}

function toOperation(change: Change, action: object, document?: Document): Operation {
  const source = document === undefined ? '' : `${JSON.stringify(document)}\n`;
  return { change, lines: `${JSON.stringify(action)}\n${source}` };
}

function conflict({ id, kind, before, document, remote }: Change, held: Held): ChangeResult {
  const isKnown = kind !== 'insert' && remote !== undefined;
  const other = isKnown && kind !== 'withdraw' ? (before ?? document) : document;
  const found: Readonly<Record<string, unknown>> = held.document ?? {};
  const members = [...new Set([...Object.keys(other), ...Object.keys(found)])]
    .filter((key) => canonicalJson(other[key]) !== canonicalJson(found[key]))
    .toSorted();
  const what = isKnown
    ? `Another client changed it in the index since it was published (version ${shown(remote)}, now ${shown(held.remote)})`
    : `The index holds a document of this id that this job did not publish (version ${shown(held.remote)})`;
  const where = members.length === 0 ? '' : ` It differs in ${members.join(', ')}.`;
  return { id, result: 'conflict', message: `${what}.${where} It was left as it is.` };
}

function shown(remote: Remote | undefined): string {
  const version = remote?.['version'];
  return typeof version === 'number' ? String(version) : 'unknown';
}
