/**
 * How many records a job has published in a target. The number is kept: a publication changes it in its own
 * transaction, so that it is right after a crash, a rollback and a cancelled run. It is counted again only if something
 * else wrote to the table (see migration 0012), the table is another one, or its edits cannot be observed.
 */
import type { TargetCounts } from '../../records/counts.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';
import { observeEdits, targetFilter, type Target } from './target.ts';

export interface TargetState {
  /** Records of the job that are published and not withdrawn. */
  readonly published: number;
  /** All rows of the table, of every job, as far as PostgreSQL knows without counting. */
  readonly rows: number;
  /** What an edit by hand removed or overwrote, as a sentence without its full stop. Undefined if nothing is missing. */
  readonly damage: string | undefined;
}

interface SizeRow {
  readonly relation: number;
  readonly published: number;
  readonly stale: boolean;
  readonly damage: string | null;
}

type CountedSize = Pick<SizeRow, 'published' | 'damage'>;

/**
 * Returns the kept count, or counts again where the kept one cannot be trusted. Costs one look-up unless something
 * else wrote to the table. Must not run inside a transaction that stays open: the note of an edit is removed here.
 */
export async function measureTarget(pool: Pool, target: Target, job: string): Promise<TargetState> {
  const found = await observedRelation(pool, target);
  if (found.oid === undefined) return loseTable(pool, target, job);
  const isObserved = found.isObserved || (await inTransaction(pool, (client) => observeEdits(client, target)));
  await passOnEdits(pool, found.oid);
  const kept = await findSize(pool, target, job);
  const isRight = found.isObserved && kept?.relation === found.oid && !kept.stale;
  const state = isRight ? kept : await recount(pool, target, job, { relation: found.oid, isObserved });
  return stateOf(state, found.rows);
}

/** Counts in any case, for a run that reads the whole table anyway. This corrects a kept count that was tampered with. */
export async function countTarget(client: PoolClient, target: Target, job: string): Promise<number> {
  const { published } = await countRecords(client, target, job);
  await client.query(
    'UPDATE vocab_sync.target_size SET published = $3, updated_at = now() WHERE target = $1 AND job_id = $2 AND published <> $3',
    [target.name, job, published],
  );
  return published;
}

/** Applies what a publication or a rollback did, in its transaction. `isWhole`: it published a complete source. */
export async function adjustSize(
  client: PoolClient,
  target: Target,
  job: string,
  counts: TargetCounts,
  isWhole: boolean,
): Promise<void> {
  await client.query(
    `UPDATE vocab_sync.target_size
     SET published = published + $3, damage = CASE WHEN $4 THEN NULL ELSE damage END, updated_at = now()
     WHERE target = $1 AND job_id = $2`,
    [target.name, job, counts.inserted + counts.restored - counts.withdrawn, isWhole],
  );
}

/** Marks this transaction as a publication: its writes are not edits by hand. */
export async function beginPublishing(client: PoolClient): Promise<void> {
  await client.query("SET LOCAL vocab_sync.publishing = 'on'");
}

interface ObservedRelation {
  /** Undefined if the table does not exist. */
  readonly oid: number | undefined;
  /** Whether both triggers are there and enabled. */
  readonly isObserved: boolean;
  /** Estimated as the planner does: the rows for each page when the table was last analysed, and its pages now. */
  readonly rows: number;
}

/** The assumed size of a row in a table that was never analysed. Records of vocabularies have 300 to 2,000 bytes. */
const ROW_BYTES = 1_000;

