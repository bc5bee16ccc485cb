/** PostgreSQL for tests: a migrated database of their own on the shared server, or a whole server of their own. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import { askPostgres } from '../../src/embedded/postgres-ready.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { silentLogger } from './silent-logger.ts';
import { makeTempDir } from './make-temp-dir.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** `describe` for files of the `server` project that need PostgreSQL: skipped where the set-up could not start it. */
export const describeWithPostgres = describe.skipIf('missing' in inject('postgres'));

/** A clone of the migrated template, usually one per file in `beforeAll`. `drop` also ends the sessions in it. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('postgres');
  if ('missing' in server) throw new Error(`no PostgreSQL for tests: ${server.missing}`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await askPostgres(
    server.url,
    `create database ${name} ${server.template === undefined ? '' : `template ${server.template}`}`,
  );
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await askPostgres(server.url, `drop database if exists ${name} with (force)`);
    },
  };
}

export interface OwnPostgres {
  readonly url: string;
  readonly pid: number;
  stop(mode: 'immediate' | 'fast'): Promise<void>;
  /** Starts it again on the same port with the same data; `url` stays valid. */
  start(): Promise<void>;
  /** `stop` and `start` in one. */
  restart(mode?: 'immediate' | 'fast'): Promise<void>;
  /** Stops it and deletes its data. */
  remove(): Promise<void>;
}

/** For tests that stop their server. Not migrated; survives `immediate` stops as a real one (fsync is on). */
export async function startPostgres(): Promise<OwnPostgres> {
  const directory = makeTempDir('vocab-sync-postgres-');
  const launch = (port?: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      directory: join(directory, 'postgres'),
      logger: silentLogger(),
      ...(port === undefined ? {} : { port }),
    });
  let server = await launch();
  const { url, port } = server;
  const start = async () => {
    server = await launch(port);
    if (server.port !== port) throw new Error(`port ${String(port)} was taken while the server was stopped`);
  };
  return {
    url,
    get pid() {
      return server.pid;
    },
    stop: (mode) => server.stop(mode),
    start,
    restart: async (mode = 'immediate') => {
      await server.stop(mode);
      await start();
    },
    remove: async () => {
      await server.stop('immediate');
      server.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
