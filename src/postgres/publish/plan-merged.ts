/**
 * The plan of a target with layers: the parts of each job are kept apart, and the target holds the merged records. The hash
 * of a merged record is made from the hashes of its parts, so that set-based comparison finds what changes, and only these
 * records are merged, outside the database.
 */
import type { TargetCounts } from '../../records/counts.ts';
import type { Document } from '../../records/document.ts';
import { mergeRecord, type LayerPart } from '../../records/layers.ts';
import { UNSURE, UNSURE_NEW } from '../ledger/publications.ts';
import type { PoolClient } from '../pool.ts';
import { createStageBatch } from '../stage/stage-batch.ts';
import { appendStage, createStage, type StageNames } from '../stage/stage-table.ts';
import { countPlan } from './change-set.ts';
import { partTarget, type LayerRow } from './layer-rows.ts';
import { quoteLiteral, targetFilter, type Target } from './target.ts';

export interface MergedPlan {
  readonly names: StageNames;
  /** The number of the target in the plan. */
  readonly ordinal: number;
  readonly target: Target;
  /** Where the job that plans keeps its own parts. */
  readonly own: Target;
  /** Where the base is kept; the target itself before its first layer. */
  readonly base: Target;
  /** All layers, that of the job included. */
  readonly layers: readonly LayerRow[];
  /** The layer of the job; undefined: it makes the base. */
  readonly layer: string | undefined;
  readonly job: string;
  /** The table with the documents of the job that changed, where there is one. */
  readonly stage: string | undefined;
}

/** The parts of a job are planned and published before the target, under a separate number. */
export function ordinalOfParts(ordinal: number): number {
  return ordinal + 1000;
}

/** The table of a plan that is made a second time, to be compared with the first one. */
function ordinalAgain(ordinal: number): number {
  return ordinal + 2000;
}

/** The same names with the merged records of one target in place of the stage. */
export function mergedNames(names: StageNames, ordinal: number): StageNames {
  return { ...names, stage: `(SELECT * FROM ${names.merged} WHERE partition = ${String(ordinal)})` };
}

/**
 * Writes the parts of the job after its plan into a temporary table of this transaction: the id and the hash of each part,
 * or no hash if the part is gone. `everything`: includes records that the source does not name.
 */
export async function sayAfterPlan(client: PoolClient, plan: MergedPlan, everything: boolean): Promise<void> {
  const { names, ordinal, own } = plan;
  const parts = String(ordinalOfParts(ordinal));
  await createSaid(client);
  await client.query(
    `INSERT INTO said SELECT s.id, s.hash, true FROM ${names.stage} s
       LEFT JOIN ${names.plan} r ON r.target = ${parts} AND r.op = 'refuse' AND r.id = s.id
     WHERE s.hash IS NOT NULL AND r.id IS NULL
     UNION ALL SELECT id, NULL, false FROM ${names.plan} WHERE target = ${parts} AND op = 'withdraw'`,
  );
  if (everything) {
    await client.query(
      `INSERT INTO said SELECT t.id, t.hash, false FROM ${own.relation} t
       WHERE t.withdrawn_at IS NULL${targetFilter(own)} AND NOT EXISTS (SELECT FROM said WHERE said.id = t.id)`,
    );
  }
  await client.query('ANALYZE said');
}

/** Writes the parts of the job after the records that `planUndo` found free of conflicts are restored. */
export async function sayAfterUndo(client: PoolClient, { own }: MergedPlan): Promise<void> {
  await createSaid(client);
  await client.query(
    `INSERT INTO said SELECT u.id, t.hash, false FROM undo u
       LEFT JOIN ${own.relation} t ON t.id = u.id AND t.withdrawn_at IS NULL${targetFilter(own)} WHERE NOT u.conflict`,
  );
  await client.query('ANALYZE said');
}

async function createSaid(client: PoolClient): Promise<void> {
  await client.query('DROP TABLE IF EXISTS pg_temp.said');
  await client.query('CREATE TEMPORARY TABLE said (id text, hash bytea, staged boolean) ON COMMIT DROP');
}

