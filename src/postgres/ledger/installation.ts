/** The identity of an installation: one database with its jobs, runs and published tables. */
import type { Pool } from '../pool.ts';

/** A UUID. It stays the same as long as the database lives, also when it is restored from a backup. */
export async function readInstallation(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM vocab_sync.installation');
  const [row] = rows;
  if (row === undefined) throw new Error('the table vocab_sync.installation has no row');
  return row.id;
}

/** For a database that is a copy of another installation's, and is used alongside it. Returns the new identity. */
export async function renewInstallation(pool: Pool): Promise<string> {
  await pool.query('UPDATE vocab_sync.installation SET id = gen_random_uuid(), created_at = now()');
  return readInstallation(pool);
}

/** For a ledger that was emptied and made again while workers with this identity run. */
export async function keepInstallation(pool: Pool, id: string): Promise<void> {
  await pool.query('UPDATE vocab_sync.installation SET id = $1', [id]);
}
