/** Answers the questions of operators about past and current runs. Reads only, and works without Temporal. */
import { ConfigError } from '../../errors.ts';
import type { StageCounts } from '../../records/counts.ts';
import type { RunMode, RunTrigger } from '../../records/run.ts';
import type { Outcome, Phase } from '../../records/outcome.ts';
import { sumTallies, toStageCounts } from '../../records/tally.ts';
import type { Pool } from '../pool.ts';
import { PARTITION_TALLY, TASK_COUNTS } from './json-columns.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PREFIX = /^[0-9a-f][0-9a-f-]*$/;

/** Whether it is a run id or the beginning of one, and no time: `2026-06-01` is a time. */
export function isRunPrefix(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f-]*)?$/i.test(text);
}

/**
 * The id of the run that is meant by an id, a unique prefix of it, `JOB@latest` or `JOB@published`. Throws
 * E_RUN_NOT_FOUND.
 */
export async function findRunId(pool: Pool, written: string): Promise<string> {
  const reference = /^[0-9A-F-]+$/i.test(written) ? written.toLowerCase() : written;
  if (reference.endsWith('@latest')) return findLatest(pool, reference.slice(0, -'@latest'.length));
  if (reference.endsWith('@published')) return requirePublished(pool, reference.slice(0, -'@published'.length));
  if (!PREFIX.test(reference)) {
    throw new ConfigError(
      'E_RUN_NOT_FOUND',
      `Expected a run id, a prefix of one, JOB@latest or JOB@published, found "${reference}".`,
    );
  }
  const { rows } = await pool.query<{ id: string }>(
    UUID.test(reference)
      ? { text: 'SELECT id FROM vocab_sync.run WHERE id = $1::uuid', values: [reference] }
      : {
          text: 'SELECT id FROM vocab_sync.run WHERE id::text LIKE $1 ORDER BY started_at DESC LIMIT 5',
          values: [`${reference}%`],
        },
  );
  const [first] = rows;
  if (first === undefined) {
    throw new ConfigError(
      'E_RUN_NOT_FOUND',
      `Expected the id of a run, found none that begins with "${reference}". \`vocab-sync runs\` lists them.`,
    );
  }
  if (rows.length > 1) {
    const ids = rows.map((row) => row.id).join(', ');
    throw new ConfigError(
      'E_RUN_NOT_FOUND',
      `Expected one run, found several that begin with "${reference}": ${ids}. Write more of the id.`,
    );
  }
  return first.id;
}

/** The newest run that did something: a start that was skipped never hides the run that holds the job. */
async function findLatest(pool: Pool, job: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM vocab_sync.run WHERE job_id = $1 AND outcome IS DISTINCT FROM 'skipped'
     ORDER BY started_at DESC LIMIT 1`,
    [job],
  );
  const [first] = rows;
  if (first === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Expected a run of job "${job}", found none.`);
  return first.id;
}

async function requirePublished(pool: Pool, job: string): Promise<string> {
  const published = await findPublishedRun(pool, job);
  if (published !== undefined) return published;
  throw new ConfigError(
    'E_RUN_NOT_FOUND',
    `Expected a run of job "${job}" that published changes, found none. \`vocab-sync runs ${job}\` lists its runs.`,
  );
}

