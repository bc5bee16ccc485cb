/** Failures of a job in a row, as its schedule meets them. */
import type { Pool, PoolClient } from '../pool.ts';

type Queryable = Pool | PoolClient;

/**
 * How many runs of the job that its schedule started failed, up to this one, since a run of it ended well (by hand, too)
 * and since failures paused the schedule the last time: whatever was started after that was started by a resumed one.
 */
export async function countFailuresInARow(db: Queryable, run: { readonly id: string; readonly job_id: string }) {
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM vocab_sync.run r
     WHERE r.job_id = $1 AND r.trigger = 'schedule' AND r.mode = 'run' AND r.outcome = 'failed'
       AND r.started_at <= (SELECT started_at FROM vocab_sync.run WHERE id = $2)
       AND r.started_at > coalesce(greatest(
         (SELECT max(started_at) FROM vocab_sync.run
          WHERE job_id = $1 AND mode = 'run' AND outcome IN ('success', 'partial', 'unchanged')),
         (SELECT max(finished_at) FROM vocab_sync.run WHERE job_id = $1 AND schedule_paused IS NOT NULL)), '-infinity')`,
    [run.job_id, run.id],
  );
  return rows[0]?.n ?? 0;
}

export async function saveSchedulePaused(db: Queryable, run: string, note: string): Promise<void> {
  await db.query('UPDATE vocab_sync.run SET schedule_paused = $2 WHERE id = $1', [run, note]);
}
