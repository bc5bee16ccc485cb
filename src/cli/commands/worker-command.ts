/** `worker`: executes runs with the configured servers until it gets a signal to stop. */
import { Option, type Command } from 'commander';
import type { Catalog } from '../../component/catalog.ts';
import { ConfigError } from '../../errors.ts';
import { createLogger } from '../../logging/create-logger.ts';
import { readInstallation } from '../../postgres/ledger/installation.ts';
import { applyMigrations } from '../../postgres/migrate.ts';
import { openPool } from '../../postgres/pool.ts';
import type { Settings } from '../../settings.ts';
import { connectTemporal } from '../../temporal/client.ts';
import { reportVersion } from '../../temporal/report-version.ts';
import { preflightSearchAttributes } from '../../temporal/search-attributes.ts';
import type { WorkerRole } from '../../temporal/worker.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, type CommandContext } from '../command-context.ts';
import { startWorkers } from '../servers/compose-worker.ts';
import { EXIT } from '../exit-code.ts';
import { DEFAULT_QUEUE } from '../servers/job-queues.ts';

interface WorkerCommandOptions {
  readonly role: WorkerRole;
  readonly queue: readonly string[];
}

export function addWorkerCommand(program: Command, context: CommandContext): void {
  program
    .command('worker')
    .summary('execute runs against configured servers')
    .description(
      'Needs DATABASE_URL and TEMPORAL_ADDRESS. Logs to stdout. On SIGTERM it hands over its current steps to another worker within seconds and exits with code 0.',
    )
    .addOption(
      new Option('--role <role>', 'workflow: runs workflows; io: reads and writes data; all: both')
        .choices(['all', 'workflow', 'io'])
        .default('all'),
    )
    .option('--queue <name...>', 'the task queues to poll', [DEFAULT_QUEUE])
    .addHelpText('after', examples('vocab-sync worker', 'vocab-sync worker --role io --queue vocab-sync'))
    .action(async (options: WorkerCommandOptions) => {
      await work(context, options);
      context.end(EXIT.success);
    });
}

async function work(
  { settings: load, terminal, cwd }: CommandContext,
  { role, queue }: WorkerCommandOptions,
): Promise<void> {
  const settings = load();
  const { databaseUrl, connection } = requireConfigured(settings);
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, destination: 'stdout' });
  const catalog = await loadCatalog(settings, cwd);
  await loadWhatJobsNeed(catalog);
  const temporal = await connectTemporal(connection);
  const pool = openPool({ url: databaseUrl, applicationName: 'vocab-sync worker', max: 20 });
  try {
    const applied = await applyMigrations(pool);
    const installation = await readInstallation(pool);
    if (applied.length > 0) logger.info('migrations applied', { applied });
    const attributes = await preflightSearchAttributes(
      temporal.connection,
      temporal.namespace,
      connection.connectionOptions.address,
    );
    if (attributes.kind !== 'ok') logger.warn(attributes.message);
    const workers = await startWorkers({
      settings,
      catalog,
      pool,
      databaseUrl,
      cwd,
      temporal,
      installation,
      connection,
      webUi: settings.webUi,
      logger,
      queues: queue,
      role,
      ...(settings.deployment === undefined ? {} : { deployment: settings.deployment }),
    });
    if (settings.deployment !== undefined) {
      await reportVersion(temporal, settings.deployment, logger);
    }
    const quiet = terminal.onInterrupt(() => {
      void workers.stop();
    });
    try {
      await workers.ended;
    } finally {
      await workers.stop();
      quiet();
    }
    logger.info('worker stopped');
  } finally {
    await pool.end();
    await temporal.close();
  }
}

/** An upgrade of the package may remove these files while the worker runs. */
async function loadWhatJobsNeed({ readers, transformers, writers }: Catalog): Promise<void> {
  await Promise.all([readers.loadAll(), transformers.loadAll(), writers.loadAll()]);
  await import('../../job/check/compile-arguments.ts');
}

function requireConfigured(settings: Settings): { databaseUrl: string; connection: NonNullable<Settings['temporal']> } {
  const { databaseUrl, temporal } = settings;
  if (databaseUrl !== undefined && temporal !== undefined) return { databaseUrl, connection: temporal };
  const missing = [databaseUrl === undefined ? 'DATABASE_URL' : '', temporal === undefined ? 'TEMPORAL_ADDRESS' : ''];
  throw new ConfigError(
    'E_NOT_CONFIGURED',
    `A worker needs servers to work with, but ${missing.filter((name) => name !== '').join(' and ')} is not set. ` +
      'Set it, give --env-file FILE, or start `vocab-sync dev`, which brings servers and a worker.',
  );
}
