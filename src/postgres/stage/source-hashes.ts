/**
 * The digests of the bytes that published records were made from (`source_hash`, 16 bytes): a record whose bytes are
 * known is staged by that digest alone and finds its id and hash again when everything is compared.
 */
import { UnavailableError } from '../../errors.ts';
import { DIGEST_BYTES } from '../../records/digest-set.ts';
import { readColumn } from '../copy.ts';
import type { PoolClient } from '../pool.ts';
import type { StageNames } from './stage-table.ts';
import { quoteLiteral, targetFilter, type Target } from '../publish/target.ts';

interface Owned {
  readonly job: string;
  readonly target: Target;
}

/** Counts the hashes of a job's published records. */
export async function countSourceHashes(client: PoolClient, owned: Owned): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n ${ownedHashes(owned)}`);
  return rows[0]?.n ?? 0;
}

/** Reads at most this many hashes, many in each buffer, without converting them to text. */
export async function* readSourceHashes(
  client: PoolClient,
  owned: Owned,
  most: number,
): AsyncGenerator<Buffer, void, undefined> {
  const query = `SELECT t.source_hash ${ownedHashes(owned)} LIMIT ${String(most)}`;
  yield* readColumn(client, query, DIGEST_BYTES);
}

/** COPY takes no parameters. */
function ownedHashes({ job, target }: Owned): string {
  return `FROM ${target.relation} t
    WHERE t.job_id = ${quoteLiteral(job)} AND t.withdrawn_at IS NULL AND length(t.source_hash) = ${String(DIGEST_BYTES)}${targetFilter(target)}`;
}

/**
 * Fills in the id and hash of rows that were staged only by their digest. Returns the number of rows: 0 if an earlier
 * comparison did it.
 */
export async function resolveKnownRows(client: PoolClient, names: StageNames, { job, target }: Owned): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE ${names.stage} s SET id = t.id, hash = t.hash FROM ${target.relation} t
     WHERE s.id IS NULL AND t.source_hash = s.source_hash AND t.job_id = $1 AND t.withdrawn_at IS NULL${targetFilter(target)}`,
    [job],
  );
  const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${names.stage} WHERE id IS NULL`);
  const lost = rows[0]?.n ?? 0;
  if (lost === 0) return rowCount ?? 0;
  throw new UnavailableError(
    'E_STAGE_LOST',
    `${String(lost)} records that were recognised by their bytes are not in ${target.name} any more; they are read again.`,
  );
}

/** For the fields that a guard watches: how many of the recognised records have them. */
export async function countKnownFilled(
  client: PoolClient,
  names: StageNames,
  target: Target,
  fields: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  if (fields.length === 0) return {};
  const counts = fields.map(
    (_, i) =>
      `count(*) FILTER (WHERE coalesce(t.record::jsonb -> $${String(i + 1)}::text, 'null') NOT IN ('null', '""', '[]')) AS f${String(i)}`,
  );
  const { rows } = await client.query<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM ${names.stage} s JOIN ${target.relation} t ON t.id = s.id${targetFilter(target)} WHERE s.known`,
    [...fields],
  );
  return Object.fromEntries(fields.map((field, i) => [field, rows[0]?.[`f${String(i)}`] ?? 0]));
}

/** Unchanged records whose bytes did change, or whose chain did: the next run should recognise them. */
export async function refreshSourceHashes(
  client: PoolClient,
  names: StageNames,
  { job, target }: Owned,
): Promise<void> {
  // Where all was recognised the join would read both tables for nothing: measured, a second for 500,000 records.
  const { rowCount } = await client.query(`SELECT 1 FROM ${names.stage} WHERE NOT known LIMIT 1`);
  if (rowCount === 0) return;
  await client.query(
    `UPDATE ${target.relation} t SET source_hash = s.source_hash FROM ${names.stage} s
     WHERE t.id = s.id AND NOT s.known AND t.job_id = $1 AND t.hash = s.hash AND t.withdrawn_at IS NULL
       AND t.source_hash IS DISTINCT FROM s.source_hash${targetFilter(target)}`,
    [job],
  );
}