async function observedRelation(db: Pool, { relation }: Target): Promise<ObservedRelation> {
  const { rows } = await db.query<{ oid: number | null; triggers: number; rows: number }>(
    `SELECT c.oid, (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND tgname IN ('vocab_sync_edit', 'vocab_sync_hash')
         AND tgenabled IN ('O', 'A')) AS triggers,
       CASE WHEN c.relpages > 0 AND c.reltuples >= 0
         THEN c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::int)
         ELSE pg_relation_size(c.oid) / $2::int END::float8 AS rows
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [relation, ROW_BYTES],
  );
  const [row] = rows;
  return { oid: row?.oid ?? undefined, isObserved: row?.triggers === 2, rows: row?.rows ?? 0 };
}

/**
 * Turns notes of edits into flags of every count of the table, and removes them. A transaction that is still open
 * leaves its note later, so no edit is missed.
 */
async function passOnEdits(db: Pool, relation: number): Promise<void> {
  const { rows } = await db.query('SELECT 1 FROM vocab_sync.target_edit WHERE relation = $1 LIMIT 1', [relation]);
  if (rows.length === 0) return;
  await db.query(
    `WITH gone AS (DELETE FROM vocab_sync.target_edit WHERE relation = $1 RETURNING 1)
     UPDATE vocab_sync.target_size SET stale = true WHERE relation = $1 AND EXISTS (SELECT FROM gone)`,
    [relation],
  );
}

async function findSize(
  db: Pool | PoolClient,
  target: Target,
  job: string,
  lock = false,
): Promise<SizeRow | undefined> {
  const { rows } = await db.query<SizeRow>(
    `SELECT relation, published, stale, damage FROM vocab_sync.target_size WHERE target = $1 AND job_id = $2${lock ? ' FOR UPDATE' : ''}`,
    [target.name, job],
  );
  return rows[0];
}

/** Locks the count first: a publication that commits meanwhile is either counted or added afterwards, never both. */
async function recount(
  pool: Pool,
  target: Target,
  job: string,
  found: { readonly relation: number; readonly isObserved: boolean },
): Promise<CountedSize> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `INSERT INTO vocab_sync.target_size (target, job_id, relation, published, stale) VALUES ($1, $2, $3, 0, true)
       ON CONFLICT DO NOTHING`,
      [target.name, job, found.relation],
    );
    const before = await findSize(client, target, job, true);
    const { published, edited } = await countRecords(client, target, job);
    const isFirst = rowCount === 1 || before === undefined;
    const damage = isFirst ? null : (damageOf(target, before.published, published, edited) ?? before.damage);
    await client.query(
      `UPDATE vocab_sync.target_size SET relation = $3, published = $4, stale = NOT $5, damage = $6, updated_at = now()
       WHERE target = $1 AND job_id = $2`,
      [target.name, job, found.relation, published, found.isObserved, damage],
    );
    return { published, damage };
  });
}

async function countRecords(
  db: Pool | PoolClient,
  target: Target,
  job: string,
): Promise<{ readonly published: number; readonly edited: number }> {
  const { rows } = await db.query<{ published: number; edited: number }>(
    `SELECT count(*) AS published, count(*) FILTER (WHERE length(t.hash) = 0) AS edited FROM ${target.relation} t
     WHERE t.job_id = $1 AND t.withdrawn_at IS NULL${targetFilter(target)}`,
    [job],
  );
  return { published: rows[0]?.published ?? 0, edited: rows[0]?.edited ?? 0 };
}

function damageOf(target: Target, kept: number, published: number, edited: number): string | undefined {
  const lost = kept - published;
  if (lost > 0) {
    return `${target.name} held ${String(kept)} records of this job and ${String(lost)} of them are gone, although no run removed them`;
  }
  if (edited > 0)
    return `${String(edited)} records of this job in ${target.name} were edited, although no run changed them`;
  return undefined;
}

/** The table is gone, so is everything in it. The next run creates it again. */
async function loseTable(pool: Pool, target: Target, job: string): Promise<TargetState> {
  const kept = await findSize(pool, target, job);
  if (kept === undefined) return { published: 0, rows: 0, damage: undefined };
  const damage = damageOf(target, kept.published, 0, 0) ?? kept.damage;
  await pool.query(
    'UPDATE vocab_sync.target_size SET published = 0, stale = true, damage = $3, updated_at = now() WHERE target = $1 AND job_id = $2',
    [target.name, job, damage],
  );
  return stateOf({ published: 0, damage }, 0);
}

function stateOf({ published, damage }: CountedSize, rows: number): TargetState {
  return { published, rows: Math.max(rows, published), damage: damage ?? undefined };
}
