/**
 * Sends one change. A request that writes contains the revision on which the change is based, so InvenioRDM notices an
 * edit by someone else. The record is then read, and the conflict policy decides.
 */
import { againAfter, type Change, type ChangeResult, type Held, type Remote } from '../../src/records/change.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { dropReferences, formOf, isWish, makeWish, type Sender, type Wish } from './make-wish.ts';
import { requireStatus, type Answer } from './open-client.ts';
import { readRecord, revisionOf } from './read-records.ts';

/** InvenioRDM answers 500 to one more. */
export const LONGEST_ID = 255;
/** So often the record may change between reading and writing it. */
const MOST_ROUNDS = 3;

/** Throws what concerns more than this record: UnavailableError, ConfigError. */
export async function sendChange(sender: Sender, change: Change): Promise<ChangeResult> {
  const { id } = change;
  const length = Array.from(id).length;
  if (length > LONGEST_ID) {
    const message = `Expected an id of at most ${String(LONGEST_ID)} characters, found one of ${String(length)}.`;
    return refused(id, message);
  }
  const wish = await makeWish(sender, change);
  return isWish(wish) ? start(wish) : wish;
}

async function start(wish: Wish): Promise<ChangeResult> {
  const { change, body, sender } = wish;
  const { kind, found, before } = change;
  if (found !== undefined) return isOutdated(change, found.held) ? readAndDecide(wish, 0) : decide(wish, found.held, 0);
  if (kind === 'insert' || (change.remote?.['deleted'] === true && kind === 'restore')) return insert(wish, 0);
  const revision = publishedRevision(change);
  if (revision === undefined) return readAndDecide(wish, 0);
  // InvenioRDM would store the same: a request would only raise the revision.
  if (kind === 'update' && body !== undefined && before !== undefined && wish.ours.has(formOf(sender, body))) {
    return { id: change.id, result: 'done' };
  }
  return body === undefined ? remove(wish, revision, 0) : replace(wish, revision, 0);
}

/**
 * Whether the record has to be read because it may have been found by a search, which lags: an entry that is older than what
 * was published, or no entry of a record that is to be withdrawn.
 */
function isOutdated(change: Change, held: Held | undefined): boolean {
  if (held === undefined) return change.kind === 'withdraw';
  const [revision, published] = [revisionIn(held.remote), publishedRevision(change)];
  return revision !== undefined && published !== undefined && revision < published;
}

async function readAndDecide(wish: Wish, round: number): Promise<ChangeResult> {
  const { change, sender } = wish;
  if (round > MOST_ROUNDS) return again(change.id, 'it changes in InvenioRDM faster than it can be written');
  return decide(wish, await readRecord(sender.client, sender.vocabulary, change.id), round);
}

async function decide(wish: Wish, held: Held | undefined, round: number): Promise<ChangeResult> {
  const { change, body, sender } = wish;
  const isWithdrawal = change.kind === 'withdraw';
  if (held === undefined) return isWithdrawal ? { id: change.id, result: 'done' } : insert(wish, round);
  if (held.state === 'gone') {
    return isWithdrawal
      ? { id: change.id, result: 'done', remote: { ...held.remote, deleted: true } }
      : deleted(change);
  }
  const form = held.document === undefined ? '' : formOf(sender, held.document);
  if (body !== undefined && form === formOf(sender, body)) return done(wish, held.remote);
  if (!mayReplace(wish, held, form)) return conflict(wish, held);
  const revision = revisionIn(held.remote);
  return body === undefined ? remove(wish, revision, round) : replace(wish, revision, round);
}

function mayReplace({ change, ours, sender }: Wish, held: Held, form: string): boolean {
  const revision = revisionIn(held.remote);
  const published = publishedRevision(change);
  if (change.overwrites || ours.has(form) || (revision !== undefined && revision === published)) return true;
  // A run ended while it sent this record, and what it sent is not known. What a single write explains is that one.
  if (change.found === undefined || change.before !== undefined || change.kind === 'insert') return false;
  const { firstRevision, step } = sender.vocabulary;
  return revision !== undefined && revision <= (published === undefined ? firstRevision : published + step);
}

async function insert(wish: Wish, round: number): Promise<ChangeResult> {
  const { sender, change, body } = wish;
  const answer = await sender.client.ask('POST', sender.vocabulary.path, { body });
  if (answer.status === 201) return done(wish, remoteOf(answer));
  if (answer.status === 400 && /already registered/i.test(answer.reason)) {
    const held = await readRecord(sender.client, sender.vocabulary, change.id);
    if (held !== undefined) return decide(wish, held, round + 1);
    return again(change.id, `InvenioRDM says "${answer.reason}" and gives no record of this id`);
  }
  return refusal(wish, answer, (other) => insert(other, round + 1));
}

