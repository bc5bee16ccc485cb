/**
 * The stage of a task: an UNLOGGED table of transformed records, private to the run, dropped when it ends. A record
 * that the target already holds unchanged is staged without its document: only its id and hash cross the wire.
 */
import { copyRows, type CopyValue } from './copy.ts';
import type { PoolClient } from './pool.ts';
import { quoteIdentifier } from './sql-identifier.ts';

export interface StagedRow {
  /** The place in source order within the partition; the later of two rows with one id wins. */
  readonly seq: number;
  readonly id: string;
  /** 64 hex digits of the SHA-256 of `json`. */
  readonly hash: string;
  /** The document as canonical JSON text. */
  readonly json: string;
  /** 32 hex digits: of the bytes that the record was read from, where it may be recognised by them. */
  readonly sourceHash: string | undefined;
}

/** A record that is published as it is and was recognised by its bytes. */
export interface KnownRow {
  readonly seq: number;
  readonly sourceHash: string;
}

/** A record that the source deleted. It lies in the stage as a row without a hash, and stands for its absence. */
export interface DeletionRow {
  readonly seq: number;
  readonly id: string;
}

export interface StageRows {
  readonly rows: readonly StagedRow[];
  readonly knownRows: readonly KnownRow[];
  readonly deletions: readonly DeletionRow[];
  /** Whether the target holds the row already: then it goes without its document. */
  readonly isPublished: (row: StagedRow) => boolean;
}

/** `json` keeps the order of keys for writers of files; `jsonb` is what tables store, converted while staging. */
export type StageDocumentType = 'json' | 'jsonb';

export interface StageNames {
  readonly stage: string;
  /** The unique index on its ids, made when the duplicates are gone; without schema, as CREATE INDEX wants it. */
  readonly index: string;
  readonly plan: string;
}

/** PostgreSQL cuts identifiers at 63 bytes: 32 hex digits of the run and the number of the task fit. */
export function stageNames(run: string, ordinal: number): StageNames {
  const suffix = `${hexOf(run)}_${String(ordinal)}`;
  return {
    stage: `vocab_sync.${quoteIdentifier(`stage_${suffix}`)}`,
    index: quoteIdentifier(`stage_${suffix}_id`),
    plan: `vocab_sync.${quoteIdentifier(`plan_${suffix}`)}`,
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
}

/** Appends rows; those that the target holds already go without their document. */
export async function appendStage(
  client: PoolClient,
  names: StageNames,
  partition: number,
  staged: StageRows,
): Promise<void> {
  if (staged.rows.length + staged.knownRows.length + staged.deletions.length === 0) return;
  const target = `${names.stage} (partition, seq, id, hash, record, source_hash, known)`;
  await copyRows(client, target, toRows(partition, staged));
}

export async function dropStage(client: PoolClient, names: StageNames): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${names.plan}, ${names.stage}`);
}

function* toRows(
  partition: number,
  { rows, knownRows, deletions, isPublished }: StageRows,
): Iterable<readonly CopyValue[]> {
  for (const row of rows) {
    const sourceHash = row.sourceHash === undefined ? null : `\\x${row.sourceHash}`;
    yield [partition, row.seq, row.id, `\\x${row.hash}`, isPublished(row) ? null : row.json, sourceHash, 'f'];
  }
  for (const row of knownRows) yield [partition, row.seq, null, null, null, `\\x${row.sourceHash}`, 't'];
  for (const row of deletions) yield [partition, row.seq, row.id, null, null, null, 'f'];
}