/** Writes the plan of the target, from the parts in `said` and those of the other jobs. */
export async function planMerged(client: PoolClient, plan: MergedPlan, ordinal = plan.ordinal): Promise<void> {
  const { names, target, layer, base, job } = plan;
  const number = String(ordinal);
  const hashes = partHashes(plan);
  if (layer !== undefined) {
    await client.query(
      `INSERT INTO ${names.plan} (target, id, op, before_hash, after_hash, has_document)
       SELECT ${number}, o.id, 'update', t.hash, e.hash, true
       FROM said o JOIN ${target.relation} t ON t.id = o.id AND t.withdrawn_at IS NULL${targetFilter(target)}
       JOIN ${base.relation} b ON b.id = o.id AND ${isBase(base)}
       LEFT JOIN (${hashes}) p ON p.id = o.id
       CROSS JOIN LATERAL (SELECT CASE WHEN p.hashes IS NULL THEN b.hash ELSE sha256(b.hash || p.hashes) END AS hash) e
       WHERE t.hash <> e.hash`,
    );
    return;
  }
  await client.query(
    `INSERT INTO ${names.plan} (target, id, op, before_hash, after_hash, has_document)
     SELECT ${number}, o.id,
       CASE WHEN o.hash IS NULL THEN 'withdraw' WHEN t.id IS NULL THEN 'insert'
            WHEN t.withdrawn_at IS NOT NULL THEN 'restore' WHEN t.hash = $2 THEN 'insert' ELSE 'update' END, t.hash, e.hash, true
     FROM said o LEFT JOIN ${target.relation} t ON t.id = o.id${targetFilter(target)}
     LEFT JOIN (${hashes}) p ON p.id = o.id
     CROSS JOIN LATERAL (SELECT CASE WHEN p.hashes IS NULL OR o.hash IS NULL THEN o.hash ELSE sha256(o.hash || p.hashes) END AS hash) e
     WHERE CASE WHEN o.hash IS NULL THEN t.job_id = $1 AND t.withdrawn_at IS NULL
       ELSE t.id IS NULL OR t.job_id = $1 AND (t.withdrawn_at IS NOT NULL OR t.hash <> e.hash) END
     UNION ALL SELECT ${number}, id, 'refuse', NULL, NULL, false FROM ${names.plan}
       WHERE target = ${String(ordinalOfParts(plan.ordinal))} AND op = 'refuse'`,
    [job, UNSURE_NEW],
  );
}

/** Records that were entered by hand are left as they are. */
function isBase(base: Target): string {
  return `b.withdrawn_at IS NULL AND b.job_id IS NOT NULL${targetFilter(base, 'b')}`;
}

/** One row for each record that a layer knows: name, places and hash of its parts, in order of the name. */
function partHashes(plan: MergedPlan): string {
  return `SELECT q.id, string_agg(convert_to(l.name || ' ' || l.owns || ' ', 'UTF8') || q.hash, ''::bytea ORDER BY l.name) AS hashes
    FROM (SELECT f.id, f.target, f.hash FROM said JOIN vocab_sync.published f ON f.id = said.id
            AND f.target IN (${otherParts(plan)}) AND f.withdrawn_at IS NULL
          ${plan.layer === undefined ? '' : `UNION ALL SELECT id, ${quoteLiteral(plan.own.name)}, hash FROM said WHERE hash IS NOT NULL`}) q
    JOIN ${layersTable(plan)} ON l.target = q.target GROUP BY q.id`;
}

function otherParts({ layers, layer, target }: MergedPlan): string {
  const others = layers
    .filter(({ name }) => name !== layer)
    .map(({ name }) => quoteLiteral(partTarget(target, name).name));
  return others.length === 0 ? 'NULL' : others.join(', ');
}

function layersTable({ layers, target }: MergedPlan): string {
  const rows = layers.map(({ name, owns }) =>
    [partTarget(target, name).name, name, JSON.stringify(owns)].map(quoteLiteral).join(', '),
  );
  return `(VALUES ${rows.map((row) => `(${row})`).join(', ')}) AS l (target, name, owns)`;
}