/** The newest run of the job that changed a target and was not rolled back; a rollback or a repair is not one. */
export async function findPublishedRun(pool: Pool, job: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT r.id FROM vocab_sync.run r
     WHERE r.job_id = $1 AND r.mode NOT IN ('rollback', 'resync') AND r.rolled_back_by IS NULL
       AND EXISTS (
         SELECT 1 FROM vocab_sync.task t, json_each(t.targets) target
         WHERE t.run_id = r.id AND t.applied_at IS NOT NULL
           AND (target.value ->> 'inserted')::int + (target.value ->> 'updated')::int
             + (target.value ->> 'restored')::int + (target.value ->> 'withdrawn')::int > 0)
     ORDER BY (SELECT max(applied_at) FROM vocab_sync.task WHERE run_id = r.id) DESC LIMIT 1`,
    [job],
  );
  return rows[0]?.id;
}

export interface RunSummary {
  readonly run: string;
  readonly job: string;
  readonly title: string;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly phase: Phase;
  readonly outcome: Outcome | null;
  /** The rollback that undid it. */
  readonly rolled_back_by: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly source: string | null;
  readonly read: number;
  readonly rejected: number;
  readonly changed: number;
}

export interface RunFilter {
  readonly job?: string;
  /** An outcome, or `running`, `waiting` or `rolled_back`. */
  readonly status?: string;
  readonly trigger?: RunTrigger;
  readonly limit: number;
  /** Only runs that started before this time. */
  readonly before?: Date;
  /** Only runs that are listed after this one, for the next page: several runs may have started at the same moment. */
  readonly behind?: string;
  /** Only runs that started at this time or later. */
  readonly after?: Date;
}

/** Newest first. */
export async function listRuns(pool: Pool, filter: RunFilter): Promise<readonly RunSummary[]> {
  const { rows } = await pool.query<RunSummary & { started_at: Date; finished_at: Date | null }>(
    `SELECT r.id AS run, r.job_id AS job, r.title, r.mode, r.trigger, r.phase, r.outcome, r.rolled_back_by, r.started_at, r.finished_at,
       t.source, coalesce(t.read, 0)::int AS read, coalesce(t.rejected, 0)::int AS rejected, coalesce(t.changed, 0)::int AS changed
     FROM (
       SELECT * FROM vocab_sync.run
       WHERE ($1::text IS NULL OR job_id = $1)
         AND ($2::text IS NULL OR $2 = CASE WHEN rolled_back_by IS NOT NULL THEN 'rolled_back'
           ELSE coalesce(outcome, CASE phase WHEN 'waiting' THEN 'waiting' ELSE 'running' END) END)
         AND ($3::timestamptz IS NULL OR started_at < $3)
         AND ($5::timestamptz IS NULL OR started_at >= $5) AND ($6::text IS NULL OR trigger = $6)
         AND ($7::uuid IS NULL OR started_at <= (SELECT started_at FROM vocab_sync.run WHERE id = $7)
           AND (started_at, id) < (SELECT started_at, id FROM vocab_sync.run WHERE id = $7))
       ORDER BY started_at DESC, id DESC LIMIT $4
     ) r
     LEFT JOIN LATERAL (
       SELECT string_agg(source #>> '{version,name}', ', ' ORDER BY ordinal) AS source,
         sum((counts ->> 'read')::int) AS read, sum((counts ->> 'rejected')::int) AS rejected,
         sum((SELECT sum((c.value ->> 'inserted')::int + (c.value ->> 'updated')::int + (c.value ->> 'restored')::int
           + (c.value ->> 'withdrawn')::int) FROM json_each(targets) c)) FILTER (WHERE applied_at IS NOT NULL) AS changed
       FROM vocab_sync.task WHERE run_id = r.id
     ) t ON true
     ORDER BY r.started_at DESC, r.id DESC`,
    [
      filter.job ?? null,
      filter.status ?? null,
      filter.before ?? null,
      filter.limit,
      filter.after ?? null,
      filter.trigger ?? null,
      filter.behind ?? null,
    ],
  );
  return rows.map((row) => ({
    ...row,
    started_at: row.started_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  }));
}

export interface RunProgress {
  readonly phase: Phase;
  readonly outcome: Outcome | null;
  readonly waitingUntil: string | null;
  readonly tasks: readonly TaskProgress[];
}

interface TaskProgress {
  readonly name: string;
  readonly source: string | null;
  readonly counts: StageCounts;
  readonly bytes: number;
  /** 0 where the size is not known. */
  readonly totalBytes: number;
}

/** Returns the state of a run at its last checkpoint. Returns undefined if the run is not in the ledger (yet). */
export async function readProgress(pool: Pool, run: string): Promise<RunProgress | undefined> {
  const head = await pool.query<{ phase: Phase; outcome: Outcome | null; waiting_until: Date | null }>(
    'SELECT phase, outcome, waiting_until FROM vocab_sync.run WHERE id = $1',
    [run],
  );
  const [row] = head.rows;
  if (row === undefined) return undefined;
  const { rows } = await pool.query<{
    name: string;
    source: string | null;
    counts: unknown;
    tallies: unknown[] | null;
    bytes: number | null;
    total: number | null;
  }>(
    `SELECT t.name, t.source #>> '{version,name}' AS source, t.counts, json_agg(p.tally) FILTER (WHERE p.tally IS NOT NULL) AS tallies,
       sum(p.bytes)::float8 AS bytes,
       -- a partition that nobody began has no row yet
       coalesce((SELECT sum((part ->> 'bytes')::float8) FROM json_array_elements(t.source -> 'parts') part), sum(p.total_bytes)::float8) AS total
     FROM vocab_sync.task t LEFT JOIN vocab_sync.partition p ON p.run_id = t.run_id AND p.task = t.name
     WHERE t.run_id = $1 GROUP BY t.run_id, t.name ORDER BY t.ordinal`,
    [run],
  );
  return {
    phase: row.phase,
    outcome: row.outcome,
    waitingUntil: row.waiting_until?.toISOString() ?? null,
    tasks: rows.map((task) => ({
      name: task.name,
      source: task.source,
      counts:
        TASK_COUNTS.parseOptional(task.counts, run) ??
        toStageCounts(sumTallies((task.tallies ?? []).map((tally) => PARTITION_TALLY.parse(tally, run)))),
      bytes: task.bytes ?? 0,
      totalBytes: task.total ?? 0,
    })),
  };
}
