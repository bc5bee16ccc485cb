/** The rows of a rollback in the ledger: a separate run that ends in the transaction in which it began. */
import { NO_STAGE_COUNTS, type TargetCounts } from '../../records/counts.ts';
import type { RunRequest } from '../../records/run.ts';
import type { PoolClient } from '../pool.ts';
import { RUN_JOB, TASK_COUNTS, TASK_TARGETS } from '../ledger/json-columns.ts';
import { jobOfRun } from '../ledger/job-of-run.ts';
import { findRun, insertRun, type NewRun, type RunRow, type TaskRow } from '../ledger/run-rows.ts';

export interface NewRollback {
  readonly id: string;
  readonly of: RunRow;
  readonly startedBy: string;
}

/** Takes the job, as any run does. False when another run holds it. */
export async function insertRollback(client: PoolClient, { id, of, startedBy }: NewRollback): Promise<boolean> {
  const request: RunRequest = { job: of.job_id, trigger: 'manual', mode: 'rollback', startedBy };
  return insertRun(client, toRollback(of, { id, workflowId: of.workflow_id, request }));
}

/** The row of a run that undoes another one. */
export function toRollback(of: RunRow, run: Pick<NewRun, 'id' | 'workflowId' | 'request'>): NewRun {
  return {
    ...run,
    jobId: of.job_id,
    jobVersion: of.job_version ?? undefined,
    title: `Rollback of ${of.title}`,
    since: undefined,
    sinceOrigin: undefined,
    sinceReason: 'a rollback reads nothing',
    watermarkHold: 'it was a rollback',
    config: of.config,
    configDigest: of.config_digest,
    job: RUN_JOB.toText(jobOfRun(of)),
    rollsBack: of.id,
  };
}

/** Its digest is that of no chain: whatever source comes next is read, whether it was published before or not. */
export async function insertUndoneTask(
  client: PoolClient,
  rollback: string,
  task: TaskRow,
  targets: Readonly<Record<string, TargetCounts>>,
): Promise<void> {
  await client.query(
    `INSERT INTO vocab_sync.task (run_id, name, ordinal, chain, digest, outcome, counts, targets, applied_at)
     VALUES ($1, $2, $3, $4, 'rollback', 'success', $5, $6, clock_timestamp())
     ON CONFLICT (run_id, name) DO UPDATE SET outcome = excluded.outcome, counts = excluded.counts,
       targets = excluded.targets, applied_at = excluded.applied_at`,
    [rollback, task.name, task.ordinal, task.chain, TASK_COUNTS.toText(NO_STAGE_COUNTS), TASK_TARGETS.toText(targets)],
  );
}

/** Marks the undone run. If it was a rollback, the run that it had undone counts again. */
export async function markUndone(client: PoolClient, rollback: string, of: string): Promise<void> {
  await client.query(
    `UPDATE vocab_sync.run SET rolled_back_by = $1,
       held_by_rollback = CASE WHEN watermark_hold IS NULL THEN $1::uuid END,
       watermark_hold = coalesce(watermark_hold, $3) WHERE id = $2`,
    [rollback, of, holdOf(rollback)],
  );
  await client.query(
    `UPDATE vocab_sync.run SET rolled_back_by = NULL, held_by_rollback = NULL,
       watermark_hold = CASE WHEN held_by_rollback = $1 THEN NULL ELSE watermark_hold END
     WHERE id = (SELECT rolls_back FROM vocab_sync.run WHERE id = $1) AND rolled_back_by = $1`,
    [of],
  );
}

/** Why a run that was undone does not move the watermark, for people. `held_by_rollback` decides. */
function holdOf(rollback: string): string {
  return `run ${rollback} rolled it back`;
}

/** Locks the row, so that two rollbacks of the same run cannot overlap. */
export async function lockRun(client: PoolClient, id: string): Promise<RunRow | undefined> {
  return findRun(client, id, true);
}
