/** Switching a stored job on and off, and deleting it. Its versions and runs stay. */
import { StateError } from '../../errors.ts';
import { lockJobs } from './lock-jobs.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';
import { findHolder } from './run-rows.ts';

/** False when it was so already. The job must be there. */
export async function setActive(pool: Pool, job: string, active: boolean, by: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `UPDATE vocab_sync.job SET active = $2, active_changed_by = $3, active_changed_at = now(), updated_at = now()
     WHERE id = $1 AND deleted_at IS NULL AND active <> $2`,
    [job, active, by],
  );
  return rowCount === 1;
}

/** Throws StateError E_RUN_STATE while a run of the job is active. */
export async function refuseWhileRunning(db: Pool | PoolClient, job: string): Promise<void> {
  const holder = await findHolder(db, job);
  if (holder === undefined) return;
  throw new StateError(
    'E_RUN_STATE',
    `Expected no run of job ${job} to be active, found ${holder.id} (${holder.phase}). Wait for its end, or end it: vocab-sync cancel ${holder.id}`,
    { details: { job, run: holder.id, phase: holder.phase } },
  );
}

/** Throws as `refuseWhileRunning`. */
export async function deleteJob(pool: Pool, job: string, by: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await lockJobs(client, [job]);
    await refuseWhileRunning(client, job);
    await client.query(
      'UPDATE vocab_sync.job SET deleted_by = $2, deleted_at = now() WHERE id = $1 AND deleted_at IS NULL',
      [job, by],
    );
  });
}
