/** The Temporal dev server with its Web UI on free ports of 127.0.0.1, its state in one SQLite file. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { UnavailableError, messageOf } from '../errors.ts';
import { findFreePort } from './free-port.ts';
import { spawnServer, tailOf, type ServerProcess } from './server-process.ts';

const NAMESPACE = 'default';
const PREFERRED_PORT = 7233;
const PREFERRED_UI_PORT = 8233;
/** A fresh one is up in 2 s on two cores; a loaded machine is given its time. */
const START_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 10_000;
const INTERVAL_MILLISECONDS = 50;
/**
 * By default each step of a workflow waits several times for the disk. With a write-ahead log it does not wait at all, and
 * a server that is killed loses nothing; a machine that loses its power may lose the last moments, never the file. What
 * was published, and the ledger, are in PostgreSQL, which waits for its disk. Measured: 500 schedules are made with half
 * of the processor time, and on a busy disk in a third of the time.
 */
const SQLITE_PRAGMAS = ['journal_mode=wal', 'synchronous=normal'];
/** By default one poller answers every look at a schedule, one after another. */
const SCHEDULE_POLLERS = 8;
/**
 * The dev server has an HTTP API on a port of its own, without authentication, and it accepts what any web page may
 * send without asking first. It cannot be switched off; with this list of hosts it refuses every request. The name is
 * reserved, so no request can name it by accident. vocab-sync itself uses gRPC.
 */
const HTTP_API_HOSTS = ['none.invalid'];

export interface TemporalDevServerOptions {
  /** The path of the `temporal` program (see temporal-cli.ts). */
  readonly cliPath: string;
  /** State that outlives the server; in memory when absent. */
  readonly dbFile?: string;
  /** Taken where they are free, else others. */
  readonly port?: number;
  readonly uiPort?: number;
  /** Name → type (`Keyword`, `Int`, …), registered in the namespace. */
  readonly searchAttributes: Readonly<Record<string, string>>;
  readonly logFile: string;
}

export interface TemporalDevServer {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
  readonly pid: number;
  readonly logFile: string;
  /** SIGKILL in place of an orderly end with `kill`. */
  stop(mode?: 'fast' | 'kill'): Promise<void>;
}

export async function startTemporalDevServer(options: TemporalDevServerOptions): Promise<TemporalDevServer> {
  const port = await findFreePort(options.port ?? PREFERRED_PORT);
  const uiPort = await findFreePort(options.uiPort ?? PREFERRED_UI_PORT);
  mkdirSync(dirname(options.logFile), { recursive: true });
  const server = await launch(options, port, uiPort);
  const address = `127.0.0.1:${String(port)}`;
  const failure = await waitForNamespace(address, Object.keys(options.searchAttributes), server);
  if (failure !== undefined) {
    await server.stop('SIGTERM', STOP_MILLISECONDS);
    throw new UnavailableError(
      'E_EMBEDDED_START',
      `The Temporal dev server did not start (${failure}). The end of its log ${options.logFile}:\n${tailOf(options.logFile)}`,
      { details: { program: options.cliPath, address } },
    );
  }
  return {
    address,
    namespace: NAMESPACE,
    uiUrl: `http://127.0.0.1:${String(uiPort)}`,
    port,
    uiPort,
    pid: server.pid,
    logFile: options.logFile,
    stop: (mode = 'fast') => server.stop(mode === 'fast' ? 'SIGTERM' : 'SIGKILL', STOP_MILLISECONDS),
  };
}

async function launch(options: TemporalDevServerOptions, port: number, uiPort: number): Promise<ServerProcess> {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)];
  args.push('--namespace', NAMESPACE, '--log-level', 'warn', '--log-format', 'json');
  if (options.dbFile !== undefined) {
    args.push('--db-filename', options.dbFile);
    for (const pragma of SQLITE_PRAGMAS) args.push('--sqlite-pragma', pragma);
  }
  const pollers = JSON.stringify({ MaxConcurrentWorkflowTaskPollers: SCHEDULE_POLLERS });
  args.push('--dynamic-config-value', `worker.perNamespaceWorkerOptions=${pollers}`);
  args.push('--dynamic-config-value', `frontend.httpAllowedHosts=${JSON.stringify(HTTP_API_HOSTS)}`);
  for (const [name, type] of Object.entries(options.searchAttributes))
    args.push('--search-attribute', `${name}=${type}`);
  try {
    return await spawnServer({ command: options.cliPath, args, logFile: options.logFile, leashSignal: 'TERM' });
  } catch (error) {
    throw new UnavailableError('E_EMBEDDED_START', `${options.cliPath} cannot be run: ${messageOf(error)}`, {
      cause: error,
      details: { exists: existsSync(options.cliPath) },
    });
  }
}

/** The port answers before the namespace and the search attributes are there, so these are asked for. */
async function waitForNamespace(
  address: string,
  searchAttributes: readonly string[],
  server: ServerProcess,
): Promise<string | undefined> {
  const deadline = Date.now() + START_MILLISECONDS;
  const connection = Connection.lazy({ address });
  try {
    for (;;) {
      const end = server.ended();
      if (end !== undefined) return `it ended with ${end}`;
      const missing = await findMissing(connection, searchAttributes).catch((error: unknown) => messageOf(error));
      if (missing === undefined) return undefined;
      if (Date.now() > deadline) return `not ready after ${String(START_MILLISECONDS / 1000)} s: ${missing}`;
      await delay(INTERVAL_MILLISECONDS);
    }
  } finally {
    await connection.close();
  }
}

async function findMissing(connection: Connection, searchAttributes: readonly string[]): Promise<string | undefined> {
  const registered = await connection.withDeadline(Date.now() + 2000, async () => {
    await connection.workflowService.describeNamespace({ namespace: NAMESPACE });
    return connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
  });
  const missing = searchAttributes.filter((name) => !(name in registered.customAttributes));
  return missing.length === 0 ? undefined : `search attributes ${missing.join(', ')} are not registered yet`;
}
