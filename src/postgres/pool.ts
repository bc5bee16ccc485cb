/** The only file that creates a `Pool`. All other code borrows a client. */
import pg, { type ClientBase, type Pool, type PoolClient } from 'pg';
import { cancelBackground } from './background.ts';
import { isCancelled, isLost, toDatabaseError } from './database-error.ts';

export type { Pool, PoolClient };

export interface PoolOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** A partition that is staged holds one connection, and so does a target that is published. */
  readonly max?: number;
}

/** Connections are made when they are first needed; an idle one that breaks is replaced without a crash. */
export function openPool(options: PoolOptions): Pool {
  const pool = new ClosingPool({
    connectionString: options.url,
    application_name: options.applicationName ?? 'vocab-sync',
    max: options.max ?? 10,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: countsAsNumbers(),
    // Awaited before the connection is lent, although its type does not say so.
    // eslint-disable-next-line @typescript-eslint/no-misused-promises
    onConnect: pinSession,
  });
  // An idle connection that the server ended raises `error` on the pool; without a listener the process would exit.
  pool.on('error', () => undefined);
  mapErrors(pool);
  return pool;
}

/** Its end does not wait for a vacuum, and its errors say what to do. */
class ClosingPool extends pg.Pool {
  override async end(): Promise<void> {
    await cancelBackground(this);
    await super.end();
  }
}

/** The limit for queries that the pool sends on any of its connections. */
function mapErrors(pool: Pool): void {
  const query = pool.query.bind(pool) as (...args: unknown[]) => unknown;
  const mapped = (...args: unknown[]): unknown => {
    const result = query(...args);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw toDatabaseError(error) ?? error;
    });
  };
  pool.query = mapped as typeof pool.query;
}

/** The driver hands bigint over as text; sixteen digits are exact in a double, and counts and sizes stay far below. */
function countsAsNumbers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  return types;
}

/**
 * A process that is frozen or cut off keeps its transaction open. Healthy steps are never idle for so long between two
 * statements, even while they write a large file.
 */
const BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2min'";

/**
 * Runs `work` in one transaction. Any throw rolls back; a connection that broke is not reused. `session` is what
 * pg_stat_activity shows as the application name until the transaction ends.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  session?: string,
): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query(
      session === undefined ? BEGIN : `${BEGIN}; SET LOCAL application_name = ${pg.escapeLiteral(session)}`,
    );
    try {
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  });
}

/** Lends one connection. Database errors are converted into errors with a remedy (see database-error.ts). */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  const remember = (error: Error): void => {
    broken = error;
  };
  client.on('error', remember);
  try {
    return await work(client);
  } catch (error) {
    const cause = broken ?? error;
    if (isLost(cause)) broken ??= cause instanceof Error ? cause : new Error(String(cause));
    throw toDatabaseError(cause) ?? error;
  } finally {
    client.off('error', remember);
    client.release(broken);
  }
}

/**
 * While `work` runs, an abort cancels the statement that the connection is busy with, so that a stop does not wait
 * for a long publication. The statement then fails and `signal.reason` is thrown.
 */
export async function cancellable<T>(
  pool: Pool,
  client: PoolClient,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid;
  const onAbort = (): void => {
    // Best effort: when it fails the statement simply runs to its end.
    pool.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toDatabaseError(error) ?? error;
  }
}

/**
 * The settings that a database or a role may change and that affect results or errors. `set_config` is used for
 * settings that this release of PostgreSQL has. Names without a schema refer to PostgreSQL's own objects.
 */
const PINNED: Readonly<Record<string, string>> = {
  bytea_output: 'hex',
  client_encoding: 'UTF8',
  client_min_messages: 'warning',
  datestyle: 'ISO, YMD',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  extra_float_digits: '1',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  intervalstyle: 'postgres',
  lock_timeout: '0',
  row_security: 'on',
  search_path: 'pg_catalog',
  standard_conforming_strings: 'on',
  statement_timeout: '0',
  timezone: 'UTC',
  transaction_timeout: '0',
  transform_null_equals: 'off',
  xmloption: 'content',
};

const PIN = `SELECT set_config(name, value, false) FROM json_each_text($1) pinned (name, value)
  WHERE EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE lower(s.name) = pinned.name)`;

/**
 * A timeout of a few milliseconds that the database or the role sets may end these statements before it is switched
 * off; they are sent again then.
 */
async function pinSession(client: ClientBase): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query('SET statement_timeout = 0');
      await client.query(PIN, [JSON.stringify(PINNED)]);
      return;
    } catch (error) {
      if (attempt === PIN_ATTEMPTS || !isCancelled(error)) throw error;
    }
  }
}

const PIN_ATTEMPTS = 10;
