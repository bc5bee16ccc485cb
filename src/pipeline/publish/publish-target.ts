/**
 * The step that publishes a frozen plan into one target, batch by batch. Each answer is written down in one transaction
 * with the change log, so an attempt that ends goes on where it stood. A change that an attempt before may have sent is
 * looked up in the target first.
 */
import { StateError, UnavailableError, VocabSyncError, componentFailure, messageOf } from '../../errors.ts';
import type { ChangeLimits, ChangesSink, ChangesWriter } from '../../component/writer.ts';
import {
  claimPublication,
  closePublication,
  failPublication,
  takeOutgoing,
  type OutgoingChange,
  type PublicationKey,
} from '../../postgres/publish/outgoing.ts';
import { settleOutgoing } from '../../postgres/publish/settle-outgoing.ts';
import type { PublicationRow } from '../../postgres/ledger/publications.ts';
import { saveTargetCounts } from '../../postgres/ledger/run-rows.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { openTask, type OpenTarget, type OpenTask } from '../open-task.ts';
import type { Published, PublishInput, StepContext } from '../run-steps.ts';
import { isWhole } from './apply-changes.ts';
import { createTurns } from './create-turns.ts';
import { sendChanges, type Sent } from './send-changes.ts';

/** Rows of the plan that are taken at once: what an attempt that is killed leaves to be looked up. */
const MOST_TAKEN = 500;
const MOST_BYTES_TAKEN = 16 * 1024 * 1024;
/** A target that asks for more patience than this is given it between two attempts. */
const LONGEST_WAIT_MS = 60_000;
/** Without an answer that counts, so long between two looks. Doubled each time. */
const FIRST_PAUSE_MS = 200;

export async function publishTarget(engine: Engine, input: PublishInput, context: StepContext): Promise<Published> {
  await enterPhase(engine, input.run, 'apply');
  const task = await openTask(engine, input);
  const { target, changes } = requireTarget(task, input.target);
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
  const found = task.targets.find(({ target }) => target.name === name);
  if (found?.changes !== undefined) return { ...found, changes: found.changes };
  throw new StateError('E_RUN_STATE', `Task ${task.row.name} has no target ${name} that takes changes one by one.`);
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
  const { writer, args } = changes;
  const limits = writer.limits(args);
  const ofWriter = <T>(call: () => Promise<T>): Promise<T> =>
    call().catch((thrown: unknown) => {
      context.signal.throwIfAborted();
      throw componentFailure(`writer "${writer.type}"`, thrown);
    });
  const { signal } = context;
  const turn = createTurns(limits.requestsPerSecond, signal);
  const about = {
    run: key.run,
    job: key.job,
    task: key.task,
    signal,
    api: engine.services.api,
    logger: engine.logger,
    turn,
  };
  if (claimed.total === 0) return closePublication(engine.pool, key, lease, isWhole(task));
  const sink = await ofWriter(() => writer.open(args, about));
  try {
    await sendAll(publishing, limits, sink, ofWriter);
    await ofWriter(async () => sink.finish?.());
    return await closePublication(engine.pool, key, lease, isWhole(task));
  } finally {
    await sink.close().catch((error: unknown) => {
      engine.logger.warn('The connection to a target could not be closed.', { target: key.target.name, error });
    });
  }
}

type OfWriter = <T>(call: () => Promise<T>) => Promise<T>;

async function sendAll(
  { engine, key, lease, changes, context, task }: Publishing,
  limits: ChangeLimits,
  sink: ChangesSink,
  ofWriter: OfWriter,
): Promise<void> {
  const { pool } = engine;
  const overwrites = changes.writer.onConflict(changes.args) === 'overwrite';
  const most = Math.min(MOST_TAKEN, Math.max(limits.batch * limits.concurrency, limits.concurrency));
  let silent = 0;
  for (;;) {
    context.signal.throwIfAborted();
    const taken = await takeOutgoing(pool, key, lease, { most, mostBytes: MOST_BYTES_TAKEN });
    if (taken.length === 0) return;
    const sent = await sendChanges({ sink, limits, taken, overwrites, ofWriter, signal: context.signal });
    const row = await settleOutgoing(pool, key, lease, sent.settled);
    context.onProgress(progressOf(key, row));
    sent.throwFailure();
    silent = sent.answered > 0 ? 0 : silent + 1;
    await pauseAfter(sent, silent, taken, context, `${key.target.name} (task ${task.row.name})`);
  }
}

function progressOf(
  key: PublicationKey,
  { answered, total }: PublicationRow,
): Parameters<StepContext['onProgress']>[0] {
  return { step: 'publish', position: key.target.name, done: answered, total };
}

/** Where changes are to be tried again: as long as the target asked for, else longer each time. */
async function pauseAfter(
  { wait, again }: Sent,
  silent: number,
  taken: readonly OutgoingChange[],
  { signal }: StepContext,
  where: string,
): Promise<void> {
  if (again.length === 0) return;
  const tries = Math.max(0, ...taken.filter(({ id }) => again.some((one) => one.id === id)).map((one) => one.tries));
  const pause =
    wait ??
    (again.length < taken.length && silent === 0 && tries === 0
      ? 0
      : FIRST_PAUSE_MS * 2 ** Math.min(Math.max(silent, tries), 6));
  if (pause > LONGEST_WAIT_MS || silent > 6) {
    throw new UnavailableError(
      'E_TARGET_UNAVAILABLE',
      `Expected ${where} to take changes, but it answered none of them: ${again[0]?.message ?? 'no reason given'}. It is tried again.`,
      { retryAfter: pause },
    );
  }
  if (pause > 0) await sleep(pause, signal);
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new Error(messageOf(signal.reason)));
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
