/** Stored jobs, each with its newest version. */
import type { Pool, PoolClient } from '../pool.ts';

/** A job as it is stored, with its newest version. */
export interface StoredJob {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly active: boolean;
  /** Null where the config decides, otherwise who switched it on or off by hand. */
  readonly active_changed_by: string | null;
  readonly active_changed_at: Date | null;
  readonly queue: string;
  readonly version: number;
  /** JSON text, as the file had it. */
  readonly config: string;
  readonly digest: string;
  /** The time of the newest version. */
  readonly stored_by: string | null;
  readonly stored_at: Date;
}

const STORED_JOB = `SELECT j.id, j.title, j.description, j.active, j.active_changed_by, j.active_changed_at, j.queue, j.version,
    v.config::text AS config, v.digest, v.created_by AS stored_by, v.created_at AS stored_at
  FROM vocab_sync.job j JOIN vocab_sync.job_version v ON v.job_id = j.id AND v.version = j.version
  WHERE j.deleted_at IS NULL`;

/** Returns undefined if the job does not exist or was deleted. */
export async function findStoredJob(db: Pool | PoolClient, job: string): Promise<StoredJob | undefined> {
  const { rows } = await db.query<StoredJob>(`${STORED_JOB} AND j.id = $1`, [job]);
  return rows[0];
}

/** Returns the ids alone, for completion. */
export async function listJobIds(db: Pool): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM vocab_sync.job ORDER BY id LIMIT 1000');
  return rows.map(({ id }) => id);
}

export async function listStoredJobs(db: Pool): Promise<readonly StoredJob[]> {
  const { rows } = await db.query<StoredJob>(`${STORED_JOB} ORDER BY j.id`);
  return rows;
}
