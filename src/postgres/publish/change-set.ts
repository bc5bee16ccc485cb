/**
 * Creates the plan of a task: the records of each target that would be inserted, updated, restored, withdrawn or
 * refused. It is calculated set-based after staging, kept in an UNLOGGED table of the run, and published unchanged.
 */
import type { TargetCounts } from '../../records/counts.ts';
import { UNSURE_NEW } from '../ledger/publications.ts';
import type { PoolClient } from '../pool.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { targetFilter, type Target } from './target.ts';

/**
 * `adopt`, `overwrite` and `keep` are for targets that hold records already: see drift-plan.ts. `same`: of a target with
 * layers, a record that stays as it is and only gets its hash.
 */
export type ChangeOp =
  'insert' | 'update' | 'restore' | 'withdraw' | 'refuse' | 'adopt' | 'overwrite' | 'keep' | 'same';

/** With PostgreSQL's own 4 MB a first load of 36,000 records is joined and sorted through temporary files. */
const ROOM_TO_JOIN = "SET LOCAL work_mem = '32MB'";

/** For this transaction: the planner chooses. It knows the plan and the stage, which were analysed. */
export async function joinAnyRows(client: PoolClient): Promise<void> {
  await client.query(
    `SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; ${ROOM_TO_JOIN}`,
  );
}

/**
 * For this transaction: everything is compared with everything, and neither the stage nor a target that was just filled
 * has statistics yet. A planner that takes them for empty joins row by row (measured: 100 s in place of 0.1 s).
 */
export async function joinWholeTables(client: PoolClient): Promise<void> {
  await client.query(
    `SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; ${ROOM_TO_JOIN}`,
  );
}

/**
 * For this transaction: few rows are compared with a large target, so each is looked up by its id. The planner would
 * often choose to read the whole target instead: measured, 5 s for 143 records and a target of three million.
 */
export async function joinFewRows(client: PoolClient): Promise<void> {
  await client.query(
    'SET LOCAL enable_nestloop = on; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off',
  );
}

/** Publishing joins the plan, often a few rows, with the whole target: the planner must know how few. */
export async function analysePlan(client: PoolClient, names: StageNames): Promise<void> {
  await client.query(`ANALYZE ${names.plan} (target, id, op)`);
}

/**
 * Removes all but the last of several rows with one id, in source order. Most sources have none: then the index that is
 * wanted anyway says so, in a third of the time that looking for them takes. A block, because what it catches is no
 * error in the log of the server.
 */
export async function removeDuplicates(client: PoolClient, names: StageNames): Promise<void> {
  const createIndex = `CREATE UNIQUE INDEX IF NOT EXISTS ${names.index} ON ${names.stage} (id)`;
  await client.query(
    `DO $block$ BEGIN
       ${createIndex};
     EXCEPTION WHEN unique_violation THEN
       DELETE FROM ${names.stage} WHERE ctid IN (
         SELECT place FROM (
           SELECT ctid AS place, row_number() OVER (PARTITION BY id ORDER BY partition DESC, seq DESC) AS nth FROM ${names.stage}
         ) ranked WHERE nth > 1
       );
       ${createIndex};
     END $block$`,
  );
  // Only what is joined on: the usual sample costs as much as all the rest of the comparison.
  await client.query(`${fewStatistics(names.stage, ['id', 'hash'])}; ANALYZE ${names.stage} (id, hash)`);
}

export async function createPlan(client: PoolClient, names: StageNames): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${names.plan}`);
  await client.query(
    `CREATE UNLOGGED TABLE ${names.plan} (
       target integer NOT NULL, id text NOT NULL, op text NOT NULL, before_hash bytea, after_hash bytea,
       has_document boolean
     ) WITH (autovacuum_enabled = false);
     ${fewStatistics(names.plan, ['target', 'id', 'op'])}`,
  );
}

/** PostgreSQL then samples 3,000 rows. For its usual sample of 30,000 it reads most of a large source once more. */
function fewStatistics(relation: string, columns: readonly string[]): string {
  return `ALTER TABLE ${relation} ${columns.map((column) => `ALTER ${column} SET STATISTICS 10`).join(', ')}`;
}

export interface PlannedTarget {
  readonly target: Target;
  /** The number of the target in the plan. */
  readonly ordinal: number;
  readonly job: string;
  /** Recognised rows got their hashes from this target in this transaction, so that they cannot differ from it. */
  readonly knownAreEqual: boolean;
}

/** Plans the changes from the differences between the stage and a target. */
export async function planChanges(
  client: PoolClient,
  names: StageNames,
  { target, ordinal, job, knownAreEqual }: PlannedTarget,
): Promise<void> {
  await client.query(
    `INSERT INTO ${names.plan} (target, id, op, before_hash, after_hash, has_document)
     SELECT $1, s.id,
       CASE WHEN t.id IS NULL THEN 'insert' WHEN t.job_id IS DISTINCT FROM $2 THEN 'refuse'
            WHEN t.withdrawn_at IS NOT NULL THEN 'restore' WHEN t.hash = $3 THEN 'insert' ELSE 'update' END,
       t.hash, s.hash, s.record IS NOT NULL
     FROM ${names.stage} s LEFT JOIN ${target.relation} t ON t.id = s.id${targetFilter(target)}
     WHERE s.hash IS NOT NULL${knownAreEqual ? ' AND NOT s.known' : ''}
       AND (t.id IS NULL OR t.job_id IS DISTINCT FROM $2 OR t.withdrawn_at IS NOT NULL OR t.hash <> s.hash)`,
    [ordinal, job, UNSURE_NEW],
  );
}

/** Withdraws what the source deleted, where it is this job's and published; answers how many. Any source may say so. */
export async function planDeletions(
  client: PoolClient,
  names: StageNames,
  target: Target,
  ordinal: number,
  job: string,
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO ${names.plan} (target, id, op, before_hash)
     SELECT $1, t.id, 'withdraw', t.hash
     FROM ${names.stage} s JOIN ${target.relation} t ON t.id = s.id${targetFilter(target)}
     WHERE s.hash IS NULL AND t.job_id = $2 AND t.withdrawn_at IS NULL`,
    [ordinal, job],
  );
  return rowCount ?? 0;
}

