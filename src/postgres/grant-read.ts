/** Grants a read-only role access to the vocabularies, including the tables of later runs. */
import { ConfigError } from '../errors.ts';
import { inTransaction, type Pool } from './pool.ts';
import { quoteIdentifier } from './sql-identifier.ts';

/** Throws ConfigError E_ROLE_NOT_FOUND. The ledger is not part of it: it quotes records that were rejected. */
export async function grantRead(pool: Pool, role: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    if (rows.length === 0) {
      throw new ConfigError(
        'E_ROLE_NOT_FOUND',
        `Expected a role "${role}" in PostgreSQL, found none. Create it first: CREATE ROLE ${quoteIdentifier(role)} LOGIN PASSWORD '…'.`,
        { details: { role } },
      );
    }
    const name = quoteIdentifier(role);
    await client.query(
      `GRANT USAGE ON SCHEMA vocabularies TO ${name};
       GRANT SELECT ON ALL TABLES IN SCHEMA vocabularies TO ${name};
       ALTER DEFAULT PRIVILEGES IN SCHEMA vocabularies GRANT SELECT ON TABLES TO ${name}`,
    );
  });
}
