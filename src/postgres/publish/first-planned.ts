/** A few rows of a plan with the record before and after, without sorting or joining the whole plan. */
import type { PoolClient } from '../pool.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { quoteLiteral, type Target } from './target.ts';

export interface PlannedRow {
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
}

export async function firstPlanned(
  client: PoolClient,
  names: StageNames,
  wanted: { readonly target: Target; readonly ordinal: number; readonly op: string; readonly limit: number },
): Promise<readonly PlannedRow[]> {
  const { target, ordinal, op, limit } = wanted;
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await client.query<PlannedRow>(
    `SELECT c.id, t.record::jsonb AS before, s.record::jsonb AS after
     FROM (SELECT id FROM ${names.plan} WHERE target = $1 AND op = $2 LIMIT $3) c
     LEFT JOIN LATERAL (SELECT record FROM ${names.stage} WHERE id = c.id LIMIT 1) s ON true
     LEFT JOIN LATERAL (SELECT record FROM ${target.relation} t WHERE t.id = c.id${filter} LIMIT 1) t ON true
     ORDER BY c.id`,
    [ordinal, op, limit],
  );
  return rows;
}
