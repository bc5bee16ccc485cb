/**
 * The servers that a command works with: those of the settings, those of a command that runs in the same home, or new
 * ones for as long as this command lasts. Their data stays in the home, so a plan made by one command can be approved
 * by a later one.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../component/services.ts';
import type { Settings, TemporalConnectConfig } from '../settings.ts';
import { forgetPostgresVariables } from '../settings.ts';
import { startEmbeddedPostgres } from './postgres.ts';
import { embeddedConnection, type DatabaseDetails, type TemporalDetails } from './running-servers.ts';
import { shareServer, type ServerRole, type SharedServer } from './share-server.ts';
import { findTemporalCli } from './temporal-cli.ts';
import { restrictFile, restrictHome } from './restrict-home.ts';
import { startTemporalDevServer } from './temporal-server.ts';

export interface AcquireServersOptions {
  readonly settings: Settings;
  readonly need: { readonly database: boolean; readonly temporal: boolean };
  readonly role: ServerRole;
  /** Name → type, registered in an embedded dev server. */
  readonly searchAttributes: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** One line for the operator: what is being started and how long it takes. */
  readonly say: (line: string) => void;
}

export interface AcquiredServers {
  /** Undefined where it was not needed. With a password: never log it. */
  readonly databaseUrl: string | undefined;
  /** For `Connection.connect(temporal.connectionOptions)`; undefined where it was not needed. */
  readonly temporal: TemporalConnectConfig | undefined;
  readonly temporalAddress: string | undefined;
  readonly namespace: string;
  /** Of the embedded dev server; undefined for one that is configured, whose Web UI we do not know. */
  readonly webUi: string | undefined;
  /** True where no `dev` and no configured deployment has a worker: the caller runs one for as long as it lasts. */
  readonly ownsWorker: boolean;
  /** Leaves or stops what was acquired. Stop the worker first. Waits for commands that use servers of this one. */
  release(): Promise<void>;
}

export async function acquireServers(options: AcquireServersOptions): Promise<AcquiredServers> {
  const { settings, need } = options;
  const shared: SharedServer<unknown>[] = [];
  const release = async () => {
    // Leave first what others own: two commands that own a server each would otherwise wait for one another.
    for (const server of shared.filter(({ owned }) => !owned)) await server.release();
    for (const server of shared.filter(({ owned }) => owned).reverse()) await server.release();
  };
  const acquire = async <Details>(server: Promise<SharedServer<Details>>): Promise<SharedServer<Details>> => {
    const acquired = await server;
    shared.push(acquired);
    return acquired;
  };
  if (settings.databaseUrl === undefined) forgetPostgresVariables();
  restrictHome(settings.home);
  try {
    const database =
      need.database && settings.databaseUrl === undefined ? await acquire(shareDatabase(options)) : undefined;
    const temporal =
      need.temporal && settings.temporal === undefined ? await acquire(shareTemporal(options)) : undefined;
    const connection = settings.temporal ?? embeddedConnection(temporal?.details);
    return {
      databaseUrl: need.database ? (settings.databaseUrl ?? database?.details.url) : undefined,
      temporal: need.temporal ? connection : undefined,
      temporalAddress: need.temporal ? connection?.connectionOptions.address : undefined,
      namespace: temporal?.details.namespace ?? settings.namespace,
      webUi: temporal?.details.uiUrl,
      ownsWorker: shared.some(({ ownerRole }) => ownerRole === 'command'),
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function shareDatabase({ settings, role, say, logger }: AcquireServersOptions) {
  return shareServer<DatabaseDetails>({
    directory: serversDirectory(settings.home),
    name: 'database',
    role,
    say,
    start: async (previous) => {
      const started = Date.now();
      const postgres = await startEmbeddedPostgres({
        directory: join(settings.home, 'postgres'),
        logger,
        ...(previous === undefined ? {} : { port: previous.port }),
      });
      say(`PostgreSQL runs on port ${String(postgres.port)} (${seconds(started)}).`);
      return {
        details: { url: postgres.url, port: postgres.port },
        pid: postgres.pid,
        stop: () => postgres.stop('fast'),
      };
    },
  });
}

async function shareTemporal({ settings, role, say, searchAttributes }: AcquireServersOptions) {
  const directory = join(settings.home, 'temporal');
  return shareServer<TemporalDetails>({
    directory: serversDirectory(settings.home),
    name: 'temporal',
    role,
    say,
    start: async (previous) => {
      const cli = await findTemporalCli({ ...settings, say });
      const started = Date.now();
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const server = await startTemporalDevServer({
        cliPath: cli.path,
        dbFile: join(directory, 'temporal.db'),
        logFile: join(directory, 'temporal.log'),
        searchAttributes,
        ...(previous === undefined ? {} : { port: previous.port, uiPort: previous.uiPort }),
      });
      restrictFile(join(directory, 'temporal.db'));
      say(
        `Temporal ${cli.serverVersion} runs on ${server.address}, its Web UI on ${server.uiUrl} (${seconds(started)}).`,
      );
      const { address, namespace, uiUrl, port, uiPort, pid } = server;
      return { details: { address, namespace, uiUrl, port, uiPort }, pid, stop: () => server.stop() };
    },
  });
}

/** Excludes the home directory from version control, wherever it is. */
function serversDirectory(home: string): string {
  const directory = join(home, 'servers');
  mkdirSync(directory, { recursive: true });
  const ignore = join(home, '.gitignore');
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  return directory;
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
