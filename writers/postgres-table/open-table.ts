/** A table of another database, and the transactions on it. */
import { ConfigError } from '../../src/errors.ts';
import { cancellable, inTransaction, openPool, type Pool, type PoolClient } from '../../src/postgres/pool.ts';
import { databaseUrlProblem } from '../../src/settings/server-url.ts';
import { relationOf } from './read-layout.ts';
import type { TableArgs } from './table-args.ts';
import { toTableError } from './to-table-error.ts';

export interface OpenTable {
  readonly args: TableArgs;
  readonly place: string;
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/** Connects when it is first used. The pool is ended by the caller. */
export function openTable(args: TableArgs, signal: AbortSignal): OpenTable {
  const place = `The table ${relationOf(args)} of "${args.database}"`;
  const problem = databaseUrlProblem(args.url);
  if (problem !== undefined) throw new ConfigError('E_TARGET_FORBIDDEN', `${place}: "url" is invalid: ${problem}.`);
  return { args, place, pool: openPool({ url: args.url, max: args.concurrency + 1 }), signal };
}

/**
 * Throws UnavailableError or ConfigError for what PostgreSQL answers. Triggers and types of the table are found by the
 * search path that other clients of the database have.
 */
export async function transact<T>(
  { pool, args, place, signal }: OpenTable,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(pool, (client) =>
      cancellable(pool, client, signal, async () => {
        await client.query(
          `SET LOCAL search_path TO DEFAULT; SET LOCAL statement_timeout = '${String(args.timeout_seconds)}s'; SET CONSTRAINTS ALL IMMEDIATE`,
        );
        return work(client);
      }),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    throw toTableError(thrown, place);
  }
}