/** Refuses records of another job, or entered by hand, before anything else. */
export async function refuseForeign(client: PoolClient, { names, ordinal, target, job }: MergedPlan): Promise<void> {
  await client.query(
    `UPDATE ${names.plan} plan SET op = 'refuse' FROM ${target.relation} t
     WHERE plan.target = $1 AND plan.op NOT IN ('withdraw', 'refuse') AND t.id = plan.id AND t.job_id IS DISTINCT FROM $2${targetFilter(target)}`,
    [ordinalOfParts(ordinal), job],
  );
}

/** `staged` is the number of records that the job has a part in. */
export async function countMerged(client: PoolClient, plan: MergedPlan, staged: number): Promise<TargetCounts> {
  const { names, ordinal, target, base, layer } = plan;
  if (layer === undefined) return countPlan(client, names, ordinal, staged);
  const { rows } = await client.query<{ updated: number; absent: number; waiting: number }>(
    `SELECT (SELECT count(*) FROM ${names.plan} WHERE target = $1 AND op = 'update') AS updated,
       (SELECT count(*) FROM ${names.plan} p JOIN said o ON o.id = p.id
        WHERE p.target = $1 AND p.op = 'update' AND NOT o.staged) AS absent,
       (SELECT count(*) FROM said o WHERE o.staged AND NOT EXISTS (
          SELECT FROM ${target.relation} t JOIN ${base.relation} b ON b.id = t.id AND ${isBase(base)}
          WHERE t.id = o.id AND t.withdrawn_at IS NULL${targetFilter(target)})) AS waiting`,
    [ordinal],
  );
  const { updated = 0, absent = 0, waiting = 0 } = rows[0] ?? {};
  const refused = await countPlan(client, names, ordinalOfParts(ordinal), 0);
  return {
    ...{ inserted: 0, updated, withdrawn: 0, restored: 0, rejected: refused.rejected, waiting },
    unchanged: staged - refused.rejected - waiting - (updated - absent),
    ...(absent === 0 ? {} : { absent }),
  };
}

/** Whether the plan that is to be published would come out the same now. */
export async function isPlannedAgain(client: PoolClient, plan: MergedPlan): Promise<boolean> {
  const { names, ordinal } = plan;
  const again = ordinalAgain(ordinal);
  await planMerged(client, plan, again);
  const rowsOf = (number: number): string =>
    `SELECT id, CASE op WHEN 'same' THEN 'update' ELSE op END, before_hash, after_hash FROM ${names.plan} WHERE target = ${String(number)} AND op <> 'refuse'`;
  const { rows } = await client.query<{ differs: boolean }>(
    `SELECT EXISTS ((${rowsOf(ordinal)} EXCEPT ${rowsOf(again)}) UNION ALL (${rowsOf(again)} EXCEPT ${rowsOf(ordinal)})) AS differs`,
  );
  await client.query(`DELETE FROM ${names.plan} WHERE target = $1`, [again]);
  return rows[0]?.differs !== true;
}

const BATCH = 2_000;

