/**
 * The watermark of a job: the start of the last run that read everything since the watermark, or the value that an
 * operator set after that. A run that started before the operator's decision does not override it.
 */
import type { Outcome } from '../../records/outcome.ts';
import type { SourceVersion } from '../../records/source.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { TASK_SOURCE } from './json-columns.ts';

type Queryable = Pool | PoolClient;

/** Clocks of workers and of the database differ by a little. */
const SKEW_MS = 5 * 60_000;

export interface WatermarkChange {
  /** Null: cleared. */
  readonly since: Date | null;
  readonly changed_by: string;
  readonly reason: string | null;
  readonly at: Date;
}

interface WatermarkRun {
  readonly run: string;
  readonly outcome: Outcome;
  readonly started_at: Date;
}

export type Watermark =
  | { readonly kind: 'none'; readonly time: undefined }
  | { readonly kind: 'run'; readonly time: Date; readonly run: WatermarkRun }
  | { readonly kind: 'set'; readonly time: Date; readonly change: WatermarkChange }
  | { readonly kind: 'cleared'; readonly time: undefined; readonly change: WatermarkChange };

/** Returns the watermark of a job. A partial run moves it too if `acceptPartial` is set. */
export async function findWatermark(db: Queryable, job: string, acceptPartial: boolean): Promise<Watermark> {
  const run = await findMover(db, job, acceptPartial);
  if (run !== undefined) return { kind: 'run', time: run.started_at, run };
  const [change] = await listWatermarkChanges(db, job, 1);
  if (change === undefined) return { kind: 'none', time: undefined };
  return change.since === null
    ? { kind: 'cleared', time: undefined, change }
    : { kind: 'set', time: change.since, change };
}

const MOVES = `r.watermark_hold IS NULL AND r.mode <> 'rollback' AND r.outcome IN ('success', 'unchanged', 'partial')`;
const DECIDED = `coalesce(
  (SELECT at FROM vocab_sync.watermark_change WHERE job_id = $1 ORDER BY id DESC LIMIT 1), '-infinity')`;

/** The order is that of the starts, so a run that was reset and ends late never moves the watermark back. */
async function findMover(db: Queryable, job: string, acceptPartial: boolean): Promise<WatermarkRun | undefined> {
  const { rows } = await db.query<WatermarkRun>(
    `SELECT r.id AS run, r.outcome, r.started_at FROM vocab_sync.run r
     WHERE r.job_id = $1 AND ${MOVES} AND (r.outcome <> 'partial' OR $2) AND r.started_at > ${DECIDED}
       -- dated in the future by a clock that was wrong: what an operator set since then counts
       AND (r.started_at <= clock_timestamp() + make_interval(secs => $3::float8 / 1000)
         OR NOT EXISTS (SELECT FROM vocab_sync.watermark_change w WHERE w.job_id = $1))
     ORDER BY r.started_at DESC LIMIT 1`,
    [job, acceptPartial, SKEW_MS],
  );
  return rows[0];
}

/**
 * The version of its source that a task located in the last run that may move the watermark and had one. Undefined after
 * an operator set or cleared the watermark: then everything from there on is read again.
 */
export async function findVersionRead(
  db: Queryable,
  { job, task, acceptPartial }: { readonly job: string; readonly task: string; readonly acceptPartial: boolean },
): Promise<SourceVersion | undefined> {
  const { rows } = await db.query<{ id: string; source: unknown }>(
    `SELECT r.id, t.source FROM vocab_sync.run r JOIN vocab_sync.task t ON t.run_id = r.id
     WHERE r.job_id = $1 AND t.name = $2 AND t.source IS NOT NULL AND ${MOVES} AND (r.outcome <> 'partial' OR $3)
       AND r.mode <> 'retry' AND r.started_at > ${DECIDED}
     ORDER BY r.started_at DESC LIMIT 1`,
    [job, task, acceptPartial],
  );
  const [row] = rows;
  return row === undefined ? undefined : TASK_SOURCE.parse(row.source, row.id).version;
}

/** Newest first. */
export async function listWatermarkChanges(
  db: Queryable,
  job: string,
  limit: number,
): Promise<readonly WatermarkChange[]> {
  const { rows } = await db.query<WatermarkChange>(
    `SELECT since, changed_by, reason, at FROM vocab_sync.watermark_change WHERE job_id = $1 ORDER BY id DESC LIMIT $2`,
    [job, limit],
  );
  return rows;
}

export interface NewWatermarkChange {
  /** Undefined clears. */
  readonly since: Date | undefined;
  readonly by: string;
  readonly reason: string | undefined;
}

export async function changeWatermark(db: Queryable, job: string, change: NewWatermarkChange): Promise<void> {
  await db.query(
    'INSERT INTO vocab_sync.watermark_change (job_id, since, changed_by, reason) VALUES ($1, $2, $3, $4)',
    [job, change.since ?? null, change.by, change.reason ?? null],
  );
}

/** Whether a time is later than now by the clock of the database. Nothing could ever be newer than such a watermark. */
export async function isInFuture(db: Queryable, time: Date): Promise<boolean> {
  const { rows } = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0] !== undefined && time.getTime() > rows[0].now.getTime() + SKEW_MS;
}

export interface FutureWatermark {
  readonly job: string;
  readonly time: Date;
}

/** The runs and settings by hand that are dated in the future, with the jobs that they make deaf. */
export async function listFutureWatermarks(db: Queryable): Promise<readonly FutureWatermark[]> {
  const { rows } = await db.query<FutureWatermark>(
    `SELECT job, max(time) AS time FROM (
       SELECT job_id AS job, started_at AS time FROM vocab_sync.run
         WHERE started_at > clock_timestamp() + make_interval(secs => $1::float8 / 1000) AND watermark_hold IS NULL
           AND outcome IN ('success', 'unchanged', 'partial')
       UNION ALL SELECT job_id, since FROM (
         SELECT DISTINCT ON (job_id) job_id, since FROM vocab_sync.watermark_change ORDER BY job_id, id DESC) newest
         WHERE since > clock_timestamp() + make_interval(secs => $1::float8 / 1000)) future
     GROUP BY job ORDER BY job`,
    [SKEW_MS],
  );
  return rows;
}

export interface IdleRun {
  readonly run: string;
  readonly started_at: Date;
  /** Null if the run is active. */
  readonly outcome: Outcome | null;
  /** Why it would not move the watermark even as a success. */
  readonly hold: string | null;
  readonly error_code: string | null;
}

/** The runs that started after what decides now, and did not move it; newest first. */
export async function listIdleRuns(
  db: Queryable,
  job: string,
  watermark: Watermark,
  limit: number,
): Promise<readonly IdleRun[]> {
  const { rows } = await db.query<IdleRun>(
    `SELECT id AS run, started_at, outcome, watermark_hold AS hold, error ->> 'code' AS error_code FROM vocab_sync.run
     WHERE job_id = $1 AND (started_at > coalesce($2::timestamptz, '-infinity') OR finished_at IS NULL) AND id IS DISTINCT FROM $3
       AND mode <> 'rollback' AND outcome IS DISTINCT FROM 'skipped'
     ORDER BY started_at DESC LIMIT $4`,
    [job, decidedAt(watermark) ?? null, watermark.kind === 'run' ? watermark.run.run : null, limit],
  );
  return rows;
}

function decidedAt(watermark: Watermark): Date | undefined {
  if (watermark.kind === 'run') return watermark.run.started_at;
  return watermark.kind === 'none' ? undefined : watermark.change.at;
}