export interface StagedRows {
  readonly records: number;
  readonly deletions: number;
}

export async function countStaged(client: PoolClient, names: StageNames): Promise<StagedRows> {
  const { rows } = await client.query<StagedRows>(
    `SELECT count(hash) AS records, count(*) - count(hash) AS deletions FROM ${names.stage}`,
  );
  return rows[0] ?? { records: 0, deletions: 0 };
}

/** This job's records that the stage no longer holds; a record that was read but rejected is not taken for gone. */
const ABSENT = (names: StageNames, target: Target): string => `
  FROM ${target.relation} t
  WHERE t.job_id = $1 AND t.withdrawn_at IS NULL${targetFilter(target)}
    AND NOT EXISTS (SELECT 1 FROM ${names.stage} s WHERE s.id = t.id)
    AND NOT EXISTS (SELECT 1 FROM vocab_sync.rejection r WHERE r.run_id = $2 AND r.record_id = t.id)`;

export async function planWithdrawals(
  client: PoolClient,
  names: StageNames,
  target: Target,
  ordinal: number,
  owner: { readonly job: string; readonly run: string },
): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO ${names.plan} (target, id, op, before_hash) SELECT $3, t.id, 'withdraw', t.hash ${ABSENT(names, target)}`,
    [owner.job, owner.run, ordinal],
  );
  return rowCount ?? 0;
}

export interface TargetSize {
  /** This job's records that are published and not withdrawn. */
  readonly published: number;
  /** The number of these that the stage no longer has or that are reported as deleted. */
  readonly absent: number;
}

/**
 * How many of this job's published records the stage or the rejections name, by looking each of them up. The others are
 * absent: with a kept count of all, nothing else needs to be read.
 */
export async function countNamed(
  client: PoolClient,
  names: StageNames,
  target: Target,
  owner: { readonly job: string; readonly run: string },
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*) AS n
     FROM (SELECT id FROM ${names.stage} UNION SELECT record_id FROM vocab_sync.rejection WHERE run_id = $2 AND record_id IS NOT NULL) named
     JOIN ${target.relation} t ON t.id = named.id
     WHERE t.job_id = $1 AND t.withdrawn_at IS NULL${targetFilter(target)}`,
    [owner.job, owner.run],
  );
  return rows[0]?.n ?? 0;
}

/** How many of this job's published records the stage does not name at all. */
export async function countAbsent(
  client: PoolClient,
  names: StageNames,
  target: Target,
  owner: { readonly job: string; readonly run: string },
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n ${ABSENT(names, target)}`, [
    owner.job,
    owner.run,
  ]);
  return rows[0]?.n ?? 0;
}

/** The counts of the plan for one target; `staged` closes the sum. */
export async function countPlan(
  client: PoolClient,
  names: StageNames,
  ordinal: number,
  staged: number,
): Promise<TargetCounts> {
  const { rows } = await client.query<{ op: ChangeOp; n: number }>(
    `SELECT op, count(*) AS n FROM ${names.plan} WHERE target = $1 GROUP BY op`,
    [ordinal],
  );
  const by = new Map(rows.map((row) => [row.op, row.n]));
  const count = (op: ChangeOp): number => by.get(op) ?? 0;
  const [adopted, overwritten, kept] = [count('adopt'), count('overwrite'), count('keep')];
  const updated = count('update') + overwritten;
  return {
    inserted: count('insert'),
    updated,
    unchanged: staged - count('insert') - updated - count('restore') - count('refuse') - adopted - kept,
    withdrawn: count('withdraw'),
    restored: count('restore'),
    rejected: count('refuse'),
    ...(adopted === 0 ? {} : { adopted }),
    ...(overwritten === 0 ? {} : { overwritten }),
    ...(kept === 0 ? {} : { kept }),
  };
}

/** Changed records whose document was not staged: the target changed after the record was compared while staging. */
export async function countMissingDocuments(client: PoolClient, names: StageNames): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT count(*) AS n FROM ${names.plan} WHERE op IN ('insert', 'update', 'restore', 'overwrite', 'adopt', 'keep') AND NOT has_document`,
  );
  return rows[0]?.n ?? 0;
}

/** A digest of the whole plan that does not depend on row order. */
export async function digestPlan(client: PoolClient, names: StageNames): Promise<string> {
  const { rows } = await client.query<{ n: number; sum: string | null }>(
    `SELECT count(*) AS n, sum(hash_record_extended((target, op, id, before_hash, after_hash), 7)) AS sum FROM ${names.plan}`,
  );
  return `${String(rows[0]?.n ?? 0)}:${rows[0]?.sum ?? '0'}`;
}

/**
 * Whether the plan with this digest is still there. A crash of the database empties an UNLOGGED table, and nothing else
 * changes a plan after the transaction that stored it with its digest, so its rows are only counted.
 */
export async function isPlanThere(client: PoolClient, names: StageNames, digest: string): Promise<boolean> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${names.plan}`);
  return digest.startsWith(`${String(rows[0]?.n ?? 0)}:`);
}
