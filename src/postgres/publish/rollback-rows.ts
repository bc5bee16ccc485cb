/** The rows of a rollback in the ledger: a run of its own, that ends in the transaction in which it began. */
import { NO_STAGE_COUNTS, type TargetCounts } from '../../records/counts.ts';
import type { RunRequest } from '../../records/run.ts';
import type { PoolClient } from '../pool.ts';
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
    [rollback, task.name, task.ordinal, task.chain, JSON.stringify(NO_STAGE_COUNTS), JSON.stringify(targets)],
  );
}

/** Marks what was undone; where that was itself a rollback, the run that it had undone stands again. */
export async function markUndone(client: PoolClient, rollback: string, of: string): Promise<void> {
  await client.query(
    'UPDATE vocab_sync.run SET rolled_back_by = $1, watermark_hold = coalesce(watermark_hold, $3) WHERE id = $2',
    [rollback, of, holdOf(rollback)],
  );
  await client.query(
    `UPDATE vocab_sync.run SET rolled_back_by = NULL, watermark_hold = nullif(watermark_hold, $2)
     WHERE id = (SELECT rolls_back FROM vocab_sync.run WHERE id = $1) AND rolled_back_by = $1`,
    [of, holdOf(of)],
  );
}

/** Why a run that was undone does not move the watermark. */
function holdOf(rollback: string): string {
  return `run ${rollback} rolled it back`;
}

/** With its row locked: what is undone once is not undone twice at the same time. */
export async function lockRun(client: PoolClient, id: string): Promise<RunRow | undefined> {
  return findRun(client, id, true);
}
