/** Undoes a run by a separate run, which acquires the job and writes its own change log, all in one transaction. */
import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { SnapshotSink } from '../../component/writer.ts';
import { ConfigError, StateError } from '../../errors.ts';
import { parseWriters } from '../../job/effective/parse-chain.ts';
import { endRun } from '../../postgres/ledger/run-endings.ts';
import { inTransaction, type PoolClient } from '../../postgres/pool.ts';
import {
  applyUndo,
  countLogged,
  planUndo,
  freezeUndo,
  type RollbackConflict,
  type Undo,
  type UndoPlan,
} from '../../postgres/publish/rollback.ts';
import { insertRollback, insertUndoneTask, lockRun, markUndone } from '../../postgres/publish/rollback-rows.ts';
import { taskOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findHolder, listTasks, type RunRow, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { countPlan, createPlan } from '../../postgres/publish/change-set.ts';
import { requireQuiet } from '../../postgres/publish/layer-rows.ts';
import { freezePlan } from '../../postgres/publish/outgoing.ts';
import {
  mergeDocuments,
  mergedNames,
  planMerged,
  refreshSame,
  sayAfterUndo,
} from '../../postgres/publish/plan-merged.ts';
import { publishPlan } from '../../postgres/publish/publish.ts';
import { adjustSize } from '../../postgres/publish/target-size.ts';
import { dropStage, stageNames } from '../../postgres/stage/stage-table.ts';
import { lockForPublishing, targetExists } from '../../postgres/publish/target.ts';
import type { TargetCounts } from '../../records/counts.ts';
import { createRunId } from '../../records/run-id.ts';
import type { RunReport } from '../../records/run.ts';
import { writeSnapshot, type SnapshotEngine } from '../publish/write-snapshot.ts';
import type { Engine } from '../engine.ts';
import { openTargets, publishedTarget, type Merged, type OpenTarget } from '../open-task.ts';
import { reportRun } from '../finish/report-run.ts';

export interface RollbackInput {
  readonly run: string;
  readonly startedBy: string;
  /** Leaves out the records that later runs changed, instead of refusing. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

export interface RolledBack {
  readonly report: RunReport;
  /** Records that were left as they are, because something else changed them later. */
  readonly leftOut: number;
  readonly samples: readonly RollbackConflict[];
}

export type RollbackEngine = Pick<Engine, 'pool' | 'catalog' | 'resolveSecret' | 'webUi'> & SnapshotEngine;

/** Throws ConfigError E_ROLLBACK_REFUSED, E_ROLLBACK_CONFLICT with the records, or E_RUN_STATE; then nothing has changed. */
export async function rollbackRun(engine: RollbackEngine, input: RollbackInput): Promise<RolledBack> {
  const id = createRunId();
  const sinks: SnapshotSink[] = [];
  try {
    const left = await inTransaction(engine.pool, async (client) => {
      const of = requireUndoable(await lockRun(client, input.run), input.run);
      if (!(await insertRollback(client, { id, of, startedBy: input.startedBy }))) throw await heldBy(client, of);
      const undone = await undoAll(engine, client, {
        of,
        rollback: id,
        force: input.force,
        sinks,
        signal: input.signal,
      });
      await markUndone(client, id, of.id);
      await endRun(client, id, { outcome: 'success', error: undefined, decision: undefined });
      // Last before the commit, as in every publication.
      for (const sink of sinks) await sink.commit();
      return { leftOut: undone.conflicts, samples: undone.samples };
    });
    return { ...left, report: await reportRun(engine, id) };
  } finally {
    for (const sink of sinks) await sink.close();
  }
}

export interface UndoneTasks {
  changes: number;
  conflicts: number;
  readonly samples: RollbackConflict[];
}

interface Undoing {
  readonly of: RunRow;
  readonly rollback: string;
  readonly force: boolean;
  readonly sinks: SnapshotSink[];
  readonly signal: AbortSignal;
}

/**
 * Undoes tables and files, and freezes what is to be sent to the other targets. Throws E_ROLLBACK_REFUSED or
 * E_ROLLBACK_CONFLICT; then the transaction must be rolled back.
 */
export async function undoAll(engine: RollbackEngine, client: PoolClient, undoing: Undoing): Promise<UndoneTasks> {
  const { of, force } = undoing;
  const undone = await undoTasks(engine, client, undoing);
  if (undone.conflicts > 0 && !force) throw conflict(of, undone);
  if (undone.conflicts === undone.changes) throw refused(of, 'later runs changed every record that it changed');
  return undone;
}

async function undoTasks(
  engine: RollbackEngine,
  client: PoolClient,
  { of, rollback, sinks, signal }: Undoing,
): Promise<UndoneTasks> {
  const total: UndoneTasks = { changes: 0, conflicts: 0, samples: [] };
  const applied = (await listTasks(client, of.id)).filter((task) => task.applied_at !== null);
  for (const task of applied.toReversed()) {
    const targets: Record<string, TargetCounts> = {};
    for (const [ordinal, target] of (await targetsOf(engine, client, of, task)).entries()) {
      await requireTarget(client, of, target);
      await requireFileHere(of, target);
      await lockForPublishing(client, publishedTarget(target));
      const undo: Undo = { target: target.target, task: task.name, run: of.id, job: of.job_id, rollback };
      const plan = await planUndo(client, undo);
      requireWholeLog(of, task, target, await loggedChanges(client, of, target, undo, plan));
      total.changes += plan.changes;
      total.conflicts += plan.conflicts;
      total.samples.push(...plan.samples);
      if (target.merged !== undefined) {
        targets[target.merged.target.name] = await undoPart(client, target, target.merged, { undo, task, ordinal });
        if (plan.changes > plan.conflicts) await writeSnapshot(engine, client, { id: rollback }, target, sinks, signal);
        continue;
      }
      if (target.changes !== undefined) {
        targets[target.target.name] = await freezeUndo(client, undo);
        continue;
      }
      targets[target.target.name] = await applyUndo(client, undo);
      if (plan.changes > plan.conflicts) await writeSnapshot(engine, client, { id: rollback }, target, sinks, signal);
    }
    await insertUndoneTask(client, rollback, task, targets);
  }
  if (total.changes === 0) throw refused(of, 'it changed no record');
  return total;
}

async function targetsOf(
  engine: RollbackEngine,
  client: PoolClient,
  of: RunRow,
  { name }: TaskRow,
): Promise<readonly OpenTarget[]> {
  const task = taskOfRun(of, name);
  if (task === undefined) return [];
  return openTargets(client, of, await parseWriters(task, engine.catalog, engine.resolveSecret));
}

/** The log of the target itself. For a target with layers, the parts of the job are logged separately. */
async function loggedChanges(
  client: PoolClient,
  of: RunRow,
  { merged }: OpenTarget,
  { run, task }: Undo,
  plan: UndoPlan,
): Promise<number> {
  if (merged === undefined) return plan.changes;
  const logged = await countLogged(client, { run, task, target: merged.target });
  if (logged === 0 || plan.changes > 0) return logged;
  throw refused(
    of,
    `it was published before other jobs owned parts of the records of ${merged.target.name}. Run the job with the older source instead`,
  );
}

interface UndonePart {
  readonly undo: Undo;
  readonly task: TaskRow;
  readonly ordinal: number;
}

/** Restores the parts of the job, then merges the target with the current parts of the other jobs. */
async function undoPart(
  client: PoolClient,
  opened: OpenTarget,
  merged: Merged,
  { undo, task, ordinal }: UndonePart,
): Promise<TargetCounts> {
  const { rollback, job } = undo;
  const { target } = merged;
  const layer = merged.layer?.name;
  if (opened.changes !== undefined) await requireQuiet(client, target, rollback);
  await applyUndo(client, undo);
  const names = stageNames(rollback, task.ordinal);
  const { base, layers } = merged;
  const plan = { names, ordinal, target, own: opened.target, base, layers, layer, job, stage: undefined };
  await createPlan(client, names);
  await sayAfterUndo(client, plan);
  await planMerged(client, plan);
  await mergeDocuments(client, plan);
  await refreshSame(client, plan);
  const planned = { ...(await countPlan(client, names, ordinal, 0)), unchanged: 0 };
  const publication = { names: mergedNames(names, ordinal), target, ordinal, run: rollback, task: task.name, job };
  const layered = { kind: 'merged', layer } as const;
  if (opened.changes === undefined) {
    await publishPlan(client, { ...publication, layered }, planned);
    if (layer === undefined) await adjustSize(client, target, job, planned, false);
  } else {
    await freezePlan(client, { ...publication, layered }, planned);
  }
  await dropStage(client, names);
  return planned;
}

export function requireUndoable(run: RunRow | undefined, id: string): RunRow {
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger.`);
  if (run.finished_at === null) {
    throw new StateError(
      'E_RUN_STATE',
      `Run ${id} is still active (phase ${run.phase}); expected one that has ended.`,
      { details: { run: id } },
    );
  }
  if (run.rolled_back_by === null) return run;
  throw refused(
    run,
    `run ${run.rolled_back_by} rolled it back already (\`vocab-sync rollback ${run.rolled_back_by}\` brings it again)`,
  );
}

async function requireTarget(client: PoolClient, of: RunRow, opened: OpenTarget): Promise<void> {
  const target = publishedTarget(opened);
  if (await targetExists(client, target)) return;
  throw refused(of, `its target ${target.name} is not there any more`);
}

/** A file is written where the command runs. Where the worker wrote it, the file is there; elsewhere it would be a new one. */
async function requireFileHere(of: RunRow, opened: OpenTarget): Promise<void> {
  const { snapshot } = opened;
  const target = publishedTarget(opened);
  if (snapshot?.writer.type !== 'file') return;
  const { path } = snapshot.args as { readonly path: string };
  if (path.startsWith('s3://')) return;
  const isHere = await access(path).then(
    () => true,
    () => false,
  );
  if (isHere) return;
  throw refused(
    of,
    `its target ${target.name} is a file on the machine of the worker, and ${path} is not on ${hostname()}: run the rollback there, in the working directory of the worker`,
  );
}

/** A change log that was pruned would undo a part and call it the whole. */
function requireWholeLog(of: RunRow, task: TaskRow, opened: OpenTarget, found: number): void {
  const target = publishedTarget(opened);
  const counts = task.targets?.[target.name];
  if (counts === undefined) return;
  const expected = counts.inserted + counts.updated + counts.restored + counts.withdrawn;
  if (found === expected) return;
  throw refused(
    of,
    `the change log of ${target.name} holds ${String(found)} of its ${String(expected)} changes, the others were pruned`,
  );
}

async function heldBy(client: PoolClient, of: RunRow): Promise<StateError> {
  const holder = await findHolder(client, of.job_id);
  const who = holder === undefined ? 'another run' : `run ${holder.id} (phase ${holder.phase})`;
  return new StateError(
    'E_RUN_STATE',
    `Expected job ${of.job_id} to be free, but ${who} holds it. Wait for it or cancel it, then roll back.`,
    { details: { job: of.job_id, ...(holder === undefined ? {} : { run: holder.id }) } },
  );
}

function refused(of: RunRow, why: string): ConfigError {
  return new ConfigError('E_ROLLBACK_REFUSED', `Run ${of.id} cannot be rolled back: ${why}. Nothing was changed.`, {
    details: { run: of.id, job: of.job_id },
  });
}

function conflict(of: RunRow, { conflicts, samples }: UndoneTasks): ConfigError {
  const lines = samples.map(
    ({ target, id, changed_by }) =>
      `\n  ${id} (${target}): ${changed_by === null ? 'is not there any more' : `changed by run ${changed_by}`}`,
  );
  const more = conflicts > samples.length ? `\n  and ${String(conflicts - samples.length)} more` : '';
  return new ConfigError(
    'E_ROLLBACK_CONFLICT',
    `${String(conflicts)} of the records that run ${of.id} changed were changed again later:${lines.join('')}${more}\nNothing was changed. Roll the later runs back first, or leave these records out with --force.`,
    { details: { run: of.id, conflicts, samples } },
  );
}
