/** Opens the database and Temporal for one command, with its own worker if no other worker exists. */
import { acquireServers, type AcquiredServers } from '../../embedded/dev-home.ts';
import type { ServerRole } from '../../embedded/share-server.ts';
import { readInstallation } from '../../postgres/ledger/installation.ts';
import { applyMigrations } from '../../postgres/migrate.ts';
import { openPool, type Pool } from '../../postgres/pool.ts';
import { connectTemporal, type TemporalClient, type TemporalSettings } from '../../temporal/client.ts';
import {
  SEARCH_ATTRIBUTES,
  ensureSearchAttributes,
  preflightSearchAttributes,
} from '../../temporal/search-attributes.ts';
import { loadCatalog } from '../catalog.ts';
import { signerOf, type SignRun } from './run-key.ts';
import type { RunningWorkers, WorkersOptions } from './compose-worker.ts';
import type { CommandContext } from '../command-context.ts';
import { noteServiceFile, requireConfigured } from './require-configured.ts';
import { terminalLogger } from '../terminal-logger.ts';
import type { Logger } from '../../component/services.ts';
import type { Catalog } from '../../component/catalog.ts';

export interface Servers {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  /** The identity of the database. */
  readonly installation: string;
  readonly catalog: Catalog;
  readonly databaseUrl: string;
  readonly webUi: string | undefined;
  readonly temporalAddress: string;
  /** Temporal is the dev server of this home, not a configured one. */
  readonly isEmbedded: boolean;
  /** The servers end with this command, or have a worker only while it lasts. */
  readonly ownsWorker: boolean;
  /** False where the namespace lacks our search attributes; a run then starts without them. */
  readonly searchAttributes: boolean;
  /** Signs a run for the worker of these servers; undefined where there is no key. */
  readonly sign: SignRun | undefined;
  /** Runs a worker on these queues until the servers are closed. */
  work(queues: readonly string[]): Promise<RunningWorkers>;
  close(): Promise<void>;
}

export interface OpenServersOptions {
  readonly role?: ServerRole;
  /** `dev` and `demo`: servers that are not there are created. Any other command needs settings or a `dev` home. */
  readonly creates?: boolean;
  /** Replaces the log of the command, for `dev`. */
  readonly logger?: Logger;
}

export async function withServers<T>(
  context: CommandContext,
  work: (servers: Servers) => Promise<T>,
  options: OpenServersOptions = {},
): Promise<T> {
  const servers = await openServers(context, options);
  try {
    return await work(servers);
  } finally {
    await servers.close();
  }
}

async function openServers(
  { settings: load, terminal }: CommandContext,
  options: OpenServersOptions,
): Promise<Servers> {
  const settings = load();
  const logger = options.logger ?? terminalLogger(terminal, settings.logLevel === 'debug');
  if (options.creates !== true) {
    requireConfigured(settings, { temporal: true });
    noteServiceFile(settings, terminal);
  }
  const catalog = await loadCatalog(settings);
  const acquired = await acquireServers({
    settings,
    need: { database: true, temporal: true },
    role: options.role ?? 'command',
    searchAttributes: SEARCH_ATTRIBUTE_TYPES,
    logger,
    say: (line) => {
      terminal.say(line);
    },
  });
  const closers: (() => Promise<void>)[] = [() => acquired.release()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { databaseUrl, connection } = requireServers(acquired);
    const pool = openPool({ url: databaseUrl });
    closers.push(() => pool.end());
    await applyMigrations(pool);
    const installation = await readInstallation(pool);
    const temporal = await connectTemporal(connection);
    closers.push(() => temporal.close());
    const searchAttributes = await checkSearchAttributes(temporal, acquired, logger);
    const webUi = acquired.webUi ?? settings.webUi;
    const shared = { pool, temporal, installation, catalog, databaseUrl, webUi };
    const parts = { ...shared, settings, cwd: process.cwd(), connection, logger };
    return {
      ...shared,
      isEmbedded: settings.temporal === undefined,
      temporalAddress: acquired.temporalAddress ?? '127.0.0.1:7233',
      ownsWorker: acquired.ownsWorker,
      searchAttributes,
      sign: signerOf(settings),
      async work(queues) {
        const workers = await startWorkers({ ...parts, queues });
        closers.push(() => workers.stop());
        return workers;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The worker is a fourth of what there is to load, and most commands have none. */
async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const worker = await import('./compose-worker.ts');
  return worker.startWorkers(options);
}

const TYPE_NAMES = { KEYWORD: 'Keyword', INT: 'Int' } as const;

const SEARCH_ATTRIBUTE_TYPES: Readonly<Record<string, string>> = Object.fromEntries(
  SEARCH_ATTRIBUTES.map(({ name, type }) => [name, TYPE_NAMES[type]]),
);

function requireServers(acquired: AcquiredServers): { databaseUrl: string; connection: TemporalSettings } {
  const { databaseUrl, temporal } = acquired;
  if (databaseUrl === undefined || temporal === undefined)
    throw new Error('the servers that were asked for were not acquired');
  return { databaseUrl, connection: temporal };
}

/** The dev server registers them. In a configured server, its operator has to. */
async function checkSearchAttributes(
  temporal: TemporalClient,
  { webUi, temporalAddress }: AcquiredServers,
  logger: Logger,
): Promise<boolean> {
  const { connection, namespace } = temporal;
  const result = await (webUi === undefined
    ? preflightSearchAttributes(connection, namespace, temporalAddress)
    : ensureSearchAttributes(connection, namespace));
  if (result.kind === 'ok' || result.kind === 'unknown') return true;
  logger.warn(`${result.message} Until then runs cannot be filtered in the Web UI.`);
  return false;
}
