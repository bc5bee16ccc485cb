/** PostgreSQL, Temporal and a worker process of its own, as a deployment has them. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalDevServer } from '../../src/embedded/temporal-server.ts';
import { loadSettings } from '../../src/settings.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { TEST_SEARCH_ATTRIBUTES } from '../support/search-attributes.ts';

export interface BenchServers {
  readonly databaseUrl: string;
  readonly workerPid: number;
  /** For commands that talk to them. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

export async function startBenchServers(directory: string, cli: string): Promise<BenchServers> {
  const logger = silentLogger();
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), logger });
  const { temporalCliPath, cacheDirectory } = loadSettings();
  const found = await findTemporalCli({ temporalCliPath, cacheDirectory, say: console.log });
  const temporal = await startTemporalDevServer({
    cliPath: found.path,
    dbFile: join(directory, 'temporal.db'),
    logFile: join(directory, 'temporal.log'),
    searchAttributes: TEST_SEARCH_ATTRIBUTES,
  });
  const env = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    VOCAB_SYNC_HOME: join(directory, 'home'),
  };
  const log = openSync(join(directory, 'worker.log'), 'w');
  const worker = spawn(process.execPath, [cli, 'worker'], {
    // As docs/deploy.md advises for a worker.
    env: { ...process.env, ...env, MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-old-space-size=384' },
    stdio: ['ignore', log, log],
  });
  return {
    databaseUrl: postgres.url,
    workerPid: worker.pid ?? 0,
    env,
    async stop() {
      worker.kill('SIGTERM');
      await new Promise((resolve) => worker.once('exit', resolve));
      await temporal.stop();
      await postgres.stop('fast');
      // Of root it lies outside of the directory of the benchmark.
      postgres.remove();
    },
  };
}
