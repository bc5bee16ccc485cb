/** Temporal for tests: the dev server shared by a run, or one of their own that can be killed and started again. */
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import { startTemporalDevServer, type TemporalDevServer } from '../../src/embedded/temporal-server.ts';
import { TEST_SEARCH_ATTRIBUTES } from './search-attributes.ts';
import { makeTempDir } from './make-temp-dir.ts';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** The `temporal` program, for `temporal workflow …` in tests. */
  readonly cliPath: string;
}

/** `describe` for files of the `server` project that need Temporal: skipped where the set-up could not start it. */
export const describeWithTemporal = describe.skipIf('missing' in inject('temporal'));

/** For files that need both servers. */
export const describeWithServers = describe.skipIf('missing' in inject('temporal') || 'missing' in inject('postgres'));

/** Shared by all files of a run: use task queues and workflow ids of your own. */
// eslint-disable-next-line @typescript-eslint/require-await -- a promise, as for `testDatabase`
export async function testTemporal(): Promise<TestTemporal> {
  const server = inject('temporal');
  if ('missing' in server) throw new Error(`no Temporal for tests: ${server.missing}`);
  return server;
}

export interface OwnTemporal extends TestTemporal {
  readonly pid: number;
  /** kill -9 */
  kill(): Promise<void>;
  /** On the same ports with the same state; `address` stays valid. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * For tests that kill their server. Its state lies in a file, so it survives. Its ports are none that others are given
 * meanwhile: neither the usual ones, nor of the range from which the system takes them (from 32768 on Linux).
 */
export async function startTemporal(): Promise<OwnTemporal> {
  const { cliPath } = await testTemporal();
  const directory = makeTempDir('vocab-sync-temporal-');
  const launch = (ports: { port: number; uiPort: number }): Promise<TemporalDevServer> =>
    startTemporalDevServer({
      cliPath,
      dbFile: join(directory, 'temporal.db'),
      searchAttributes: TEST_SEARCH_ATTRIBUTES,
      logFile: join(directory, 'temporal.log'),
      ...ports,
    });
  let server = await launch({ port: 20_000 + randomInt(5_000), uiPort: 25_000 + randomInt(5_000) });
  const { address, namespace, uiUrl, port, uiPort } = server;
  return {
    address,
    namespace,
    uiUrl,
    cliPath,
    get pid() {
      return server.pid;
    },
    kill: () => server.stop('kill'),
    start: async () => {
      server = await launch({ port, uiPort });
      if (server.port !== port) throw new Error(`port ${String(port)} was taken while the server was stopped`);
    },
    remove: async () => {
      await server.stop('kill');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
