/** The shipped job under another name, and the table that it finds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTarget, tableTarget } from '../../src/postgres/publish/target.ts';
import { inTransaction, type Pool } from '../../src/postgres/pool.ts';

interface JobFile {
  readonly readers: readonly Readonly<Record<string, unknown>>[];
}

/** Without guards: what the seed makes of the dump would trip them. */
export function killJob(id: string, table: string, source?: Readonly<Record<string, unknown>>): unknown {
  const path = join(import.meta.dirname, '../../config/jobs/ror-affiliations.json');
  const shipped = JSON.parse(readFileSync(path, 'utf8')) as JobFile;
  const [first, ...others] = shipped.readers;
  return {
    ...shipped,
    id,
    readers: [source ?? first, ...others],
    writers: [{ type: 'postgres', args: { table, on_missing: 'withdraw' } }],
    guards: {},
  };
}

/** What the table of every run is made from: set once by the run that nobody disturbs. */
const SEED = 'kill_seed';

/**
 * From the result of a full run: records that the dump holds as they are, others, none, withdrawn ones, and some that it
 * does not hold, so that publishing it inserts, updates, restores and withdraws.
 */
export async function makeSeed(pool: Pool, table: string): Promise<void> {
  await pool.query(
    `CREATE TABLE vocabularies.${SEED} AS
     SELECT id, CASE WHEN n % 4 = 1 THEN record || '{"name": "another"}' ELSE record END AS record,
       CASE WHEN n % 4 = 1 THEN '\\x01'::bytea ELSE hash END AS hash, CASE WHEN n % 100 = 2 THEN now() END AS withdrawn_at
     FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM vocabularies.${table}) numbered WHERE n % 4 > 0
     UNION ALL SELECT 'gone-' || n, '{"name": "gone"}', '\\x02', NULL FROM generate_series(1, 50) n`,
  );
}

/** Empty as long as there is no seed. */
export async function seedTable(pool: Pool, job: string, table: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    await ensureTarget(client, tableTarget(`postgres:${table}`, table));
    const { rows } = await client.query<{ seed: string | null }>('SELECT to_regclass($1) AS seed', [
      `vocabularies.${SEED}`,
    ]);
    if (rows[0]?.seed === null) return;
    await client.query(
      `INSERT INTO vocabularies.${table} (id, record, hash, job_id, withdrawn_at)
       SELECT id, record, hash, $1, withdrawn_at FROM vocabularies.${SEED}`,
      [job],
    );
  });
}

/** The same for a job of any kind, whose run is known to publish these records, as JSON with an id. */
export async function seedPublished(
  pool: Pool,
  job: string,
  table: string,
  published: readonly string[],
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await ensureTarget(client, tableTarget(`postgres:${table}`, table));
    await client.query(
      `INSERT INTO vocabularies.${table} (id, record, hash, job_id, withdrawn_at)
       SELECT json ->> 'id', json || '{"name": "another"}', '\\x01'::bytea, $1, CASE WHEN n % 100 = 1 THEN now() END
       FROM unnest($2::jsonb[]) WITH ORDINALITY AS published (json, n) WHERE n % 4 = 1
       UNION ALL SELECT 'gone-' || n, '{"name": "gone"}', '\\x02', $1, NULL FROM generate_series(1, 50) n`,
      [job, published],
    );
  });
}
