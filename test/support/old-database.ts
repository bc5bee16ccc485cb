/** A database that an older release made, migrated, with an engine on it. */
import { readFileSync } from 'node:fs';
import { migrate } from '../../src/postgres/migrate.ts';
import { openPool } from '../../src/postgres/pool.ts';
import { openTestEngine, type TestEngine } from './engine.ts';
import { emptyDatabase, type TestDatabase } from './postgres.ts';

/** `dump` is the path of a dump in SQL. The caller closes the engine and then drops the database. */
export async function openOldDatabase(dump: string): Promise<{ database: TestDatabase; test: TestEngine }> {
  const database = await emptyDatabase();
  const pool = openPool({ url: database.url });
  await pool.query(readFileSync(dump, 'utf8'));
  await pool.end();
  await migrate(database.url);
  return { database, test: await openTestEngine(database.url) };
}
