/** Stored jobs and their versions. A run started from a file stores the version that it runs. */
import type { Job } from '../job/job.ts';
import { inTransaction, type Pool } from './pool.ts';

/** The newest stored config as JSON text. */
export async function currentConfig(pool: Pool, job: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ config: string }>(
    `SELECT v.config::text AS config FROM vocab_sync.job j
     JOIN vocab_sync.job_version v ON v.job_id = j.id AND v.version = j.version WHERE j.id = $1`,
    [job],
  );
  return rows[0]?.config;
}

export interface VersionToStore {
  readonly job: Job;
  /** The text of the job file as it was given, without custom args or input. */
  readonly config: string;
  /** Of its content; equal to the newest stored one = nothing to store. */
  readonly digest: string;
}

/** Stores the config as a new version unless it is the newest already. Answers the version's number, from 1. */
export async function storeVersion(pool: Pool, version: VersionToStore, by: string | undefined): Promise<number> {
  const { job } = version;
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [job.id]);
    const { rows } = await client.query<{ version: number; digest: string }>(
      'SELECT version, digest FROM vocab_sync.job_version WHERE job_id = $1 ORDER BY version DESC LIMIT 1',
      [job.id],
    );
    const newest = rows[0];
    if (newest?.digest === version.digest) return newest.version;
    const number = (newest?.version ?? 0) + 1;
    await client.query(
      `INSERT INTO vocab_sync.job (id, title, description, active, queue, version) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE SET title = excluded.title, description = excluded.description, active = excluded.active,
         queue = excluded.queue, version = excluded.version, updated_at = now()`,
      [job.id, job.title, job.description ?? null, job.active, job.queue, number],
    );
    await client.query(
      'INSERT INTO vocab_sync.job_version (job_id, version, config, digest, created_by) VALUES ($1, $2, $3, $4, $5)',
      [job.id, number, version.config, version.digest, by ?? null],
    );
    return number;
  });
}
