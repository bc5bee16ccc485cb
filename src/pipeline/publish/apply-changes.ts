/**
 * The fifth step: publish exactly the plan, in one transaction over all tables and files of the task. The plan of a target
 * that takes changes one by one is frozen in the same transaction; `publishTarget` sends it.
 */
import { UnavailableError } from '../../errors.ts';
import type { SnapshotSink } from '../../component/writer.ts';
import { digestPlan, joinAnyRows, joinFewRows } from '../../postgres/publish/change-set.ts';
import { stagedTallies } from '../../postgres/stage/partitions.ts';
import { cancellable, inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { freezePlan } from '../../postgres/publish/outgoing.ts';
import { publishPlan } from '../../postgres/publish/publish.ts';
import { vacuumTargets } from '../../postgres/publish/vacuum-targets.ts';
import { adjustSize } from '../../postgres/publish/target-size.ts';
import { requireOpenRun, requireTask, saveApplied, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { countChanges } from '../../records/counts.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { forgetStage } from '../compare/compare-targets.ts';
import { partsToStage } from '../fetch/plan-parts.ts';
import { isFew, measureTargets, type TargetStates } from '../measure-targets.ts';
import { openTask, type OpenTask } from '../open-task.ts';
import type { Applied, ApplyInput, StepContext } from '../run-steps.ts';
import { writeSnapshot } from './write-snapshot.ts';

/** A second call answers what the first one did. Throws UnavailableError E_STAGE_LOST when the plan is not there any more. */
export async function applyChanges(engine: Engine, input: ApplyInput, context: StepContext): Promise<Applied> {
  await enterPhase(engine, input.run, 'apply');
  const task = await openTask(engine, input);
  const states = await measureTargets(engine.pool, task);
  const sinks: SnapshotSink[] = [];
  try {
    const applied = await inTransaction(engine.pool, (client) =>
      cancellable(engine.pool, client, context.signal, () => applyPlan(engine, client, task, input, states, sinks)),
    );
    vacuumTargets(
      engine.pool,
      task.targets.flatMap(({ target, changes }) => {
        if (changes !== undefined) return [];
        const counts = applied.targets[target.name];
        return counts === undefined ? [] : { target, counts, rows: states.get(target.name)?.rows ?? 0 };
      }),
      engine.logger,
    );
    return applied;
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
  states: TargetStates,
  sinks: SnapshotSink[],
): Promise<Applied> {
  // Fences this attempt: a run that ended, or another attempt that publishes, is seen here and nowhere later.
  await requireOpenRun(client, input.run, true);
  const row = await requireTask(client, input.run, input.task, true);
  if (row.applied_at !== null) return appliedOf(task, row);
  await joinAnyRows(client);
  await requirePlan(client, task, row, input.planDigest);
  for (const [ordinal, target] of task.targets.entries()) {
    const planned = row.targets?.[target.target.name];
    if (planned === undefined) throw stageLost(task);
    const { id: run, job_id: job } = task.run;
    const rows = Math.max(row.counts?.staged ?? 0, countChanges(planned));
    if (isFew(rows, states.get(target.target.name))) await joinFewRows(client);
    else await joinAnyRows(client);
    const publication = { names: task.names, target: target.target, ordinal, run, task: row.name, job };
    if (target.changes !== undefined) {
      await freezePlan(client, publication, planned);
      continue;
    }
    await publishPlan(client, publication, planned);
    await adjustSize(client, target.target, job, planned, isWhole(task));
    await writeSnapshot(engine, client, task.run, target, sinks);
  }
  await saveApplied(client, row, outcomeOf(row));
  // Last before the commit: a file that is ahead of a failed commit is written again, equally, by the next attempt.
  for (const sink of sinks) await sink.commit();
  return appliedOf(task, row);
}

function appliedOf(task: OpenTask, row: TaskRow): Applied {
  const publications = task.targets.filter(({ changes }) => changes !== undefined).map(({ target }) => target.name);
  return { targets: row.targets ?? {}, ...(publications.length === 0 ? {} : { publications }) };
}

/** Whether everything that the source holds was read, so that nothing is missing from the target any more. */
export function isWhole({ run, isFullSource }: OpenTask): boolean {
  return run.mode !== 'retry' && (isFullSource || run.since === null);
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

function outcomeOf(row: TaskRow): Outcome {
  const refused = Object.values(row.targets ?? {}).some((counts) => counts.rejected > 0);
  return refused || (row.counts?.rejected ?? 0) > 0 ? 'partial' : 'success';
}
