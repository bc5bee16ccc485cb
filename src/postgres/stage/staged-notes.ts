/**
 * Stores the notes of staged records in a separate table of the run. It is created when the first record has notes, so
 * a source without notes costs nothing.
 */
import type { Notes } from '../../records/notes.ts';
import type { PoolClient } from '../pool.ts';
import { relationExists, type StageNames } from './stage-table.ts';
import { targetFilter, type Target } from '../publish/target.ts';

export interface StagedNotes {
  /** The place in source order within the partition; the later of two rows with one id wins. */
  readonly seq: number;
  readonly id: string;
  readonly notes: Notes;
}

/** In the transaction that stages the records, after `createNotes`. */
export async function appendNotes(
  client: PoolClient,
  names: StageNames,
  partition: number,
  notes: readonly StagedNotes[],
): Promise<void> {
  await client.query(
    `INSERT INTO ${names.notes} (partition, seq, id, notes)
     SELECT $1, r.seq, r.id, r.notes FROM json_to_recordset($2::json) AS r (seq bigint, id text, notes json)`,
    [partition, JSON.stringify(notes)],
  );
}

/** After the records of the same transaction: their table shows whether the run is still in progress. */
export async function createNotes(client: PoolClient, names: StageNames): Promise<void> {
  if (await relationExists(client, names.notes)) return;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [names.notes]);
  await client.query(
    `CREATE UNLOGGED TABLE IF NOT EXISTS ${names.notes} (
       partition integer NOT NULL, seq bigint NOT NULL, id text NOT NULL, notes json NOT NULL, PRIMARY KEY (id, partition, seq)
     ) WITH (autovacuum_enabled = false)`,
  );
}

/** Leaves the last notes of each id. Returns whether there are any. */
export async function prepareNotes(client: PoolClient, names: StageNames): Promise<boolean> {
  if (!(await relationExists(client, names.notes))) return false;
  await client.query(
    `DELETE FROM ${names.notes} a USING ${names.notes} b
     WHERE a.id = b.id AND (b.partition, b.seq) > (a.partition, a.seq)`,
  );
  await client.query(`ANALYZE ${names.notes} (id)`);
  return true;
}

/** The notes after the id `after` that name successors, in order of id. */
export async function readNotesPage(
  client: PoolClient,
  names: StageNames,
  after: string,
  limit: number,
): Promise<readonly { readonly id: string; readonly notes: Notes }[]> {
  const { rows } = await client.query<{ id: string; notes: Notes }>(
    `SELECT id, notes FROM ${names.notes} WHERE id > $1 AND notes -> 'successors' IS NOT NULL ORDER BY id LIMIT $2`,
    [after, limit],
  );
  return rows;
}

export async function replaceNotes(
  client: PoolClient,
  names: StageNames,
  notes: readonly { readonly id: string; readonly notes: Notes }[],
): Promise<void> {
  await client.query(
    `UPDATE ${names.notes} n SET notes = r.notes FROM json_to_recordset($1::json) AS r (id text, notes json) WHERE n.id = r.id`,
    [JSON.stringify(notes)],
  );
}

export interface KnownRecord {
  readonly id: string;
  readonly name: string | null;
  readonly notes: Notes | null;
}

/** The notes that this run read, or else the published ones. */
export async function lookUpRecords(
  client: PoolClient,
  names: StageNames,
  target: Target,
  ids: readonly string[],
): Promise<readonly KnownRecord[]> {
  const { rows } = await client.query<KnownRecord>(
    `SELECT w.id, coalesce(${nameIn('s')}, ${nameIn('t')}) AS name, coalesce(n.notes, k.notes) AS notes
     FROM unnest($1::text[]) AS w (id)
     LEFT JOIN ${names.stage} s ON s.id = w.id
     LEFT JOIN ${target.relation} t ON t.id = w.id${targetFilter(target)}
     LEFT JOIN ${names.notes} n ON n.id = w.id
     LEFT JOIN vocab_sync.note k ON k.target = $2 AND k.id = w.id AND (s.id IS NULL OR s.known)`,
    [[...ids], target.name],
  );
  return rows;
}

/** As `nameOf` of a record, as far as a successor needs it. */
function nameIn(row: string): string {
  return `coalesce(${row}.record ->> 'name', ${row}.record #>> '{title,en}', ${row}.record ->> 'subject')`;
}
