/** A PostgreSQL of its own that can be stopped, killed and started again. It needs no test runner. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { makeTempDir } from './make-temp-dir.ts';
import { silentLogger } from './silent-logger.ts';

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
