/** The encoding of the database. Vocabularies hold text in every script, so only UTF-8 can store them. */
import { ConfigError } from '../errors.ts';
import type { PoolClient } from './pool.ts';

export const USE_UTF8 =
  "Create a database with CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0, and set DATABASE_URL to it.";

export function encodingProblem(encoding: string): string {
  return `expected a database in UTF8, found ${encoding}, which cannot store the text of vocabularies`;
}

/** Throws ConfigError E_DATABASE_REFUSED. */
export async function requireUtf8(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ encoding: string; database: string }>(
    "SELECT current_setting('server_encoding') AS encoding, current_database() AS database",
  );
  const [row] = rows;
  if (row === undefined || row.encoding === 'UTF8') return;
  throw new ConfigError(
    'E_DATABASE_REFUSED',
    `The database ${row.database} cannot be used: ${encodingProblem(row.encoding)}. ${USE_UTF8}`,
    { details: { encoding: row.encoding } },
  );
}
