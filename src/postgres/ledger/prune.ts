/**
 * Removes old runs with their log, steps and rejections. Data that the next run needs is always kept: active runs, the
 * run that set the watermark, and the last publication of each task. The change log is kept separately.
 */
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';

export interface KeepRules {
  /** Runs that started before may go. */
  readonly runsBefore: Date;
  /** As many of the newest runs of each job stay. */
  readonly keepRuns: number;
  /** Changes of runs that started before go, too; undefined keeps all. */
  readonly changesBefore: Date | undefined;
}

export interface Pruned {
  readonly runs: number;
  readonly rejections: number;
  readonly log_lines: number;
  readonly changes: number;
  /** Whose runs they are, and from when to when. */
  readonly jobs: readonly PrunedJob[];
}

interface PrunedJob {
  readonly job: string;
  readonly runs: number;
  readonly oldest: string;
  readonly newest: string;
}

/** $1 the time, $2 the number. Skipped starts are counted apart: they must not push out the runs that did something. */
const OLD_RUNS = `
  SELECT id FROM (
    SELECT id, started_at, finished_at, row_number() OVER (
      PARTITION BY job_id, outcome IS NOT DISTINCT FROM 'skipped' ORDER BY started_at DESC) AS nth FROM vocab_sync.run
  ) ranked
  WHERE finished_at IS NOT NULL AND started_at < $1 AND nth > $2
    AND id NOT IN (SELECT DISTINCT ON (job_id) id FROM vocab_sync.run
      WHERE watermark_hold IS NULL AND outcome IN ('success', 'unchanged') ORDER BY job_id, started_at DESC)
    AND id NOT IN (SELECT DISTINCT ON (job_id) id FROM vocab_sync.run
      WHERE watermark_hold IS NULL AND outcome IN ('success', 'unchanged', 'partial') ORDER BY job_id, started_at DESC)
    AND id NOT IN (SELECT DISTINCT ON (r.job_id, t.name) r.id FROM vocab_sync.task t JOIN vocab_sync.run r ON r.id = t.run_id
      WHERE t.applied_at IS NOT NULL AND r.mode NOT IN ('retry', 'resync') ORDER BY r.job_id, t.name, t.applied_at DESC)`;

/** All or nothing. A dry run does the same and takes it back, so that its numbers are the true ones. */
export async function prune(pool: Pool, rules: KeepRules, isDryRun: boolean): Promise<Pruned> {
  const dry = new DryRun();
  try {
    return await inTransaction(pool, async (client) => {
      dry.pruned = await pruneLedger(client, rules);
      if (isDryRun) throw dry;
      return dry.pruned;
    });
  } catch (error) {
    if (error === dry && dry.pruned !== undefined) return dry.pruned;
    throw error;
  }
}

/** Carries the numbers out of the transaction that it undoes. */
class DryRun extends Error {
  pruned: Pruned | undefined;
}

async function pruneLedger(client: PoolClient, rules: KeepRules): Promise<Pruned> {
  // Before the runs: afterwards nobody knows when they started.
  const changes = rules.changesBefore === undefined ? 0 : await pruneChanges(client, rules.changesBefore);
  await client.query('CREATE TEMPORARY TABLE old_run (id uuid PRIMARY KEY) ON COMMIT DROP');
  await client.query(`INSERT INTO old_run ${OLD_RUNS}`, [rules.runsBefore, rules.keepRuns]);
  await client.query('ANALYZE old_run');
  const jobs = await listOldJobs(client);
  const remove = async (table: string, column: string): Promise<number> => {
    const sql = `DELETE FROM vocab_sync.${table} WHERE ${column} IN (SELECT id FROM old_run)`;
    return (await client.query(sql)).rowCount ?? 0;
  };
  const rejections = await remove('rejection', 'run_id');
  const lines = await remove('run_log', 'run_id');
  await remove('step_attempt', 'run_id');
  await remove('notice', 'run_id');
  const runs = await remove('run', 'id');
  return { runs, rejections, log_lines: lines, changes, jobs };
}

async function listOldJobs(client: PoolClient): Promise<readonly PrunedJob[]> {
  const { rows } = await client.query<{ job: string; runs: number; oldest: Date; newest: Date }>(
    `SELECT job_id AS job, count(*)::int AS runs, min(started_at) AS oldest, max(started_at) AS newest
     FROM vocab_sync.run WHERE id IN (SELECT id FROM old_run) GROUP BY job_id ORDER BY job_id`,
  );
  return rows.map(({ job, runs, oldest, newest }) => ({
    job,
    runs,
    oldest: oldest.toISOString(),
    newest: newest.toISOString(),
  }));
}

/** Also of runs that were pruned before: run ids begin with their time. */
async function pruneChanges(client: PoolClient, before: Date): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM vocab_sync.change c
     WHERE c.run_id IN (SELECT id FROM vocab_sync.run WHERE started_at < $1 AND finished_at IS NOT NULL)
       OR (c.run_id < $2 AND NOT EXISTS (SELECT 1 FROM vocab_sync.run r WHERE r.id = c.run_id))`,
    [before, firstIdAt(before)],
  );
  return rowCount ?? 0;
}

function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** Files that active runs have fetched or were given. They are kept regardless of their age. */
export async function listFilesInUse(pool: Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ path: string | null }>(
    `SELECT f.value ->> 'path' AS path FROM vocab_sync.run r JOIN vocab_sync.task t ON t.run_id = r.id
       CROSS JOIN LATERAL json_array_elements(coalesce(t.source -> 'files', '[]')) f
     WHERE r.finished_at IS NULL
     UNION SELECT request #>> '{input,path}' FROM vocab_sync.run WHERE finished_at IS NULL`,
  );
  return new Set(rows.flatMap(({ path }) => path ?? []));
}