async function replace(wish: Wish, revision: number | undefined, round: number): Promise<ChangeResult> {
  const { sender, change, body } = wish;
  const options = { body, ...(revision === undefined ? {} : { revision }) };
  const answer = await sender.client.ask('PUT', sender.vocabulary.itemPath(change.id), options);
  if (answer.status === 200) return done(wish, remoteOf(answer));
  if ([404, 410, 412].includes(answer.status)) return readAndDecide(wish, round + 1);
  if (answer.status === 500) return afterFailure(wish, answer);
  return refusal(wish, answer, (other) => replace(other, revision, round + 1));
}

async function remove(wish: Wish, revision: number | undefined, round: number): Promise<ChangeResult> {
  const { sender, change } = wish;
  const options = revision === undefined ? {} : { revision };
  const answer = await sender.client.ask('DELETE', sender.vocabulary.itemPath(change.id), options);
  if (answer.status === 204 || answer.status === 200)
    return { id: change.id, result: 'done', remote: { deleted: true } };
  if ([404, 410, 412].includes(answer.status)) return readAndDecide(wish, round + 1);
  if (answer.status === 500) return afterFailure(wish, answer);
  return refusal(wish, answer, () => Promise.resolve(again(change.id, answer.reason)));
}

/** 500 is also the answer to a change of a deleted record, and the change may have been made. */
async function afterFailure(wish: Wish, answer: Answer): Promise<ChangeResult> {
  const { sender, change, body } = wish;
  const held = await readRecord(sender.client, sender.vocabulary, change.id);
  const isMade =
    held?.state === 'gone' ||
    (body !== undefined && held?.document !== undefined && formOf(sender, held.document) === formOf(sender, body));
  return isMade ? decide(wish, held, 0) : failed(change.id, answer);
}

/** What InvenioRDM says to a record that it does not take. `retry` sends it without the references that it does not hold. */
async function refusal(
  wish: Wish,
  answer: Answer,
  retry: (wish: Wish) => Promise<ChangeResult>,
): Promise<ChangeResult> {
  const { status, reason, after } = answer;
  const { id } = wish.change;
  if (status === 429) return againAfter(id, { message: reason, retryAfter: after, details: { status } });
  if (status >= 500) return failed(id, answer);
  if ([404, 405, 406, 415].includes(status)) requireStatus(answer, [], `InvenioRDM to take the record ${id}`);
  if (status === 400 && reason === 'Not a valid value.' && wish.body !== undefined) {
    const missing = await wish.sender.references.missing(wish.body, true);
    if (missing.length > 0) {
      const without = dropReferences(wish, missing);
      return isWish(without) ? retry(without) : without;
    }
  }
  return refused(id, `InvenioRDM does not take it (${String(status)}): ${reason}`);
}

export function done({ change, leftOut }: Wish, remote: Remote | undefined): ChangeResult {
  const more = leftOut.length === 0 ? {} : { left_out: leftOut };
  return { id: change.id, result: 'done', remote: { ...remote, ...more } };
}

function refused(id: string, message: string): ChangeResult {
  return { id, result: 'rejected', code: 'E_TARGET_REFUSED', message };
}

function failed(id: string, { status, reason }: Answer): ChangeResult {
  const message = `InvenioRDM answered ${String(status)}: ${reason}`;
  return againAfter(id, { message, details: { status } });
}

function again(id: string, message: string): ChangeResult {
  return { id, result: 'again', message };
}

function deleted({ id }: Change): ChangeResult {
  const message = `InvenioRDM holds a tombstone of ${id}: it was deleted there, and InvenioRDM never takes a deleted id again. Leave it out of the source with a transformer, or have the tombstone removed from its database.`;
  return { id, result: 'rejected', code: 'E_TARGET_DELETED', message };
}

function conflict({ change, body, sender, ours }: Wish, held: Held): ChangeResult {
  const { id } = change;
  const isKnown = change.kind !== 'insert' && ours.size > 0;
  const other = isKnown ? (change.kind === 'withdraw' ? change.document : change.before) : body;
  const differing = membersOf(formOf(sender, other ?? change.document), formOf(sender, held.document ?? { id }));
  const what = isKnown
    ? `It was edited in InvenioRDM since it was published (revision ${shown(publishedRevision(change))}, now ${shown(revisionIn(held.remote))})`
    : `InvenioRDM holds a record of this id that this job did not publish (revision ${shown(revisionIn(held.remote))})`;
  return { id, result: 'conflict', message: `${what}. It differs in ${differing.join(', ')}. It was left as it is.` };
}

function membersOf(one: string, other: string): string[] {
  const [a, b] = [JSON.parse(one) as unknown, JSON.parse(other) as unknown];
  if (!isJsonObject(a) || !isJsonObject(b)) return [];
  const members = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...members].filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key])).toSorted();
}

const shown = (revision: number | undefined): string => (revision === undefined ? 'unknown' : String(revision));

function publishedRevision({ remote }: Change): number | undefined {
  return revisionIn(remote);
}

function revisionIn(remote: Remote | undefined): number | undefined {
  return typeof remote?.['revision'] === 'number' ? remote['revision'] : undefined;
}

function remoteOf({ body }: Answer): Remote {
  const revision = revisionOf(body);
  return revision === undefined ? {} : { revision };
}
