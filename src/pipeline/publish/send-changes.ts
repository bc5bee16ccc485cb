/** Hands a part of a plan to a sink, in batches within its limits, and sorts the answers. */
import { InternalError, UnavailableError } from '../../errors.ts';
import type { ChangeLimits, ChangesSink } from '../../component/writer.ts';
import type { OutgoingChange } from '../../postgres/publish/outgoing.ts';
import type { Settled } from '../../postgres/publish/settle-outgoing.ts';
import {
  againAfter,
  type Again,
  type Change,
  type ChangeResult,
  type Held,
  type Rejected,
} from '../../records/change.ts';

/** So often the target may fail on a change while it takes others, before the change is rejected. */
const MOST_TRIES = 6;
/** If the target fails on more changes than this and takes none, the target is at fault and no single change. */
const FEW = 10;

export interface Sending {
  readonly sink: ChangesSink;
  readonly limits: ChangeLimits;
  readonly taken: readonly OutgoingChange[];
  /** Changes of the plan that the target has not given its last word on, these included. */
  readonly left: number;
  /** The most changes in one batch: `limits.batch`, or less after the target failed on whole batches. */
  readonly together: number;
  readonly overwrites: boolean;
  readonly ofWriter: <T>(call: () => Promise<T>) => Promise<T>;
  /** No further batch is sent. */
  readonly isOver: () => boolean;
}

export interface Sent {
  readonly settled: Settled;
  readonly again: readonly { readonly id: string; readonly message: string }[];
  /** Changes that the target gave its last word on. */
  readonly answered: number;
  /** The target took nothing and failed on a batch of several changes, of which one may be at fault. */
  readonly isSplittable: boolean;
  /** Whether the target refused changes because it accepts no more requests at present. */
  readonly isBusy: boolean;
  /** The longest time in milliseconds that the target asked for. */
  readonly wait: number | undefined;
  /** Throws what a whole batch failed with. The answers of the other batches are in `settled`. */
  readonly throwFailure: () => void;
}

/** Never rejects: what a batch threw is kept for `throwFailure`, so that the answers to the others are not lost. */
export async function sendChanges(sending: Sending): Promise<Sent> {
  const { limits, isOver } = sending;
  const results = new Map<string, ChangeResult>();
  const alone = new Set<string>();
  let looked = 0;
  const splittable: OutgoingChange[] = [];
  let failure: unknown;
  let away: UnavailableError | undefined;
  // A target that accepts no more requests at present is asked again after a pause.
  let isBusy = false;
  const answer = (result: ChangeResult): void => {
    results.set(result.id, result);
    isBusy ||= result.result === 'again' && result.isBusy === true;
  };
  const queue = toBatches(sending);
  const work = async (): Promise<void> => {
    for (;;) {
      if (failure !== undefined || isBusy || isOver()) return;
      const batch = queue.shift();
      if (batch === undefined) return;
      const [first] = batch;
      if (first !== undefined && batch.length === 1) alone.add(first.id);
      let isLookedUp = false;
      try {
        const found = await lookUp(sending, batch);
        isLookedUp = found !== undefined;
        if (isLookedUp) looked += 1;
        for (const result of await write(sending, batch, found)) answer(result);
      } catch (thrown) {
        if (!(thrown instanceof UnavailableError) || thrown.code === 'E_LEASE_LOST') failure ??= thrown;
        else {
          away ??= thrown;
          // The server may have carried it out: the connection broke, or it answered for the whole batch alone.
          const again = batch.map(({ id }) => againAfter(id, thrown));
          for (const result of again) answer(result);
          if (batch.length > 1 && again.some((one) => mayBlame(one, isLookedUp))) splittable.push(...batch);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, limits.concurrency) }, work));
  const areAll = sending.taken.length >= sending.left;
  const sorted = sort(sending.taken, results, { looked, alone, areAll, failed: failure !== undefined });
  const unsent = queue.flat().filter(({ isUncertain }) => !isUncertain);
  return {
    ...sorted,
    settled: { ...sorted.settled, unsent: unsent.map(({ id }) => id) },
    isSplittable: splittable.length > 0 && sorted.answered === 0 && failure === undefined,
    throwFailure() {
      if (failure !== undefined) throw failure as Error;
      // Where others got through, the batch is tried again at once; where none did, the target is away, unless the last
      // changes are at fault.
      const isAtFault = sorted.answered > 0 || sorted.settled.again.some((one) => one.counts);
      if (away !== undefined && !isAtFault && sorted.again.length > 0) throw away;
    },
  };
}

/** Whether the target works and a change may be what it fails on. A busy target takes no change. */
function mayBlame(result: ChangeResult, isLookedUp: boolean): boolean {
  return result.result === 'again' && result.isBusy !== true && (result.isFailure === true || isLookedUp);
}

/**
 * A change that was part of two batches that failed is sent in a small one and then alone, so that the others are not held
 * up by it. For a batch of 250 with one change that the target fails on, these are some 30 requests.
 */
const TRIES_TOGETHER = 2;

/**
 * The changes with the fewest tries are the first. Changes that may have been sent come after the others of as many tries: a
 * target that is busy with one record gets the others.
 */
