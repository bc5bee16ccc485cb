import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { messageOf } from '../errors.ts';

const INTERVAL_MILLISECONDS = 50;

/** Undefined once a query was answered, else why not: the server ended, or the time was up. */
export async function waitForPostgres(
  url: string,
  milliseconds: number,
  ended: () => string | undefined,
): Promise<string | undefined> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const end = ended();
    if (end !== undefined) return `it ended with ${end}`;
    const answer = await askPostgres(url, 'select 1').catch((error: unknown) => messageOf(error));
    if (typeof answer !== 'string') return undefined;
    if (Date.now() > deadline) return `no answer after ${String(milliseconds / 1000)} s, last: ${answer}`;
    await delay(INTERVAL_MILLISECONDS);
  }
}

/** The first row of one query over a connection of its own. */
export async function askPostgres(url: string, query: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // A server that goes away between two steps also raises `error` on the client.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows[0] ?? {};
  } finally {
    await client.end().catch(() => undefined);
  }
}
