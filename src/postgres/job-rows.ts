/** Stored jobs and their versions. A run started from a file stores the version that it runs. */
import { ConfigError } from '../errors.ts';
import type { Job } from '../job/job.ts';
import { inTransaction, type Pool, type PoolClient } from './pool.ts';

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
  /** Of the newest version. */
  readonly stored_by: string | null;
  readonly stored_at: Date;
}

const STORED_JOB = `SELECT j.id, j.title, j.description, j.active, j.active_changed_by, j.active_changed_at, j.queue, j.version,
    v.config::text AS config, v.digest, v.created_by AS stored_by, v.created_at AS stored_at
  FROM vocab_sync.job j JOIN vocab_sync.job_version v ON v.job_id = j.id AND v.version = j.version
  WHERE j.deleted_at IS NULL`;

/** Undefined where there is none, or it was deleted. */
export async function findStoredJob(db: Pool | PoolClient, job: string): Promise<StoredJob | undefined> {
  const { rows } = await db.query<StoredJob>(`${STORED_JOB} AND j.id = $1`, [job]);
  return rows[0];
}

export async function listStoredJobs(db: Pool): Promise<readonly StoredJob[]> {
  const { rows } = await db.query<StoredJob>(`${STORED_JOB} ORDER BY j.id`);
  return rows;
}

export interface VersionToStore {
  readonly job: Job;
  /** The text of the job file as it was given, without custom args or input. */
  readonly config: string;
  /** Of its content; equal to the newest stored one = nothing to store. */
  readonly digest: string;
}

interface NewestVersion {
  readonly version: number;
  readonly digest: string;
  readonly active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly deleted: boolean;
}

/**
 * Stores the config as a new version unless it is the newest already. Answers the version's number, from 1. With
 * `expected`, the number of the newest version that the caller looked at (0 = none), it throws ConfigError E_JOB_CHANGED
 * when somebody else stored one meanwhile. What was switched on or off by hand stays so until `active` in the config
 * itself is edited.
 */
export async function storeVersion(
  pool: Pool,
  version: VersionToStore,
  by: string | undefined,
  expected?: number,
): Promise<number> {
  const { job } = version;
  return inTransaction(pool, async (client) => {
    await lockJob(client, job.id);
    const newest = await newestVersion(client, job.id);
    if (newest?.digest === version.digest && !newest.deleted) return newest.version;
    const seen = newest === undefined || newest.deleted ? 0 : newest.version;
    if (newest !== undefined && expected !== undefined && expected !== seen) throw changed(job.id, newest, expected);
    const isSame = newest?.digest === version.digest;
    const number = isSame ? newest.version : (newest?.version ?? 0) + 1;
    await upsertJob(client, job, number, seen === 0 || newest?.active !== job.active);
    if (isSame) return number;
    await client.query(
      'INSERT INTO vocab_sync.job_version (job_id, version, config, digest, created_by) VALUES ($1, $2, $3, $4, $5)',
      [job.id, number, version.config, version.digest, by ?? null],
    );
    return number;
  });
}

/** Held to the end of the transaction: storing, switching and deleting one job never overlap. */
export async function lockJob(client: PoolClient, job: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [job]);
}

async function newestVersion(client: PoolClient, job: string): Promise<NewestVersion | undefined> {
  const { rows } = await client.query<NewestVersion>(
    `SELECT v.version, v.digest, coalesce((v.config->>'active')::boolean, true) AS active, v.created_by, v.created_at,
       j.deleted_at IS NOT NULL AS deleted
     FROM vocab_sync.job_version v JOIN vocab_sync.job j ON j.id = v.job_id
     WHERE v.job_id = $1 ORDER BY v.version DESC LIMIT 1`,
    [job],
  );
  return rows[0];
}

async function upsertJob(client: PoolClient, job: Job, version: number, configDecides: boolean): Promise<void> {
  await client.query(
    `INSERT INTO vocab_sync.job AS j (id, title, description, active, queue, version) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET title = excluded.title, description = excluded.description, queue = excluded.queue,
       version = excluded.version, updated_at = now(), deleted_by = NULL, deleted_at = NULL,
       active = CASE WHEN $7 THEN excluded.active ELSE j.active END,
       active_changed_by = CASE WHEN $7 THEN NULL ELSE j.active_changed_by END,
       active_changed_at = CASE WHEN $7 THEN NULL ELSE j.active_changed_at END`,
    [job.id, job.title, job.description ?? null, job.active, job.queue, version, configDecides],
  );
}

function changed(job: string, newest: NewestVersion, expected: number): ConfigError {
  const at = newest.created_at.toISOString();
  const now = newest.deleted
    ? 'was deleted'
    : `has version ${String(newest.version)}, by ${newest.created_by ?? 'unknown'} at ${at}`;
  const wanted =
    expected === 0
      ? `Expected job ${job} not to be stored yet`
      : `Expected version ${String(expected)} of job ${job} to be the newest`;
  return new ConfigError(
    'E_JOB_CHANGED',
    `${wanted}, but it ${now}: somebody else was faster. Nothing of yours was stored.`,
    { details: { job, expected, found: newest.version, by: newest.created_by, at } },
  );
}
