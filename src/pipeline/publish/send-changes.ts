/** Hands a part of a plan to a sink, in batches within its limits, and sorts the answers. */
import { InternalError, UnavailableError } from '../../errors.ts';
import type { ChangeLimits, ChangesSink } from '../../component/writer.ts';
import type { OutgoingChange } from '../../postgres/publish/outgoing.ts';
import type { Settled } from '../../postgres/publish/settle-outgoing.ts';
import type { Change, ChangeResult, Held } from '../../records/change.ts';

/** So often the target may fail on a change while it takes others, before the change is rejected. */
const MOST_TRIES = 6;

export interface Sending {
  readonly sink: ChangesSink;
  readonly limits: ChangeLimits;
  readonly taken: readonly OutgoingChange[];
  readonly overwrites: boolean;
  readonly ofWriter: <T>(call: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

export interface Sent {
  readonly settled: Settled;
  readonly again: readonly { readonly id: string; readonly message: string }[];
  /** Changes that the target gave its last word on, and look-ups that it answered. */
  readonly answered: number;
  /** The longest time in milliseconds that the target asked for. */
  readonly wait: number | undefined;
  /** Throws what a whole batch failed with. The answers of the other batches are in `settled`. */
  readonly throwFailure: () => void;
}

/** Never rejects: what a batch threw is kept for `throwFailure`, so that the answers to the others are not lost. */
export async function sendChanges(sending: Sending): Promise<Sent> {
  const { taken, limits, signal } = sending;
  const results = new Map<string, ChangeResult>();
  let looked = 0;
  let failure: unknown;
  let away: UnavailableError | undefined;
  const queue = toBatches(taken, limits);
  const work = async (): Promise<void> => {
    for (;;) {
      const batch = queue.shift();
      if (batch === undefined || failure !== undefined || signal.aborted) return;
      try {
        const found = await lookUp(sending, batch);
        if (found !== undefined) looked += 1;
        for (const result of await write(sending, batch, found)) results.set(result.id, result);
      } catch (thrown) {
        if (!(thrown instanceof UnavailableError) || thrown.code === 'E_LEASE_LOST') failure ??= thrown;
        else {
          away ??= thrown;
          for (const { id } of batch) results.set(id, againOf(id, thrown));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, limits.concurrency) }, work));
  const sorted = sort(taken, results, looked, failure !== undefined);
  return {
    ...sorted,
    throwFailure() {
      if (failure !== undefined) throw failure as Error;
      // Where others got through, the batch is tried again at once; where none did, the target is away.
      if (away !== undefined && sorted.answered === 0) throw away;
    },
  };
}

/** The server may have carried it out: the connection broke, or it answered for the whole batch alone. */
function againOf(id: string, { message, retryAfter: after }: UnavailableError): ChangeResult {
  return { id, result: 'again', message, ...(after === undefined ? {} : { after }) };
}

/** A change that was part of two batches that failed is sent alone, so that the others are not held up by it. */
const TRIES_TOGETHER = 2;

function toBatches(taken: readonly OutgoingChange[], limits: ChangeLimits): OutgoingChange[][] {
  const batches: OutgoingChange[][] = [];
  let batch: OutgoingChange[] = [];
  let bytes = 0;
  for (const change of taken) {
    const isFull = batch.length >= limits.batch || bytes + change.bytes > limits.batchBytes;
    if (batch.length > 0 && (isFull || change.tries >= TRIES_TOGETHER)) {
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
    return { ...change, ...known, overwrites };
  });
  const results = await ofWriter(() => sink.write(changes));
  const answered = new Set(results.map(({ id }) => id));
  const missing = changes.find(({ id }) => !answered.has(id));
  if (missing !== undefined) {
    throw new InternalError(
      'E_COMPONENT_CRASH',
      `The writer gave no result for ${String(changes.length - answered.size)} changes of ${String(changes.length)}.`,
    );
  }
  return results;
}

function sort(
  taken: readonly OutgoingChange[],
  results: ReadonlyMap<string, ChangeResult>,
  looked: number,
  failed: boolean,
): Omit<Sent, 'throwFailure'> {
  const done: { id: string; remote?: Readonly<Record<string, unknown>> }[] = [];
  const rejected: { id: string; code: string; message: string }[] = [];
  const kept: { id: string; message: string }[] = [];
  const again: { id: string; message: string }[] = [];
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
  const answered = done.length + rejected.length + kept.length + looked;
  // A target that is down fails on everything; then no single change is to blame.
  const counts = answered > 0 && !failed;
  const tries = new Map(taken.map((change) => [change.id, change.tries]));
  const isLast = ({ id }: { readonly id: string }): boolean => counts && (tries.get(id) ?? 0) + 1 >= MOST_TRIES;
  const given = again.filter(isLast).map(({ id, message }) => ({
    id,
    code: 'E_TARGET_REFUSED',
    message: `The target failed on this record ${String(MOST_TRIES)} times while it took others: ${message}`,
  }));
  const left = again.filter((one) => !isLast(one));
  return {
    settled: { done, rejected: [...rejected, ...given], kept, again: left.map(({ id }) => ({ id, counts })) },
    again: left,
    answered,
    wait: waits.length === 0 ? undefined : Math.max(...waits),
  };
}
