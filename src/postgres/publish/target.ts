/**
 * A target as the engine sees it: a relation with id, record, hash, owner and life cycle, whatever the writer. A table
 * writer has a table of its own in `vocabularies`; a snapshot writer has its slice of `vocab_sync.published`.
 */
import { ConfigError, UnavailableError } from '../../errors.ts';
import { sqlStateOf } from '../database-error.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { quoteIdentifier } from '../sql-identifier.ts';

export interface Target {
  /** The name in reports, `postgres:affiliations`; names one target across all jobs. */
  readonly name: string;
  /** The table, quoted and with its schema. */
  readonly relation: string;
  /** Holds several targets, told apart by a column `target`. */
  readonly shared: boolean;
  readonly documents: 'json' | 'jsonb';
}

export function tableTarget(name: string, table: string): Target {
  return { name, relation: `vocabularies.${quoteIdentifier(table)}`, shared: false, documents: 'jsonb' };
}

export function snapshotTarget(name: string): Target {
  return { name, relation: 'vocab_sync.published', shared: true, documents: 'json' };
}

/** `AND t.target = 'file:…'` where the relation is shared; `t` is its alias. The name is quoted as a literal. */
export function targetFilter(target: Target, alias = 't'): string {
  return target.shared ? ` AND ${alias}.target = ${quoteLiteral(target.name)}` : '';
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

const COLUMNS = [
  'id',
  'record',
  'hash',
  'source_hash',
  'job_id',
  'created_run',
  'changed_run',
  'created_at',
  'changed_at',
  'withdrawn_at',
] as const;

/** Creates the table of a target where it is missing; one that exists with other columns is refused, never altered. */
export async function ensureTarget(client: PoolClient, target: Target): Promise<void> {
  if (target.shared) return;
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [target.relation]);
  const columns = await columnsOf(client, target);
  if (columns.size === 0) {
    await client.query(
      `CREATE TABLE ${target.relation} (
         id text PRIMARY KEY, record jsonb NOT NULL, hash bytea NOT NULL, source_hash bytea, job_id text,
         created_run uuid, changed_run uuid, created_at timestamptz NOT NULL DEFAULT now(),
         changed_at timestamptz NOT NULL DEFAULT now(), withdrawn_at timestamptz
       )`,
    );
    await observeEdits(client, target);
    await client.query('SELECT vocab_sync.describe_vocabulary(relname) FROM pg_class WHERE oid = to_regclass($1)', [
      target.relation,
    ]);
    return;
  }
  const missing = COLUMNS.filter((column) => !columns.has(column));
  if (missing.length > 0) {
    throw new ConfigError(
      'E_TARGET_CONFLICT',
      `The table ${target.relation} exists, but it is not one that vocab-sync made: it has no column ${missing.join(', ')}. Choose another table in the job, or rename the existing one.`,
      { details: { table: target.relation, missing } },
    );
  }
}

/**
 * Creates the triggers by which writes of others are noticed (see migration 0012). Returns false if this role may not
 * create them, or if another session keeps the table locked.
 */
export async function observeEdits(client: PoolClient, target: Target): Promise<boolean> {
  if (target.shared) return true;
  const { rows } = await client.query<{ may: boolean }>(`SELECT has_table_privilege($1, 'TRIGGER') AS may`, [
    target.relation,
  ]);
  if (rows[0]?.may !== true) return false;
  await client.query(`SAVEPOINT observe; SET LOCAL lock_timeout = '5s'`);
  try {
    await client.query(
      `DROP TRIGGER IF EXISTS vocab_sync_edit ON ${target.relation};
       DROP TRIGGER IF EXISTS vocab_sync_hash ON ${target.relation};
       CREATE TRIGGER vocab_sync_edit AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${target.relation}
         FOR EACH STATEMENT EXECUTE FUNCTION vocab_sync.note_edit();
       CREATE TRIGGER vocab_sync_hash BEFORE UPDATE ON ${target.relation} FOR EACH ROW
         WHEN (coalesce(current_setting('vocab_sync.publishing', true), '') <> 'on'
           AND OLD.hash = NEW.hash AND OLD.record IS DISTINCT FROM NEW.record)
         EXECUTE FUNCTION vocab_sync.clear_hash();
       RELEASE SAVEPOINT observe; SET LOCAL lock_timeout = 0`,
    );
    return true;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT observe; RELEASE SAVEPOINT observe; SET LOCAL lock_timeout = 0');
    // lock_not_available, insufficient_privilege (the table is another role's).
    if (['55P03', '42501'].includes(sqlStateOf(error))) return false;
    throw error;
  }
}

/**
 * Held to the end of the transaction: publications and rollbacks of one target never overlap. It is no lock of the
 * table, which would cancel an autovacuum that is at work there.
 */
export async function lockForPublishing(client: PoolClient, target: Target): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 2))', [target.name]);
}

/** The columns that an existing table of the target lacks. Empty for the table of snapshots. */
async function missingColumns(db: Pool | PoolClient, target: Target): Promise<readonly string[]> {
  if (target.shared) return [];
  const columns = await columnsOf(db, target);
  return COLUMNS.filter((column) => !columns.has(column));
}

/** Returns whether the table of the target exists. */
export async function targetExists(client: PoolClient, target: Target): Promise<boolean> {
  return target.shared || (await columnsOf(client, target)).size > 0;
}

async function columnsOf(client: Pool | PoolClient, target: Target): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ attname: string }>(
    'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped',
    [target.relation],
  );
  return new Set(rows.map((row) => row.attname));
}

/** Whether it holds any record that could be found by `lookUpHashes`. */
export async function holdsRecords(client: PoolClient, target: Target): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    `SELECT EXISTS (SELECT FROM ${target.relation} t WHERE t.withdrawn_at IS NULL${targetFilter(target)}) AS found`,
  );
  return rows[0]?.found === true;
}

/** Between ids in the one text parameter of a look-up: ids hold no control characters (the engine rejects them). */
const SEPARATOR = '\u001f';

/**
 * The hashes (64 hex digits) of those ids that the target holds and has not withdrawn. One text parameter split on the
 * server: node-pg's array parameters cost seconds of CPU at this size.
 */
export async function lookUpHashes(
  client: PoolClient,
  target: Target,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<[string, string]>({
    text: `SELECT t.id, encode(t.hash, 'hex') FROM ${target.relation} t
           WHERE t.id = ANY (string_to_array($1, $2)) AND t.withdrawn_at IS NULL${targetFilter(target)}`,
    values: [ids.join(SEPARATOR), SEPARATOR],
    rowMode: 'array',
  });
  return new Map(rows);
}

interface Rights {
  readonly role: string;
  readonly standby: boolean;
  readonly found: boolean;
  readonly may_create: boolean;
  readonly missing: string | null;
}

/**
 * Checks that a target can be published into, without writing to it. Throws UnavailableError for a server that accepts no writes, ConfigError E_DATABASE_REFUSED for a missing right and
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
