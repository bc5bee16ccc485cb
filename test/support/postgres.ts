/** PostgreSQL for tests: a migrated database of their own on the shared server, or a whole server of their own. */
import { randomBytes } from 'node:crypto';
import { describe, inject } from 'vitest';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';

export { startPostgres, type OwnPostgres } from './postgres-server.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** `describe` for files of the `server` project that need PostgreSQL: skipped where the set-up could not start it. */
export const describeWithPostgres = describe.skipIf('missing' in inject('postgres'));

/** A clone of the migrated template, usually one per file in `beforeAll`. `drop` also ends the sessions in it. */
export function testDatabase(): Promise<TestDatabase> {
  return createDatabase(({ template }) => (template === undefined ? '' : `template ${template}`));
}

/** One without our tables. */
export function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase(() => '');
}

async function createDatabase(
  from: (server: { readonly template?: string | undefined }) => string,
): Promise<TestDatabase> {
  const server = inject('postgres');
  if ('missing' in server) throw new Error(`no PostgreSQL for tests: ${server.missing}`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await askPostgres(server.url, `create database ${name} ${from(server)}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await askPostgres(server.url, `drop database if exists ${name} with (force)`);
    },
  };
}
