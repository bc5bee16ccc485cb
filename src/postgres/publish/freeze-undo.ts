/**
 * Undoing a run in a target that takes changes one by one: what `planUndo` found free of conflicts becomes a plan that
 * `publishTarget` sends. What the run inserted is withdrawn, since such a target may keep no way to forget a record.
 */
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import type { PoolClient } from '../pool.ts';
import type { Undo } from './rollback.ts';
import { targetFilter } from './target.ts';

const INVERSE = `CASE u.op WHEN 'insert' THEN 'withdraw' WHEN 'restore' THEN 'withdraw' WHEN 'withdraw' THEN 'restore'
  WHEN 'remove' THEN 'restore' ELSE 'update' END`;

/** Returns what is planned. The hash of a record that is put back is the one it had, so the next run compares it as equal. */
export async function freezeUndo(client: PoolClient, undo: Undo): Promise<TargetCounts> {
  const { target, task, run, rollback } = undo;
  const { rows } = await client.query<{ op: 'update' | 'restore' | 'withdraw'; n: number }>(
    `WITH frozen AS (
       INSERT INTO vocab_sync.outgoing (run_id, task, target, id, op, record, bytes, before_hash, hash, after_run)
       SELECT $1, $2, $3, u.id, ${INVERSE}, r.record, octet_length(r.record::text), t.hash,
         CASE WHEN u.op IN ('insert', 'restore') THEN t.hash
           ELSE coalesce(c.before_hash, sha256(convert_to('undone ' || c.before::text, 'UTF8'))) END,
         coalesce(c.before_run, $1)
       FROM undo u JOIN vocab_sync.change c ON c.run_id = $4 AND c.target = $3 AND c.id = u.id
       LEFT JOIN ${target.relation} t ON t.id = u.id${targetFilter(target)}
       CROSS JOIN LATERAL (SELECT CASE WHEN u.op IN ('insert', 'restore') THEN t.record
         ELSE coalesce(c.before_json, c.before::text::json) END AS record) r
       WHERE NOT u.conflict RETURNING op
     ) SELECT op, count(*) AS n FROM frozen GROUP BY op`,
    [rollback, task, target.name, run],
  );
  const by = new Map(rows.map(({ op, n }) => [op, n]));
  const planned: TargetCounts = {
    inserted: 0,
    updated: by.get('update') ?? 0,
    restored: by.get('restore') ?? 0,
    withdrawn: by.get('withdraw') ?? 0,
    unchanged: 0,
    rejected: 0,
  };
  const none = { ...planned, updated: 0, restored: 0, withdrawn: 0 };
  await client.query(
    'INSERT INTO vocab_sync.publication (run_id, task, target, total, counts) VALUES ($1, $2, $3, $4, $5)',
    [rollback, task, target.name, countChanges(planned), JSON.stringify(none)],
  );
  return planned;
}
