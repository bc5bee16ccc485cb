/**
 * The fifth step: publish exactly the plan, in one transaction over all tables and files of the task. The plan of a target
 * that receives changes is frozen in the same transaction; `publishTarget` sends it.
 */
import { UnavailableError } from '../../errors.ts';
import type { SnapshotSink } from '../../component/writer.ts';
import { countPlan, isPlanThere, joinAnyRows, joinFewRows } from '../../postgres/publish/change-set.ts';
import { stagedTallies } from '../../postgres/stage/partitions.ts';
import { cancellable, inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { freezePlan } from '../../postgres/publish/outgoing.ts';
import { publishPlan, type Publication } from '../../postgres/publish/publish.ts';
import { listLayers, requireQuiet, saveLayer, type LayerRow } from '../../postgres/publish/layer-rows.ts';
import {
  isPlannedAgain,
  mergedNames,
  ordinalOfParts,
  refreshSame,
  sayAfterPlan,
} from '../../postgres/publish/plan-merged.ts';
import { lockForPublishing } from '../../postgres/publish/target.ts';
import { vacuumTargets } from '../../postgres/publish/vacuum-targets.ts';
import { adjustSize } from '../../postgres/publish/target-size.ts';
import { requireOpenRun, requireTask, saveApplied, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { countChanges } from '../../records/counts.ts';
import { canonicalJson } from '../../records/json-object.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Engine } from '../engine.ts';
import { applyRepair } from '../drift/plan-repair.ts';
import { enterPhase } from '../enter-phase.ts';
import { forgetStage } from '../stage/stage-lifecycle.ts';
import { partsToStage } from '../fetch/plan-parts.ts';
import { isFew, measureTargets, type TargetStates } from '../measure-targets.ts';
import { mergedPlanOf, openTask, publishedTarget, type Merged, type OpenTarget, type OpenTask } from '../open-task.ts';
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
      cancellable(engine.pool, client, context.signal, () =>
        applyPlan(engine, client, task, input, { states, sinks, signal: context.signal }),
      ),
    );
    vacuumTargets(
      engine.pool,
      task.targets.flatMap((opened) => {
        if (opened.changes !== undefined) return [];
        const target = publishedTarget(opened);
        const counts = applied.targets[target.name];
        return counts === undefined ? [] : { target, counts, rows: states.get(opened.target.name)?.rows ?? 0 };
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

interface Applying {
  readonly states: TargetStates;
  readonly sinks: SnapshotSink[];
  readonly signal: AbortSignal;
}

async function applyPlan(
  engine: Engine,
  client: PoolClient,
  task: OpenTask,
  input: ApplyInput,
  { states, sinks, signal }: Applying,
): Promise<Applied> {
  // Fences this attempt: a run that ended, or another attempt that publishes, is seen here and nowhere later.
  await requireOpenRun(client, input.run, true);
  const row = await requireTask(client, input.run, input.task, true);
  if (row.applied_at !== null) return appliedOf(task, row);
  if (task.run.mode === 'resync') return applyRepairs(engine, client, { ...task, row }, input, { sinks, signal });
  await joinAnyRows(client);
  await requirePlan(client, task, row, input.planDigest);
  for (const [ordinal, target] of task.targets.entries()) {
    const published = publishedTarget(target);
    const planned = row.targets?.[published.name];
    if (planned === undefined) throw stageLost(task);
    const { id: run, job_id: job } = task.run;
    await lockForPublishing(client, published);
    // Another job may have published its first layer since this task was opened.
    if (!knowsLayers(target, await listLayers(client, [published.name]))) throw stageLost(task);
    const rows = Math.max(row.counts?.staged ?? 0, countChanges(planned));
    if (isFew(rows, states.get(target.target.name))) await joinFewRows(client);
    else await joinAnyRows(client);
    const unlayered = { names: task.names, target: published, ordinal, run, task: row.name, job };
    const publication =
      target.merged === undefined ? unlayered : await applyParts(client, task, row, target, target.merged, unlayered);
    if (target.changes !== undefined) {
      await freezePlan(client, publication, planned);
      continue;
    }
    await publishPlan(client, publication, planned);
    if (target.merged?.layer === undefined) await adjustSize(client, published, job, planned, isWhole(task));
    await writeSnapshot(engine, client, task.run, target, sinks, signal);
  }
  await saveApplied(client, row, outcomeOf(row));
  // Last before the commit: a file that is ahead of a failed commit is written again, equally, by the next attempt.
  for (const sink of sinks) await sink.commit();
  return appliedOf(task, row);
}

/** For a repair: the plan was made from the findings in the targets, and a file is written again as it should be. */
async function applyRepairs(
  engine: Engine,
  client: PoolClient,
  task: OpenTask,
  { planDigest }: ApplyInput,
  { sinks, signal }: Omit<Applying, 'states'>,
): Promise<Applied> {
  const isChanged = await applyRepair(client, task, planDigest, (target) =>
    writeSnapshot(engine, client, task.run, target, sinks, signal),
  );
  await saveApplied(client, task.row, isChanged ? outcomeOf(task.row) : 'unchanged');
  for (const sink of sinks) await sink.commit();
  return appliedOf(task, task.row);
}

function knowsLayers({ merged }: OpenTarget, now: readonly LayerRow[]): boolean {
  if (merged === undefined) return now.length === 0;
  const { target, base, layers, layer } = merged;
  if ((base === target) !== (now.length === 0)) return false;
  const others = (rows: readonly LayerRow[]): string =>
    canonicalJson(rows.filter(({ name }) => name !== layer?.name).map(({ name, job, owns }) => ({ name, job, owns })));
  return others(layers) === others(now);
}

/**
 * Publishes the parts of the job, and returns the publication of the merged records in the target. Throws E_STAGE_LOST if
 * the merged records would now differ, because another job published there after the comparison.
 */
async function applyParts(
  client: PoolClient,
  task: OpenTask,
  row: TaskRow,
  opened: OpenTarget,
  merged: Merged,
  publication: Publication,
): Promise<Publication> {
  const { names, ordinal, job } = publication;
  const { target: own } = opened;
  const layer = merged.layer?.name;
  if (opened.changes !== undefined) await requireQuiet(client, merged.target, task.run.id);
  const plan = mergedPlanOf(task, opened, merged, ordinal);
  await joinAnyRows(client);
  await sayAfterPlan(client, plan, merged.ownsOthers);
  if (!(await isPlannedAgain(client, plan))) throw stageLost(task);
  if (merged.layer !== undefined)
    await saveLayer(client, merged.target, merged.layer, { job, fileJob: opened.fileJob });
  const parts = ordinalOfParts(ordinal);
  const said = await countPlan(client, names, parts, row.counts?.staged ?? 0);
  await publishPlan(client, { ...publication, target: own, ordinal: parts, layered: { kind: 'part', layer } }, said);
  await adjustSize(client, own, job, said, isWhole(task));
  await refreshSame(client, plan);
  return { ...publication, names: mergedNames(names, ordinal), layered: { kind: 'merged', layer } };
}

function appliedOf(task: OpenTask, row: TaskRow): Applied {
  const publications = task.targets
    .filter(({ changes }) => changes !== undefined)
    .map((target) => publishedTarget(target).name);
  return { targets: row.targets ?? {}, ...(publications.length === 0 ? {} : { publications }) };
}

/** Whether everything that the source holds was read, so that nothing is missing from the target any more. */
export function isWhole({ run, isFullSource }: OpenTask): boolean {
  const isRead = run.mode !== 'retry' && run.mode !== 'resync' && run.mode !== 'rollback';
  return isRead && (isFullSource || run.since === null);
}

/** An UNLOGGED plan is empty after a crash of the database; what was approved must be what is published. */
async function requirePlan(client: PoolClient, task: OpenTask, row: TaskRow, planDigest: string): Promise<void> {
  const staged = await stagedTallies(client, row.run_id, row.name);
  if (staged.length !== partsToStage(row.source).length) throw stageLost(task);
  if (row.plan_digest !== planDigest || !(await isPlanThere(client, task.names, planDigest))) throw stageLost(task);
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
