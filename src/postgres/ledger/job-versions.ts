/** The versions of a stored job, kept also after it was deleted. */
import type { Pool } from '../pool.ts';

export interface JobVersion {
  readonly version: number;
  /** JSON text. */
  readonly config: string;
  readonly digest: string;
  readonly created_by: string | null;
  readonly created_at: Date;
}

/** The newest first. */
export async function listVersions(pool: Pool, job: string): Promise<readonly JobVersion[]> {
  const { rows } = await pool.query<JobVersion>(
    `SELECT version, config::text AS config, digest, created_by, created_at FROM vocab_sync.job_version
     WHERE job_id = $1 ORDER BY version DESC`,
    [job],
  );
  return rows;
}

/** Returns who deleted the job and when; undefined if it was not deleted. */
export async function findDeletion(pool: Pool, job: string): Promise<{ by: string | null; at: Date } | undefined> {
  const { rows } = await pool.query<{ by: string | null; at: Date }>(
    'SELECT deleted_by AS by, deleted_at AS at FROM vocab_sync.job WHERE id = $1 AND deleted_at IS NOT NULL',
    [job],
  );
  return rows[0];
}
