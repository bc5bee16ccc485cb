/** The fifth step: publish exactly the plan, in one transaction over all targets of the task. */
import { UnavailableError } from '../../errors.ts';
import type { Document } from '../../records/document.ts';
import type { SnapshotSink } from '../../component/writer.ts';
import { digestPlan, makeRoomToJoin } from '../../postgres/publish/change-set.ts';
import { stagedTallies } from '../../postgres/stage/partitions.ts';
import { cancellable, inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { publishPlan } from '../../postgres/publish/publish.ts';
import { readSnapshot } from '../../postgres/publish/snapshot-rows.ts';
import { requireOpenRun, requireTask, saveApplied, type RunRow, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { forgetStage } from '../compare/compare-targets.ts';
import { partsToStage } from '../fetch/plan-parts.ts';
import { openTask, type OpenTarget, type OpenTask } from '../open-task.ts';
import type { Applied, ApplyInput, StepContext } from '../run-steps.ts';

/** A second call answers what the first one did. Throws UnavailableError E_STAGE_LOST when the plan is not there any more. */
export async function applyChanges(engine: Engine, input: ApplyInput, context: StepContext): Promise<Applied> {
  await enterPhase(engine, input.run, 'apply');
  const task = await openTask(engine, input);
  const sinks: SnapshotSink[] = [];
  try {
    return await inTransaction(engine.pool, (client) =>
      cancellable(engine.pool, client, context.signal, () => applyPlan(engine, client, task, input, sinks)),
    );
  } catch (error) {
    if (error instanceof UnavailableError && error.code === 'E_STAGE_LOST') await forgetStage(engine, task);
    throw error;
  } finally {
    for (const sink of sinks) await sink.close();
  }
}

async function applyPlan(
  engine: Engine,
  client: PoolClient,
  task: OpenTask,
  input: ApplyInput,
  sinks: SnapshotSink[],
): Promise<Applied> {
  // Fences this attempt: a run that ended, or another attempt that publishes, is seen here and nowhere later.
  await requireOpenRun(client, input.run, true);
  const row = await requireTask(client, input.run, input.task, true);
  if (row.applied_at !== null) return { targets: row.targets ?? {} };
  await makeRoomToJoin(client);
  await requirePlan(client, task, row, input.planDigest);
  for (const [ordinal, target] of task.targets.entries()) {
    const planned = row.targets?.[target.target.name];
    if (planned === undefined) throw stageLost(task);
    const { id: run, job_id: job } = task.run;
    await publishPlan(client, { names: task.names, target: target.target, ordinal, run, task: row.name, job }, planned);
    await writeSnapshot(engine, client, task.run, target, sinks);
  }
  await saveApplied(client, row, outcomeOf(row));
  // Last before the commit: a file that is ahead of a failed commit is written again, equally, by the next attempt.
  for (const sink of sinks) await sink.commit();
  return { targets: row.targets ?? {} };
}

/** An UNLOGGED plan is empty after a crash of the database; what was approved must be what is published. */
async function requirePlan(client: PoolClient, task: OpenTask, row: TaskRow, planDigest: string): Promise<void> {
  const staged = await stagedTallies(client, row.run_id, row.name);
  if (staged.length !== partsToStage(row.source).length) throw stageLost(task);
  if (row.plan_digest !== planDigest || (await digestPlan(client, task.names)) !== planDigest) throw stageLost(task);
}

function stageLost(task: OpenTask): UnavailableError {
  return new UnavailableError(
    'E_STAGE_LOST',
    `The plan of task ${task.row.name} is not the one that was to be published (the database lost it in a crash); it is staged again.`,
  );
}

/** Writes everything that the target holds now; it becomes visible when the caller commits the sink. */
export async function writeSnapshot(
  { logger }: Pick<Engine, 'logger'>,
  client: PoolClient,
  { id: run, job_id: job }: Pick<RunRow, 'id' | 'job_id'>,
  { target, snapshot }: OpenTarget,
  sinks: SnapshotSink[],
): Promise<void> {
  if (snapshot === undefined) return;
  const sink = await snapshot.writer.open(snapshot.args, { run, job, logger });
  sinks.push(sink);
  for await (const documents of readSnapshot(client, target)) await sink.write(documents as readonly Document[]);
}

function outcomeOf(row: TaskRow): Outcome {
  const refused = Object.values(row.targets ?? {}).some((counts) => counts.rejected > 0);
  return refused || (row.counts?.rejected ?? 0) > 0 ? 'partial' : 'success';
}
