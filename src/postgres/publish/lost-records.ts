/** Reads from the change log which records another client edited or removed in a table. */
import type { Document } from '../../records/document.ts';
import type { Pool } from '../pool.ts';
import type { ExpectedRow } from './expected-rows.ts';
import { targetFilter, type Target } from './target.ts';

export interface LostRecords {
  readonly count: number;
  /** The first ids, in order of their bytes. */
  readonly first: readonly string[];
}

/** The records that the job published in the target and that are not there. A change log that was pruned knows fewer. */
export async function findLostRecords(pool: Pool, target: Target, job: string, most: number): Promise<LostRecords> {
  const { rows } = await pool.query<{ id: string; n: number }>(
    `SELECT id, count(*) OVER () AS n FROM (
       SELECT DISTINCT ON (c.id) c.id, c.op FROM vocab_sync.change c
       JOIN vocab_sync.run r ON r.id = c.run_id LEFT JOIN vocab_sync.task k ON k.run_id = c.run_id AND k.name = c.task
       WHERE c.target = $1 AND r.job_id = $2
         AND NOT EXISTS (SELECT FROM ${target.relation} t WHERE t.id = c.id${targetFilter(target)})
       ORDER BY c.id, k.applied_at DESC NULLS LAST
     ) last WHERE op <> 'remove' ORDER BY id COLLATE "C" LIMIT $3`,
    [target.name, job, most],
  );
  return { count: rows[0]?.n ?? 0, first: rows.map(({ id }) => id) };
}

/** Indexed by id: each record after its last change, if the change log has it. */
export async function findPublishedVersions(
  pool: Pool,
  target: Target,
  rows: readonly Pick<ExpectedRow, 'id' | 'changedRun'>[],
): Promise<ReadonlyMap<string, Document>> {
  const { rows: found } = await pool.query<{ id: string; after: Document }>(
    `SELECT c.id, c.after FROM json_to_recordset($2::json) AS w (id text, run uuid)
     JOIN vocab_sync.change c ON c.target = $1 AND c.id = w.id AND c.run_id = w.run WHERE c.after IS NOT NULL`,
    [target.name, JSON.stringify(rows.map(({ id, changedRun: run }) => ({ id, run })))],
  );
  return new Map(found.map(({ id, after }) => [id, after]));
}
