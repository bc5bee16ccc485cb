/**
 * New versions of jobs, up to a thousand in one transaction: of hundreds that are applied at once either all are stored or
 * none. What was switched on or off by hand stays so until `active` in the config itself is edited.
 */
import { ConfigError } from '../../errors.ts';
import type { Job } from '../../job/schema/job.ts';
import { lockJobs } from './lock-jobs.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';

export interface VersionToStore {
  readonly job: Job;
  /** The text of the job file as it was given, without custom args or input. */
  readonly config: string;
  /** The digest of its content; if the newest stored version has the same, nothing is stored. */
  readonly digest: string;
  /** The number of the newest version that the caller looked at, 0 = none; absent = whichever is there. */
  readonly expected?: number;
}

/** Its number, from 1; or E_JOB_CHANGED if another person stored a version meanwhile, which is kept. */
export type StoredVersion = { readonly version: number } | { readonly conflict: ConfigError };

interface NewestVersion {
  readonly job: string;
  readonly version: number;
  readonly digest: string;
  readonly active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly deleted: boolean;
}

/** Each holds a lock, and PostgreSQL has room for some thousands of them, of all sessions. */
const AT_ONCE = 1000;

/** In the order of the versions, each of another job. One that equals the newest stored one is not stored again. */
export async function storeVersions(
  pool: Pool,
  versions: readonly VersionToStore[],
  by: string | undefined,
): Promise<readonly StoredVersion[]> {
  const results: StoredVersion[] = [];
  for (let from = 0; from < versions.length; from += AT_ONCE) {
    const some = versions.slice(from, from + AT_ONCE);
    results.push(...(await inTransaction(pool, (client) => storeAll(client, some, by))));
  }
  return results;
}

/** Throws the conflict where there is one. */
export async function storeVersion(
  pool: Pool,
  version: VersionToStore,
  by: string | undefined,
  expected?: number,
): Promise<number> {
  const [stored] = await storeVersions(pool, [{ ...version, ...(expected === undefined ? {} : { expected }) }], by);
  if (stored === undefined) throw new Error('a version that was stored has no answer');
  if ('conflict' in stored) throw stored.conflict;
  return stored.version;
}

async function storeAll(
  client: PoolClient,
  versions: readonly VersionToStore[],
  by: string | undefined,
): Promise<readonly StoredVersion[]> {
  const ids = versions.map(({ job }) => job.id);
  await lockJobs(client, ids);
  const newest = new Map((await newestVersions(client, ids)).map((found) => [found.job, found]));
  const planned = versions.map((version) => next(version, newest.get(version.job.id)));
  const rows = planned.flatMap(({ row }) => (row === undefined ? [] : [row]));
  await upsertJobs(client, rows);
  await insertVersions(client, rows, by);
  return planned.map(({ result }) => result);
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly active: boolean;
  readonly queue: string;
  readonly version: number;
  readonly config: string;
  readonly digest: string;
  /** The newest version has this content already; only its job is brought up to date. */
  readonly isSame: boolean;
  readonly config_decides: boolean;
}

function next(
  { job, config, digest, expected }: VersionToStore,
  newest: NewestVersion | undefined,
): { readonly row?: Row; readonly result: StoredVersion } {
  const isSame = newest?.digest === digest;
  if (isSame && !newest.deleted) return { result: { version: newest.version } };
  const seen = newest === undefined || newest.deleted ? 0 : newest.version;
  if (newest !== undefined && expected !== undefined && expected !== seen) {
    return { result: { conflict: changed(newest, expected) } };
  }
  const version = isSame ? newest.version : (newest?.version ?? 0) + 1;
  const { id, title, description = null, active, queue } = job;
  const config_decides = seen === 0 || newest?.active !== active;
  return {
    row: { id, title, description, active, queue, version, config, digest, isSame, config_decides },
    result: { version },
  };
}

async function newestVersions(client: PoolClient, jobs: readonly string[]): Promise<readonly NewestVersion[]> {
  const { rows } = await client.query<NewestVersion>(
    `SELECT j.id AS job, v.version, v.digest, coalesce((v.config->>'active')::boolean, true) AS active, v.created_by,
       v.created_at, j.deleted_at IS NOT NULL AS deleted
     FROM json_array_elements_text($1::json) AS wanted (id)
     JOIN vocab_sync.job j ON j.id = wanted.id
     CROSS JOIN LATERAL (
       SELECT * FROM vocab_sync.job_version WHERE job_id = j.id ORDER BY version DESC LIMIT 1
     ) v`,
    [JSON.stringify(jobs)],
  );
  return rows;
}

async function upsertJobs(client: PoolClient, rows: readonly Row[]): Promise<void> {
  for (const decides of [true, false]) {
    const some = rows.filter(({ config_decides }) => config_decides === decides);
    if (some.length === 0) continue;
    const switches = decides ? ', active = excluded.active, active_changed_by = NULL, active_changed_at = NULL' : '';
    await client.query(
      `INSERT INTO vocab_sync.job (id, title, description, active, queue, version)
       SELECT id, title, description, active, queue, version FROM json_to_recordset($1::json)
         AS row (id text, title text, description text, active boolean, queue text, version integer)
       ON CONFLICT (id) DO UPDATE SET title = excluded.title, description = excluded.description, queue = excluded.queue,
         version = excluded.version, updated_at = now(), deleted_by = NULL, deleted_at = NULL${switches}`,
      [JSON.stringify(some.map(({ config: _config, ...row }) => row))],
    );
  }
}

async function insertVersions(client: PoolClient, rows: readonly Row[], by: string | undefined): Promise<void> {
  const some = rows.filter(({ isSame }) => !isSame);
  if (some.length === 0) return;
  await client.query(
    `INSERT INTO vocab_sync.job_version (job_id, version, config, digest, created_by)
     SELECT id, version, config::json, digest, $2 FROM json_to_recordset($1::json)
       AS row (id text, version integer, config text, digest text)`,
    [JSON.stringify(some.map(({ id, version, config, digest }) => ({ id, version, config, digest }))), by ?? null],
  );
}

function changed(newest: NewestVersion, expected: number): ConfigError {
  const { job } = newest;
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
    `${wanted}, but it ${now}: another person was faster. Your version was not stored.`,
    { details: { job, expected, found: newest.version, by: newest.created_by, at } },
  );
}
