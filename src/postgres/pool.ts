/** The only place that makes a `Pool`. Everything else is lent a client. */
import pg, { type Pool, type PoolClient } from 'pg';
import { UnavailableError, messageOf } from '../errors.ts';
import { cancelBackground } from './background.ts';

export type { Pool, PoolClient };

export interface PoolOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string;
  /** A partition under way holds one connection, a published target another. */
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
  });
  // An idle connection that the server ended raises `error` on the pool; without a listener the process would exit.
  pool.on('error', () => undefined);
  return pool;
}

/** Its end does not wait for a vacuum. */
class ClosingPool extends pg.Pool {
  override async end(): Promise<void> {
    await cancelBackground(this);
    await super.end();
  }
}

/** The driver hands bigint over as text; sixteen digits are exact in a double, and counts and sizes stay far below. */
function countsAsNumbers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  return types;
}

/**
 * A process that is frozen or cut off keeps its transaction open. Nothing of ours is silent for so long between two
 * statements, a large file that is written meanwhile included.
 */
const BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '2min'";

/** Runs `work` in one transaction. Any throw rolls back; a connection that broke is not reused. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query(BEGIN);
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

/** Lends one connection. A failure of the connection itself becomes an UnavailableError. */
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
    const lost = asUnavailable(broken ?? error);
    if (lost !== undefined) broken ??= lost;
    throw lost ?? error;
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
    throw asUnavailable(error) ?? error;
  }
}

/** SQLSTATE classes and socket errors that mean "the server or the connection is away". */
const AWAY = /^(08...|57P0[123]|53300|E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|NOTFOUND|AI_AGAIN))$/;
const AWAY_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection/i;

function asUnavailable(error: unknown): UnavailableError | undefined {
  if (error instanceof UnavailableError) return undefined;
  const code = codeOf(error);
  if (!AWAY.test(code) && !AWAY_MESSAGE.test(messageOf(error))) return undefined;
  return new UnavailableError(
    'E_DATABASE_UNAVAILABLE',
    `PostgreSQL cannot be reached or ended the connection (${code || messageOf(error)}).`,
    {
      cause: error,
    },
  );
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
