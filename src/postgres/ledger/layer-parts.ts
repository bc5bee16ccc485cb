/** The parts of each job in the records of a target with layers. */
import { quoteLiteral } from '../publish/target.ts';
import type { Pool } from '../pool.ts';
import { LAYER_OWNS } from './json-columns.ts';

/** Both are names that `partTarget` gives. */
const BASE = `l.target || ' (base)'`;
const PART = `l.target || ' (layer ' || l.name || ')'`;

export interface RecordPart {
  readonly target: string;
  /** Null for the base. */
  readonly layer: string | null;
  readonly job: string;
  /** The places of the layer; null for the base, which gives everything else. */
  readonly owns: readonly string[] | null;
  readonly record: unknown;
}

/** The parts of one record now, the base first; none for a target without layers. */
export async function readRecordParts(
  pool: Pool,
  id: string,
  targets: readonly string[],
): Promise<readonly RecordPart[]> {
  const { rows } = await pool.query<RecordPart>(
    `SELECT * FROM (
       SELECT DISTINCT l.target, NULL AS layer, p.job_id AS job, NULL::jsonb AS owns, p.record::jsonb AS record
       FROM vocab_sync.layer l JOIN vocab_sync.published p ON p.target = ${BASE} AND p.id = $1 AND p.withdrawn_at IS NULL
       WHERE l.target = ANY ($2)
       UNION ALL
       SELECT l.target, l.name, p.job_id, l.owns::jsonb, p.record::jsonb
       FROM vocab_sync.layer l JOIN vocab_sync.published p ON p.target = ${PART} AND p.id = $1 AND p.withdrawn_at IS NULL
       WHERE l.target = ANY ($2)
     ) parts ORDER BY target, layer NULLS FIRST`,
    [id, targets],
  );
  return rows.map((row) => ({ ...row, owns: LAYER_OWNS.parseOptional(row.owns, row.target) }));
}

export interface LayerState {
  readonly target: string;
  readonly layer: string;
  readonly job: string;
  readonly owns: readonly string[];
  readonly parts: number;
  /** Parts of records that no other job publishes. */
  readonly waiting: number;
}

/** Every layer with its numbers, in order of target and name. Without targets: of all of them. */
export async function listLayerStates(pool: Pool, targets: readonly string[]): Promise<readonly LayerState[]> {
  const { rows } = await pool.query<LayerState>(
    `SELECT l.target, l.name AS layer, l.job_id AS job, l.owns, n.parts, n.waiting FROM vocab_sync.layer l
     CROSS JOIN LATERAL (
       SELECT count(*) AS parts, count(*) FILTER (WHERE ${WAITS}) AS waiting
       FROM vocab_sync.published p WHERE p.target = ${PART} AND p.withdrawn_at IS NULL
     ) n WHERE cardinality($1::text[]) = 0 OR l.target = ANY ($1) ORDER BY l.target, l.name`,
    [targets],
  );
  return rows.map((row) => ({ ...row, owns: LAYER_OWNS.parse(row.owns, row.target) }));
}

const WAITS = `NOT EXISTS (SELECT FROM vocab_sync.published b
  WHERE b.target = ${BASE} AND b.id = p.id AND b.withdrawn_at IS NULL AND b.job_id IS NOT NULL)`;

/** The ids of the parts that wait, in order; at most `limit`. */
export async function listWaiting(
  pool: Pool,
  { target, layer }: Pick<LayerState, 'target' | 'layer'>,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT p.id FROM vocab_sync.layer l JOIN vocab_sync.published p ON p.target = ${PART} AND p.withdrawn_at IS NULL
     WHERE l.target = ${quoteLiteral(target)} AND l.name = ${quoteLiteral(layer)} AND ${WAITS} ORDER BY p.id COLLATE "C" LIMIT $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}
