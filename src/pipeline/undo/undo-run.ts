/**
 * The steps of a rollback that runs as a workflow, because a target receives changes: the job is acquired, tables and
 * files are undone in one transaction with the plans of the other targets, and `publishTarget` sends these.
 */
import type { SnapshotSink } from '../../component/writer.ts';
import { ConfigError } from '../../errors.ts';
import type { Job } from '../../job/schema/job.ts';
import { listPublications } from '../../postgres/ledger/publications.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun, listTasks, requireOpenRun, type NewRun, type NewTask } from '../../postgres/ledger/run-rows.ts';
import { inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { lockRun, toRollback } from '../../postgres/publish/rollback-rows.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import type { ResolveInput, StepContext, Undone, UndoInput } from '../run-steps.ts';
import { requireUndoable, undoAll } from './rollback-run.ts';

export interface Rollback {
  readonly run: NewRun;
  readonly job: Job;
  readonly tasks: readonly NewTask[];
}

/** Throws ConfigError E_RUN_NOT_FOUND, E_ROLLBACK_REFUSED or StateError E_RUN_STATE. */
export async function resolveRollback(engine: Engine, { run, workflowId, request }: ResolveInput): Promise<Rollback> {
  const { undoes = '' } = request;
  const of = requireUndoable(await findRun(engine.pool, undoes), undoes);
  if (of.job_id !== request.job) {
    throw new ConfigError(
      'E_ROLLBACK_REFUSED',
      `Run ${of.id} is one of job ${of.job_id}; expected one of ${request.job}. Nothing was changed.`,
    );
  }
  const applied = (await listTasks(engine.pool, of.id)).filter((task) => task.applied_at !== null);
  return {
    run: toRollback(of, { id: run, workflowId, request }),
    job: jobOfRun(of),
    tasks: applied.map(({ name, chain, readers }) => ({ name, chain, readers: readers ?? [], digest: 'rollback' })),
  };
}

/** Called again it returns the same. Throws as `rollbackRun`; then nothing has changed. */
export async function undoRun(engine: Engine, { run }: UndoInput, { signal }: StepContext): Promise<Undone> {
  await enterPhase(engine, run, 'apply');
  const sinks: SnapshotSink[] = [];
  try {
    return await inTransaction(engine.pool, async (client) => {
      const row = await requireOpenRun(client, run, true);
      const before = await undoneOf(client, run);
      if (before.tasks.length > 0) return before;
      const id = row.rolls_back ?? '';
      const of = requireUndoable(await lockRun(client, id), id);
      await undoAll(engine, client, { of, rollback: run, force: row.request.leavesOut === true, sinks, signal });
      const undone = await undoneOf(client, run);
      // Last before the commit, as in every publication.
      for (const sink of sinks) await sink.commit();
      return undone;
    });
  } finally {
    for (const sink of sinks) await sink.close();
  }
}

async function undoneOf(client: PoolClient, run: string): Promise<Undone> {
  const publications = await listPublications(client, run);
  const tasks = (await listTasks(client, run)).filter((task) => task.applied_at !== null);
  return {
    tasks: tasks.map(({ name, targets }) => ({
      name,
      targets: targets ?? {},
      publications: publications.filter(({ task }) => task === name).map(({ target }) => target),
    })),
  };
}
