/** A few rows of a plan with the record before and after, without sorting or joining the whole plan. */
import type { DriftField } from '../../records/drift.ts';
import type { PoolClient } from '../pool.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { quoteLiteral, type Target } from './target.ts';

export interface PlannedRow {
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
  /** For records that another client created or edited: the fields that differ, by what the target stores. */
  readonly differing: readonly DriftField[] | null;
}

export async function firstPlanned(
  client: PoolClient,
  names: StageNames,
  wanted: {
    readonly target: Target;
    readonly ordinal: number;
    readonly op: string;
    readonly limit: number;
    readonly run: string;
    readonly task: string;
  },
): Promise<readonly PlannedRow[]> {
  const { target, ordinal, op, limit, run, task } = wanted;
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await client.query<PlannedRow>(
    // The target holds the other client's version, not what was published there last.
    `SELECT c.id, CASE WHEN $2 IN ('overwrite', 'keep') THEN d.details -> 'fields' END AS differing, CASE WHEN $2 IN ('overwrite', 'keep') THEN d.record ELSE t.record::json END AS before,
       coalesce(s.record::json, CASE WHEN d.id IS NOT NULL THEN t.record::json END) AS after
     FROM (SELECT id FROM ${names.plan} WHERE target = $1 AND op = $2 LIMIT $3) c
     LEFT JOIN LATERAL (SELECT record FROM ${names.stage} staged WHERE id = c.id LIMIT 1) s ON true
     LEFT JOIN LATERAL (SELECT record FROM ${target.relation} t WHERE t.id = c.id${filter} LIMIT 1) t ON true
     LEFT JOIN vocab_sync.drift d ON d.run_id = $4 AND d.task = $5 AND d.target = $6 AND d.id = c.id
     ORDER BY c.id`,
    [ordinal, op, limit, run, task, target.name],
  );
  return rows;
}
