/** Whether a target can be published into, without writing to it. */
import { ConfigError, UnavailableError } from '../../errors.ts';
import type { Pool } from '../pool.ts';
import { missingColumns, type Target } from './target.ts';

interface Rights {
  readonly role: string;
  readonly standby: boolean;
  readonly found: boolean;
  readonly may_create: boolean;
  readonly missing: string | null;
}

/**
 * Throws UnavailableError for a server that accepts no writes, ConfigError E_DATABASE_REFUSED for a missing right and
 * E_TARGET_CONFLICT for a table with other columns. Another table is created by the first run.
 */
export async function requireWritable(pool: Pool, target: Target): Promise<void> {
  const { rows } = await pool.query<Rights>(
    `SELECT current_user AS role, pg_is_in_recovery() AS standby, to_regclass($1) IS NOT NULL AS found,
       coalesce(has_schema_privilege('vocabularies', 'CREATE'), false) AS may_create,
       (SELECT string_agg(name, ', ') FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r (name)
         WHERE NOT has_table_privilege(to_regclass($1), name)) AS missing`,
    [target.relation],
  );
  const [row] = rows;
  if (row === undefined) return;
  if (row.standby) {
    throw new UnavailableError(
      'E_DATABASE_UNAVAILABLE',
      `${target.name} cannot be written: the database is a standby server. Let DATABASE_URL name the primary server.`,
    );
  }
  if (!row.found) {
    if (row.may_create) return;
    throw refused(target, row, 'CREATE ON SCHEMA vocabularies', 'create its table');
  }
  if (row.missing !== null) throw refused(target, row, `${row.missing} ON ${target.relation}`, 'write its records');
  const missing = await missingColumns(pool, target);
  if (missing.length === 0) return;
  throw new ConfigError(
    'E_TARGET_CONFLICT',
    `The table ${target.relation} exists, but it is not one that vocab-sync made: it has no column ${missing.join(', ')}. Choose another table in the job, or rename the existing one.`,
    { details: { table: target.relation, missing } },
  );
}

function refused(target: Target, { role }: Rights, right: string, what: string): ConfigError {
  return new ConfigError(
    'E_DATABASE_REFUSED',
    `Expected the user ${role} to be allowed to ${what} for ${target.name}, found that it is not. GRANT ${right} TO ${role}.`,
    { details: { target: target.name, right } },
  );
}
