/** The state of each publication to a target outside the database. */
import { createHash } from 'node:crypto';
import type { TargetCounts } from '../../records/counts.ts';
import type { RunFailure } from '../../records/run.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { PUBLICATION_COUNTS, PUBLICATION_ERROR } from './json-columns.ts';

type Queryable = Pool | PoolClient;

/**
 * The hash of a record whose state in the target is unknown, because the run ended while it was being sent. It differs
 * from every other hash, so the next run publishes the record again.
 */
export const UNSURE = createHash('sha256').update('vocab-sync: not known whether it was published').digest();
/** The same for a record that no run is known to have published before. The run that learns what became of it inserts it. */
export const UNSURE_NEW = createHash('sha256').update('vocab-sync: not known whether it was inserted').digest();

type PublicationState = 'open' | 'done' | 'failed' | 'stopped';

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
  return rows.map(toPublicationRow);
}

/** The values of JSON columns come from the driver unchecked. */
export function toPublicationRow(row: PublicationRow): PublicationRow {
  return {
    ...row,
    counts: PUBLICATION_COUNTS.parse(row.counts, row.run_id),
    error: PUBLICATION_ERROR.parseOptional(row.error, row.run_id),
  };
}

/** Opens the publication of a frozen plan of `total` changes, none of which has a result yet. */
export async function openPublication(
  client: PoolClient,
  { run, task, target }: { readonly run: string; readonly task: string; readonly target: string },
  total: number,
  planned: TargetCounts,
): Promise<void> {
  const counts: TargetCounts = { ...planned, inserted: 0, updated: 0, restored: 0, withdrawn: 0 };
  await client.query(
    `INSERT INTO vocab_sync.publication (run_id, task, target, total, counts) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (run_id, task, target) DO UPDATE SET state = 'open', total = excluded.total, answered = 0,
       counts = excluded.counts, lease = NULL, error = NULL, finished_at = NULL`,
    [run, task, target, total, PUBLICATION_COUNTS.toText(counts)],
  );
}

/**
 * Drops unsent changes at the end of a run, because the next run compares again. For a record that was being sent, the
 * state in the target is stored as unknown.
 */
export async function endPublications(db: Queryable, run: string): Promise<void> {
  await db.query("UPDATE vocab_sync.publication SET state = 'stopped' WHERE run_id = $1 AND state = 'open'", [run]);
  await db.query("SELECT set_config('vocab_sync.publishing', 'on', true)");
  await db.query(
    `INSERT INTO vocab_sync.published AS t (target, id, record, hash, job_id, created_run, changed_run)
     SELECT o.target, o.id, o.record, $3, r.job_id, $1, $1
     FROM vocab_sync.outgoing o JOIN vocab_sync.run r ON r.id = o.run_id WHERE o.run_id = $1 AND o.under_way
     ON CONFLICT (target, id) DO UPDATE SET source_hash = NULL,
       hash = CASE WHEN t.hash = $3 AND t.withdrawn_at IS NULL THEN t.hash ELSE $2 END`,
    [run, UNSURE, UNSURE_NEW],
  );
  // The target may hold it, so a run whose source no longer holds it has to withdraw it.
  await db.query(
    `UPDATE vocab_sync.published t SET withdrawn_at = NULL FROM vocab_sync.outgoing o
     WHERE o.run_id = $1 AND o.under_way AND o.op = 'restore' AND t.target = o.target AND t.id = o.id`,
    [run],
  );
  await db.query(
    `UPDATE vocab_sync.target_size z SET stale = true
     FROM (SELECT DISTINCT target FROM vocab_sync.outgoing WHERE run_id = $1) o WHERE z.target = o.target`,
    [run],
  );
  await db.query('DELETE FROM vocab_sync.outgoing WHERE run_id = $1', [run]);
}

/** What became of the changes of one target. Without counts: those that the target has answered for so far. */
export async function saveTargetCounts(
  db: Queryable,
  run: string,
  name: string,
  target: string,
  counts?: TargetCounts,
): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task t SET targets = jsonb_set(targets::jsonb, ARRAY[$3], coalesce($4::jsonb,
       (SELECT p.counts::jsonb FROM vocab_sync.publication p WHERE p.run_id = $1 AND p.task = $2 AND p.target = $3)))::json
     WHERE run_id = $1 AND name = $2`,
    [run, name, target, counts === undefined ? null : PUBLICATION_COUNTS.toText(counts)],
  );
}
