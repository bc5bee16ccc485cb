/** The state of each publication to a target outside the database. */
import { createHash } from 'node:crypto';
import type { TargetCounts } from '../../records/counts.ts';
import type { RunFailure } from '../../records/run.ts';
import type { Pool, PoolClient } from '../pool.ts';

type Queryable = Pool | PoolClient;

/**
 * The hash of a record of which nobody knows whether the target has it: the run ended while it was being sent. It differs
 * from every other hash, so the next run publishes the record again.
 */
export const UNSURE = createHash('sha256').update('vocab-sync: not known whether it was published').digest();

export type PublicationState = 'open' | 'done' | 'failed' | 'stopped';

export interface PublicationRow {
  readonly run_id: string;
  readonly task: string;
  readonly target: string;
  readonly state: PublicationState;
  readonly total: number;
  readonly answered: number;
  readonly counts: TargetCounts;
  readonly lease: string | null;
  readonly error: RunFailure | null;
}

export async function listPublications(db: Queryable, run: string, task?: string): Promise<readonly PublicationRow[]> {
  const { rows } = await db.query<PublicationRow>(
    'SELECT * FROM vocab_sync.publication WHERE run_id = $1 AND task = coalesce($2, task) ORDER BY task, target',
    [run, task ?? null],
  );
  return rows;
}

/**
 * At the end of a run: what was not sent is dropped, since the next run compares again. A record that was being sent is
 * noted as one of which nobody knows whether the target has it.
 */
export async function endPublications(db: Queryable, run: string): Promise<void> {
  await db.query("UPDATE vocab_sync.publication SET state = 'stopped' WHERE run_id = $1 AND state = 'open'", [run]);
  await db.query("SELECT set_config('vocab_sync.publishing', 'on', true)");
  await db.query(
    `INSERT INTO vocab_sync.published AS t (target, id, record, hash, job_id, created_run, changed_run)
     SELECT o.target, o.id, o.record, $2, r.job_id, $1, $1
     FROM vocab_sync.outgoing o JOIN vocab_sync.run r ON r.id = o.run_id WHERE o.run_id = $1 AND o.under_way
     ON CONFLICT (target, id) DO UPDATE SET hash = excluded.hash, source_hash = NULL`,
    [run, UNSURE],
  );
  await db.query(
    `UPDATE vocab_sync.target_size z SET stale = true
     FROM (SELECT DISTINCT target FROM vocab_sync.outgoing WHERE run_id = $1) o WHERE z.target = o.target`,
    [run],
  );
  await db.query('DELETE FROM vocab_sync.outgoing WHERE run_id = $1', [run]);
}