function toBatches({ taken, limits, together }: Sending): OutgoingChange[][] {
  const small = Math.min(together, Math.ceil(Math.sqrt(limits.batch)));
  const mostOf = (tries: number): number => (tries < TRIES_TOGETHER ? together : tries === TRIES_TOGETHER ? small : 1);
  const batches: OutgoingChange[][] = [];
  let batch: OutgoingChange[] = [];
  let bytes = 0;
  for (const change of taken.toSorted((a, b) => a.tries - b.tries || Number(a.isUncertain) - Number(b.isUncertain))) {
    const isFull = batch.length >= mostOf(change.tries) || bytes + change.bytes > limits.batchBytes;
    if (batch.length > 0 && isFull) {
      batches.push(batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(change);
    bytes += change.bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** What the target holds of the uncertain changes; undefined where there are none or it cannot say. */
async function lookUp(
  { sink, ofWriter }: Sending,
  batch: readonly OutgoingChange[],
): Promise<ReadonlyMap<string, Held> | undefined> {
  const ids = batch.filter(({ isUncertain }) => isUncertain).map(({ id }) => id);
  if (ids.length === 0 || sink.look === undefined) return undefined;
  return ofWriter(async () => sink.look?.(ids));
}

async function write(
  { sink, ofWriter, overwrites }: Sending,
  batch: readonly OutgoingChange[],
  found: ReadonlyMap<string, Held> | undefined,
): Promise<readonly ChangeResult[]> {
  const changes = batch.map(({ isUncertain, tries: _tries, bytes: _bytes, ...change }): Change => {
    const known = isUncertain && found !== undefined ? { found: { held: found.get(change.id) } } : {};
    return { ...change, ...known, overwrites: overwrites || change.overwrites };
  });
  const results = await ofWriter(() => sink.write(changes));
  const answered = new Set(results.map(({ id }) => id));
  const asked = new Set(changes.map(({ id }) => id));
  const stray = results.find(({ id }) => !asked.has(id));
  if (stray !== undefined) {
    throw new InternalError(
      'E_COMPONENT_CRASH',
      `The writer gave a result for ${stray.id}, which is not among the changes that it was asked to make.`,
    );
  }
  const missing = changes.find(({ id }) => !answered.has(id));
  if (missing !== undefined) {
    throw new InternalError(
      'E_COMPONENT_CRASH',
      `The writer gave no result for ${String(changes.length - answered.size)} changes of ${String(changes.length)}.`,
    );
  }
  return results;
}

interface Seen {
  /** Look-ups that the target answered. */
  readonly looked: number;
  /** The changes that were sent as a batch of one. */
  readonly alone: ReadonlySet<string>;
  /** Nothing else is left of the plan. */
  readonly areAll: boolean;
  readonly failed: boolean;
}

function sort(
  taken: readonly OutgoingChange[],
  results: ReadonlyMap<string, ChangeResult>,
  { looked, alone, areAll, failed }: Seen,
): Omit<Sent, 'throwFailure' | 'isSplittable' | 'settled'> & { readonly settled: Omit<Settled, 'unsent'> } {
  const done: { id: string; remote?: Readonly<Record<string, unknown>> }[] = [];
  const rejected: Omit<Rejected, 'result'>[] = [];
  const kept: { id: string; message: string }[] = [];
  const again: Again[] = [];
  const waits: number[] = [];
  for (const result of results.values()) {
    if (result.result === 'done')
      done.push({ id: result.id, ...(result.remote === undefined ? {} : { remote: result.remote }) });
    else if (result.result === 'rejected') rejected.push(result);
    else if (result.result === 'conflict') kept.push(result);
    else {
      again.push(result);
      if (result.after !== undefined) waits.push(result.after);
    }
  }
  const isBusy = again.some((one) => one.isBusy === true);
  const answered = done.length + rejected.length + kept.length;
  // The last changes cannot be compared with others. Each was sent alone, and the target works: it answered a look-up, or it
  // failed with an answer and took other changes when it failed on each of these before. If it says when to come back, it does
  // not work at present.
  const areLast =
    areAll && taken.length <= FEW && waits.length === 0 && !isBusy && taken.every(({ id }) => alone.has(id));
  const wereTried = taken.every(({ tries }) => tries > 0);
  const counts = ({ isBusy: busy = false, isFailure = false }: Again): boolean =>
    !failed && !busy && (answered > 0 || (areLast && (looked > 0 || (wereTried && isFailure))));
  const tries = new Map(taken.map((change) => [change.id, change.tries]));
  const isLast = (one: Again): boolean => counts(one) && (tries.get(one.id) ?? 0) + 1 >= MOST_TRIES;
  const given = again.filter(isLast).map(({ id, message }) => ({
    id,
    code: 'E_TARGET_REFUSED',
    isUnsure: true,
    message: `The target failed on this record ${String(MOST_TRIES)} times while it took others: ${message}`,
  }));
  const left = again.filter((one) => !isLast(one));
  return {
    settled: {
      done,
      rejected: [...rejected, ...given],
      kept,
      again: left.map((one) => ({ id: one.id, counts: counts(one) })),
    },
    again: left,
    answered,
    isBusy,
    wait: waits.length === 0 ? undefined : Math.max(...waits),
  };
}
