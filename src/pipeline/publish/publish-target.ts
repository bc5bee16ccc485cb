/**
 * The step that publishes a frozen plan into one target, batch by batch. Each result is stored in one transaction with
 * the change log, so a new attempt resumes at the same position. A change that an earlier attempt may have sent is
 * looked up in the target first.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError, UnavailableError, VocabSyncError } from '../../errors.ts';
import type { ChangesWriter } from '../../component/writer.ts';
import {
  claimPublication,
  closePublication,
  failPublication,
  type OutgoingChange,
  type PublicationKey,
} from '../../postgres/publish/outgoing.ts';
import { answersIn } from '../../postgres/publish/settle-outgoing.ts';
import { saveTargetCounts, type PublicationRow } from '../../postgres/ledger/publications.ts';
import type { Engine, Pauses } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { openTask, publishedTarget, type OpenTarget, type OpenTask } from '../open-task.ts';
import type { Published, PublishInput, StepContext } from '../run-steps.ts';
import { isWhole } from './apply-changes.ts';
import { openPlan } from './open-plan.ts';
import { sendChanges, type Sent } from './send-changes.ts';
import { withSink, type OpenSink } from './with-sink.ts';

/** So many parts are made of a batch that the target fails on, if it takes no other. */
const SMALLER = 4;
/** A target that asks for more patience than this is given it between two attempts. */
const LONGEST_WAIT_MS = 60_000;
/** After more parts than this of which the target took nothing, the attempt ends. */
const MOST_SILENT = 6;
const PAUSES: Pauses = { first: 200, busy: 1000 };

export async function publishTarget(engine: Engine, input: PublishInput, context: StepContext): Promise<Published> {
  await enterPhase(engine, input.run, 'apply');
  const task = await openTask(engine, input);
  const opened = requireTarget(task, input.target);
  const { changes } = opened;
  const target = publishedTarget(opened);
  const key: PublicationKey = { run: input.run, task: input.task, target, job: task.run.job_id };
  const claimed = await claimPublication(engine.pool, key);
  const lease = claimed.lease ?? '';
  try {
    const row =
      claimed.state === 'done' ? claimed : await drain({ engine, task, key, lease, changes, context }, claimed);
    await saveTargetCounts(engine.pool, input.run, input.task, target.name, row.counts);
    return { counts: row.counts };
  } catch (thrown) {
    if (thrown instanceof VocabSyncError && thrown.kind !== 'unavailable') {
      const error = { code: thrown.code, message: thrown.message };
      await failPublication(engine.pool, key, lease, error);
      await saveTargetCounts(engine.pool, input.run, input.task, target.name);
    }
    throw thrown;
  }
}

function requireTarget(
  task: OpenTask,
  name: string,
): OpenTarget & { readonly changes: NonNullable<OpenTarget['changes']> } {
  const found = task.targets.find((target) => publishedTarget(target).name === name);
  if (found?.changes !== undefined) return { ...found, changes: found.changes };
  throw new StateError('E_RUN_STATE', `Task ${task.row.name} has no target ${name} that receives changes.`);
}

interface Publishing {
  readonly engine: Engine;
  readonly task: OpenTask;
  readonly key: PublicationKey;
  readonly lease: string;
  readonly changes: { readonly writer: ChangesWriter; readonly args: unknown };
  readonly context: StepContext;
}

async function drain(publishing: Publishing, claimed: PublicationRow): Promise<PublicationRow> {
  const { engine, task, key, lease, changes, context } = publishing;
  if (claimed.total > 0) {
    await withSink(engine, { ...key, changes }, context.signal, async (open) => {
      await sendAll(publishing, open, claimed.total - claimed.answered);
      await open.ofWriter(async () => open.sink.finish?.());
    });
  }
  return closePublication(engine.pool, key, lease, isWhole(task));
}

/**
 * Sends one part of the plan while the answers to the last part are recorded and the next part is read, because neither the
 * target nor the ledger should wait for the other. Answers are recorded in the order in which they came, part by part.
 */
