/** Reads what a retry of rejections needs from the run that it retries. */
import type { Cursor } from '../../records/origin.ts';
import type { Pool, PoolClient } from '../pool.ts';

type Queryable = Pool | PoolClient;

export interface RejectedTask {
  readonly task: string;
  /** Refused while they were read, transformed or checked, with their place in the source. */
  readonly placed: number;
  /** The same, from before places were kept. */
  readonly unplaced: number;
  /** Refused by a target: their source was fine. */
  readonly on_write: number;
}

/** One row for each task that rejected something. */
export async function countRejections(db: Queryable, run: string): Promise<readonly RejectedTask[]> {
  const { rows } = await db.query<RejectedTask>(
    `SELECT task, count(*) FILTER (WHERE target IS NULL AND cursor IS NOT NULL)::int AS placed,
       count(*) FILTER (WHERE target IS NULL AND cursor IS NULL)::int AS unplaced,
       count(*) FILTER (WHERE target IS NOT NULL)::int AS on_write
     FROM vocab_sync.rejection WHERE run_id = $1 GROUP BY task ORDER BY task`,
    [run],
  );
  return rows;
}

export interface RejectedPlace {
  readonly cursor: Cursor;
  readonly origin: string;
}

/** In source order, after `after`. */
export async function listRejectedPlaces(
  db: Queryable,
  { run, task }: { readonly run: string; readonly task: string },
  after: Cursor | undefined,
  limit: number,
): Promise<readonly RejectedPlace[]> {
  const { rows } = await db.query<RejectedPlace>(
    `SELECT to_json(cursor) AS cursor, origin FROM vocab_sync.rejection
     WHERE run_id = $1 AND task = $2 AND cursor IS NOT NULL AND ($3::bigint[] IS NULL OR rejection.cursor > $3)
     ORDER BY rejection.cursor LIMIT $4`,
    [run, task, after === undefined ? null : [...after], limit],
  );
  return rows;
}

/** The run that published the task after it was published by this one; retries are passed over. */
export async function findLaterPublication(
  db: Queryable,
  { job, run, task }: { readonly job: string; readonly run: string; readonly task: string },
): Promise<{ readonly id: string; readonly started_at: Date } | undefined> {
  const { rows } = await db.query<{ id: string; started_at: Date }>(
    `SELECT r.id, r.started_at FROM vocab_sync.task t JOIN vocab_sync.run r ON r.id = t.run_id
     WHERE r.job_id = $1 AND t.name = $2 AND r.mode NOT IN ('retry', 'rollback', 'resync')
       AND t.applied_at > (SELECT applied_at FROM vocab_sync.task WHERE run_id = $3 AND name = $2)
     ORDER BY t.applied_at DESC LIMIT 1`,
    [job, task, run],
  );
  return rows[0];
}

/** Gives the tasks of a retry the source that the retried run had frozen. */
export async function copySources(db: Queryable, from: string, to: string): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task t SET source = o.source, source_digest = o.source_digest FROM vocab_sync.task o
     WHERE t.run_id = $2 AND o.run_id = $1 AND o.name = t.name`,
    [from, to],
  );
}
