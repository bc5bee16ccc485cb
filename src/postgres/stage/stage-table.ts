/**
 * The stage of a task: an UNLOGGED table of transformed records, private to the run, dropped when it ends. A record
 * that the target already holds unchanged is staged without its document: only its id and hash cross the wire.
 */
import { copyBinary } from '../copy.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { quoteIdentifier } from '../sql-identifier.ts';
import type { StageBatch } from './stage-batch.ts';
import { STAGE_COLUMNS, type StageDocumentType } from './staged-row.ts';

export interface StageNames {
  readonly stage: string;
  /** The unique index on its ids, made when the duplicates are gone; without schema, as CREATE INDEX wants it. */
  readonly index: string;
  readonly plan: string;
  /** The merged records of targets with layers. Made only where there are any. */
  readonly merged: string;
  /** Made when the first record has notes; most sources have none. */
  readonly notes: string;
}

/** PostgreSQL cuts identifiers at 63 bytes: 32 hex digits of the run and the number of the task fit. */
export function stageNames(run: string, ordinal: number): StageNames {
  const suffix = `${hexOf(run)}_${String(ordinal)}`;
  return {
    stage: `vocab_sync.${quoteIdentifier(`stage_${suffix}`)}`,
    index: quoteIdentifier(`stage_${suffix}_id`),
    plan: `vocab_sync.${quoteIdentifier(`plan_${suffix}`)}`,
    merged: `vocab_sync.${quoteIdentifier(`merged_${suffix}`)}`,
    notes: `vocab_sync.${quoteIdentifier(`notes_${suffix}`)}`,
  };
}

/** For LIKE: the tables of all tasks of a run, with their indexes. */
export function stagePattern(run: string): string {
  return `%\\_${hexOf(run)}\\_%`;
}

function hexOf(run: string): string {
  return run.replaceAll('-', '');
}

export async function createStage(client: PoolClient, names: StageNames, documents: StageDocumentType): Promise<void> {
  // Two partitions may begin at the same time; CREATE IF NOT EXISTS alone can collide in the catalog.
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [names.stage]);
  await client.query(
    `CREATE UNLOGGED TABLE IF NOT EXISTS ${names.stage} (
       partition integer NOT NULL, seq bigint NOT NULL, id text, hash bytea, record ${documents},
       source_hash bytea, known boolean NOT NULL
     ) WITH (autovacuum_enabled = false)`,
  );
}

export async function clearPartitionStage(client: PoolClient, names: StageNames, partition: number): Promise<void> {
  await client.query(`DELETE FROM ${names.stage} WHERE partition = $1`, [partition]);
  if (await relationExists(client, names.notes)) {
    await client.query(`DELETE FROM ${names.notes} WHERE partition = $1`, [partition]);
  }
}

export async function appendStage(client: PoolClient, names: StageNames, batch: StageBatch): Promise<void> {
  if (batch.rows > 0) await copyBinary(client, `${names.stage} (${STAGE_COLUMNS})`, batch.chunks());
}

export async function dropStage(client: PoolClient, names: StageNames): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${names.plan}, ${names.merged}, ${names.notes}, ${names.stage}`);
}

export async function relationExists(db: Pool | PoolClient, relation: string): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [relation]);
  return rows[0]?.there === true;
}