async function sendAll(
  { engine, key, lease, changes, context, task }: Publishing,
  { sink, limits, ofWriter }: OpenSink,
  unanswered: number,
): Promise<void> {
  const { signal, onProgress } = context;
  const overwrites = changes.writer.onConflict(changes.args) === 'overwrite';
  const plan = openPlan(engine.pool, key, lease, { limits, onProgress });
  let recording = Promise.resolve();
  let isLost = false;
  const lose = (): void => {
    isLost = true;
  };
  const isOver = (): boolean => isLost || signal.aborted;
  /** Taken, and not handed to the target. */
  let next: readonly OutgoingChange[] = [];
  const unwatch = plan.watchLease(lose);
  let [left, silent, together] = [unanswered, 0, limits.batch];
  try {
    next = await plan.take([]);
    while (next.length > 0) {
      signal.throwIfAborted();
      const taken = next;
      next = [];
      const reading = recording.then(() => (plan.isAhead ? plan.take(taken) : []));
      reading.catch(lose);
      const sent = await sendChanges({ sink, limits, taken, left, together, overwrites, ofWriter, isOver });
      left -= answersIn(sent.settled);
      const record = (): Promise<void> => plan.record(sent.settled);
      recording = reading.then(record, record);
      recording.catch(lose);
      next = await reading;
      const isSmaller = sent.isSplittable && together > 1;
      together = isSmaller ? Math.ceil(together / SMALLER) : limits.batch;
      silent = sent.answered > 0 ? 0 : silent + 1;
      if (sent.answered < taken.length || next.length === 0) {
        await recording;
        if (isSmaller) {
          // The changes that the target failed on come first, in smaller batches.
          await plan.release(next);
          next = [];
        } else sent.throwFailure();
        const pause = pauseAfter(sent, silent, taken, engine.pauses ?? PAUSES);
        if (pause > LONGEST_WAIT_MS || (pause > 0 && silent > MOST_SILENT)) {
          throw silence(sent, pause, `${key.target.name} (task ${task.row.name})`);
        }
        await wait(pause, signal);
      }
      if (next.length === 0) next = await plan.take([]);
      // Another attempt that took over while the last part was sent looks these up and sends them.
      else await plan.checkLease();
    }
  } catch (thrown) {
    await recording.catch(() => undefined);
    // An attempt that lost its lease, or the database, leaves them to the next one, which looks them up.
    await plan.release(next).catch(() => undefined);
    throw thrown;
  } finally {
    unwatch();
  }
}

/** Milliseconds. Where changes are to be tried again: as long as the target asked for, else longer each time. */
function pauseAfter(
  { wait, again, isBusy }: Sent,
  silent: number,
  taken: readonly OutgoingChange[],
  { first, busy }: Pauses,
): number {
  if (again.length === 0) return 0;
  const tries = Math.max(0, ...taken.filter(({ id }) => again.some((one) => one.id === id)).map((one) => one.tries));
  const isFirst = again.length < taken.length && silent === 0 && tries === 0;
  const own = isFirst ? 0 : first * 2 ** Math.min(Math.max(silent, tries), MOST_SILENT);
  // A writer that says zero does not say how long: the target would be asked without a pause.
  return wait === undefined || wait <= 0 ? Math.max(own, isBusy ? busy : 0) : wait;
}

/** Throws the reason of the signal. */
async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds === 0) return;
  await sleep(milliseconds, undefined, { signal }).catch((thrown: unknown) => {
    signal.throwIfAborted();
    throw thrown;
  });
}

function silence({ again }: Sent, pause: number, where: string): UnavailableError {
  return new UnavailableError(
    'E_TARGET_UNAVAILABLE',
    `Expected ${where} to take changes, but it answered none of them: ${again[0]?.message ?? 'no reason given'}. It is tried again.`,
    { retryAfter: pause },
  );
}
