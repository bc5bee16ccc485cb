/** Forward-only migrations, applied on start under an advisory lock: any number of workers may start at once. */
import { ConfigError } from '../errors.ts';
import { requireUtf8 } from './encoding.ts';
import { initialSchema } from './migrations/0001-initial-schema.ts';
import { storedJobs } from './migrations/0002-stored-jobs.ts';
import { watermark } from './migrations/0003-watermark.ts';
import { history } from './migrations/0004-history.ts';
import { retryAndPause } from './migrations/0006-retry-and-pause.ts';
import { notices } from './migrations/0007-notices.ts';
import { partsOfSteps } from './migrations/0008-parts-of-steps.ts';
import { installation } from './migrations/0010-installation.ts';
import { placeOfAttempts } from './migrations/0011-place-of-attempts.ts';
import { targetSizes } from './migrations/0012-target-sizes.ts';
import { readableData } from './migrations/0013-readable-data.ts';
import { skippedAndReaders } from './migrations/0014-skipped-and-readers.ts';
import { publications } from './migrations/0015-publications.ts';
import { layers } from './migrations/0016-layers.ts';
import { drift } from './migrations/0017-drift.ts';
import { notesAndImpact } from './migrations/0018-notes-and-impact.ts';
import { frozenJob } from './migrations/0019-frozen-job.ts';
import { fetchWarnings } from './migrations/0020-fetch-warnings.ts';
import { inTransaction, openPool, type Pool, type PoolClient } from './pool.ts';

interface Migration {
  readonly id: string;
  readonly sql: string;
  /** Programs of the release before may work with the database afterwards. Not for migrations before 0019. */
  readonly additive?: true;
}

const MIGRATIONS: readonly Migration[] = [
  initialSchema,
  storedJobs,
  watermark,
  history,
  retryAndPause,
  notices,
  partsOfSteps,
  installation,
  placeOfAttempts,
  targetSizes,
  readableData,
  skippedAndReaders,
  publications,
  layers,
  drift,
  notesAndImpact,
  frozenJob,
  fetchWarnings,
];

/** A number of our own for pg_advisory_xact_lock, arbitrary but fixed. */
const MIGRATION_LOCK = 7_203_119_004;

/**
 * Applies the missing migrations and returns their ids. Throws if a newer program changed the database in an
 * incompatible way.
 */
export async function applyMigrations(pool: Pool): Promise<readonly string[]> {
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await requireUtf8(client);
    const applied = await appliedMigrations(client);
    const known = new Set(MIGRATIONS.map((migration) => migration.id));
    const unknown = [...applied].filter((id) => !known.has(id));
    if (unknown.length > 0 && !(await areAdditive(client, applied, unknown))) {
      throw new ConfigError(
        'E_SETTINGS_INVALID',
        `The database was migrated by a newer vocab-sync (${unknown.join(', ')}), this one knows up to ${MIGRATIONS.at(-1)?.id ?? 'none'}. Start the newer program.`,
      );
    }
    const missing = MIGRATIONS.filter((migration) => !applied.has(migration.id));
    for (const migration of missing) {
      await client.query(migration.sql);
      await client.query('INSERT INTO vocab_sync.migration (id) VALUES ($1)', [migration.id]);
      if (migration.additive === true)
        await client.query('UPDATE vocab_sync.migration SET additive = true WHERE id = $1', [migration.id]);
    }
    return missing.map((migration) => migration.id);
  });
}

/** The same for a database without a pool. */
export async function migrate(url: string): Promise<readonly string[]> {
  const pool = openPool({ url, max: 1 });
  try {
    return await applyMigrations(pool);
  } finally {
    await pool.end();
  }
}

/** Returns the ids of the missing migrations. Changes nothing. */
export async function pendingMigrations(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ there: boolean }>(
    `SELECT to_regclass('vocab_sync.migration') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) return MIGRATIONS.map(({ id }) => id);
  const applied = await pool.query<{ id: string }>('SELECT id FROM vocab_sync.migration');
  const known = new Set(applied.rows.map(({ id }) => id));
  return MIGRATIONS.map(({ id }) => id).filter((id) => !known.has(id));
}

/** Returns whether newer programs only added to the database, so that this one can still use it. */
async function areAdditive(
  client: PoolClient,
  applied: ReadonlySet<string>,
  unknown: readonly string[],
): Promise<boolean> {
  if (!applied.has(frozenJob.id)) return false;
  const { rowCount } = await client.query('SELECT FROM vocab_sync.migration WHERE id = ANY ($1) AND NOT additive', [
    unknown,
  ]);
  return rowCount === 0;
}

async function appliedMigrations(client: PoolClient): Promise<ReadonlySet<string>> {
  await client.query('CREATE SCHEMA IF NOT EXISTS vocab_sync');
  await client.query(
    'CREATE TABLE IF NOT EXISTS vocab_sync.migration (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  const { rows } = await client.query<{ id: string }>('SELECT id FROM vocab_sync.migration');
  return new Set(rows.map((row) => row.id));
}
