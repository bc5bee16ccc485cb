/** Holds a run in a phase that is over too soon to be struck, from outside: by a lock in the database. */
import { openPool } from '../../src/postgres/pool.ts';
import { until } from './workflow-bench.ts';

export interface Hold {
  /** Resolves when a worker waits for the lock. */
  reached(): Promise<void>;
  release(): Promise<void>;
}

/** Writers of the table wait; readers do not. */
export async function holdTable(url: string, table: string): Promise<Hold> {
  const pool = openPool({ url, applicationName: 'kill test hold' });
  const client = await pool.connect();
  // The server may be stopped while it is held.
  client.on('error', () => undefined);
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN SHARE MODE`);
  return {
    reached: async () => {
      await until(`a worker waits for ${table}`, async () => {
        const { rows } = await pool.query<{ n: number }>(
          'SELECT count(*) AS n FROM pg_locks WHERE NOT granted AND relation = to_regclass($1)',
          [table],
        );
        return (rows[0]?.n ?? 0) > 0;
      });
    },
    release: async () => {
      client.release(true);
      await pool.end();
    },
  };
}