/** The documents of the plan, for `mergedNames`. What no layer knows is copied in the database. */
export async function mergeDocuments(client: PoolClient, plan: MergedPlan): Promise<void> {
  const { names, ordinal, layer } = plan;
  const stage = { ...names, stage: names.merged };
  await createStage(client, stage, 'json');
  const number = String(ordinal);
  await client.query(`DELETE FROM ${names.merged} WHERE partition = ${number}`);
  const from = documentsOf(plan);
  const isBase = layer === undefined ? 'p.after_hash = o.hash' : 'p.after_hash = b.hash';
  await client.query(
    `INSERT INTO ${names.merged} (partition, seq, id, hash, known, record)
     SELECT ${number}, 0, p.id, p.after_hash, false, ${from.base}::json ${from.tables} AND ${isBase}`,
  );
  await client.query(
    `DECLARE merging NO SCROLL CURSOR FOR SELECT ${from.base} AS base, parts.list AS parts ${from.tables} AND NOT (${isBase})`,
  );
  const owns = new Map(plan.layers.map(({ name, owns: places }) => [name, places]));
  const batch = createStageBatch(ordinal, 'json');
  for (;;) {
    const { rows } = await client.query<MergingRow>(`FETCH ${String(BATCH)} FROM merging`);
    if (rows.length === 0) break;
    for (const [seq, { base, parts }] of rows.entries()) {
      const record = mergeRecord(JSON.parse(base) as Document, toParts(parts, owns));
      batch.addRow({ seq, id: record.id, json: JSON.stringify(record), sourceHash: undefined });
    }
    await appendStage(client, stage, batch);
    batch.clear();
  }
  await client.query('CLOSE merging');
  await client.query(
    `UPDATE ${names.merged} m SET hash = p.after_hash FROM ${names.plan} p
     WHERE m.partition = ${number} AND p.target = ${number} AND p.id = m.id AND m.hash <> p.after_hash`,
  );
  await client.query(`ANALYZE ${names.merged} (partition, id)`);
  await findSame(client, plan);
}

/**
 * A part that equals the record's values, or a base that changed in a place of a layer, changes no record.
 * Such a record gets its new hash and is not published.
 */
async function findSame(client: PoolClient, { names, ordinal, target }: MergedPlan): Promise<void> {
  await client.query(
    `UPDATE ${names.plan} p SET op = 'same' FROM ${names.merged} m JOIN ${target.relation} t ON t.id = m.id${targetFilter(target)}
     WHERE p.target = $1 AND p.op = 'update' AND m.partition = $1 AND m.id = p.id
       AND t.hash NOT IN ($2, $3) AND t.record::jsonb = m.record::jsonb`,
    [ordinal, UNSURE, UNSURE_NEW],
  );
}

/** With the publication of the plan. */
export async function refreshSame(client: PoolClient, { names, ordinal, target }: MergedPlan): Promise<void> {
  await client.query(
    `UPDATE ${target.relation} t SET hash = plan.after_hash FROM ${names.plan} plan
     WHERE plan.target = $1 AND plan.op = 'same' AND t.id = plan.id AND t.hash = plan.before_hash${targetFilter(target)}`,
    [ordinal],
  );
}

interface MergingRow {
  readonly base: string;
  readonly parts: readonly (readonly [name: string, record: string])[] | null;
}

function toParts(parts: MergingRow['parts'], owns: ReadonlyMap<string, readonly string[]>): readonly LayerPart[] {
  return (parts ?? []).map(([name, record]) => ({
    name,
    owns: owns.get(name) ?? [],
    part: JSON.parse(record) as Document,
  }));
}

function documentsOf(plan: MergedPlan): { readonly base: string; readonly tables: string } {
  const { names, ordinal, own, base, layer, stage } = plan;
  const staged = stage === undefined ? '' : `LEFT JOIN ${stage} s ON s.id = p.id`;
  const said = stage === undefined ? 'r.record::text' : 'coalesce(s.record::text, r.record::text)';
  const ofBase = layer === undefined ? '' : `JOIN ${base.relation} b ON b.id = p.id${targetFilter(base, 'b')}`;
  const ofOwn =
    layer === undefined ? '' : `UNION ALL SELECT ${quoteLiteral(own.name)}, ${said} WHERE o.hash IS NOT NULL`;
  return {
    base: layer === undefined ? said : 'b.record::text',
    tables: `FROM ${names.plan} p JOIN said o ON o.id = p.id ${staged}
      LEFT JOIN ${own.relation} r ON r.id = p.id${targetFilter(own, 'r')} ${ofBase}
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_array(l.name, q.record)) AS list FROM (
          SELECT f.target, f.record::text AS record FROM vocab_sync.published f
          WHERE f.id = p.id AND f.target IN (${otherParts(plan)}) AND f.withdrawn_at IS NULL ${ofOwn}
        ) q JOIN ${layersTable(plan)} ON l.target = q.target
      ) parts ON true
      WHERE p.target = ${String(ordinal)} AND p.op IN ('insert', 'update', 'restore')`,
  };
}
