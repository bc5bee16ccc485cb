/**
 * Runs statements in the background of a pool. Failures are logged, and nothing waits for them. The end of the pool
 * cancels them, so that a worker stops at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';

interface Running {
  /** The id of the server process. Undefined until it is connected. */
  pid: number | undefined;
  readonly cancel: AbortController;
  done: Promise<void>;
}

const running = new WeakMap<Pool, Running>();

export interface BackgroundWork {
  /** Each is sent on its own, because VACUUM cannot run inside a transaction. */
  readonly statements: readonly string[];
  /** Before the first statement, for what must not compete with it. */
  readonly delayMs: number;
  /** For each statement. */
  readonly timeoutMs: number;
  onError(error: unknown): void;
}

/** Sends the statements on a connection of the pool, later, and returns at once. Does nothing while others wait or run. */
export function runInBackground(pool: Pool, work: BackgroundWork): void {
  if (running.has(pool) || pool.ending) return;
  const one: Running = { pid: undefined, cancel: new AbortController(), done: Promise.resolve() };
  running.set(pool, one);
  one.done = send(pool, one, work)
    .catch((error: unknown) => {
      if (!one.cancel.signal.aborted) work.onError(error);
    })
    .finally(() => running.delete(pool));
}

async function send(pool: Pool, one: Running, { statements, delayMs, timeoutMs }: BackgroundWork): Promise<void> {
  await delay(delayMs, undefined, { signal: one.cancel.signal, ref: false });
  const client = await pool.connect();
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    one.pid = rows[0]?.pid;
    await client.query(`SET statement_timeout = ${String(timeoutMs)}`);
    for (const statement of statements) {
      if (one.cancel.signal.aborted) return;
      await client.query(statement);
    }
  } finally {
    client.off('error', ignore);
    // Not reused: its timeout differs from that of other connections.
    client.release(true);
  }
}

/** Cancels the current statements and waits for them, so that the pool can end. */
export async function cancelBackground(pool: Pool): Promise<void> {
  const one = running.get(pool);
  if (one === undefined) return;
  one.cancel.abort();
  // Best effort: if it fails, the connection is broken and the statement ends anyway.
  if (one.pid !== undefined) await pool.query('SELECT pg_cancel_backend($1)', [one.pid]).catch(() => undefined);
  await one.done;
}
