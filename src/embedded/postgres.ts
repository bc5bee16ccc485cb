/**
 * Runs a real PostgreSQL from npm. It is created if its directory is empty, and started on a free port of 127.0.0.1
 * without a Unix socket. Its random password is in its directory (0600). There is one server per directory: a running
 * server of the same directory is reused, and the pid file of a dead one is ignored.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '../component/services.ts';
import { UnavailableError, messageOf } from '../errors.ts';
import { forgetPostgresVariables } from '../settings.ts';
import { findFreePort } from './free-port.ts';
import { findLivePostmaster } from './live-postmaster.ts';
import { choosePostgresPlace, makeOwnedDirectory, removePostgresPlace, type PostgresPlace } from './postgres-place.ts';
import { waitForPostgres } from './postgres-ready.ts';
import { spawnServer, tailOf } from './server-process.ts';
import { findServerUser, type ServerUser } from './server-user.ts';
import { readHomeFile } from './read-home-file.ts';

const SUPERUSER = 'vocab_sync';
const DATABASE = 'postgres';
/** A recovery after a crash with the default 1 GB of WAL takes seconds; a loaded laptop is given its time. */
const START_MILLISECONDS = 60_000;
const STOP_MILLISECONDS = 30_000;

export interface EmbeddedPostgresOptions {
  /** Made when missing. Holds everything, unless root needs another place (see postgres-place.ts). */
  readonly directory: string;
  /** Taken where it is free. */
  readonly port?: number;
  /** Server parameters, such as `fsync: 'off'` for tests. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

export interface EmbeddedPostgres {
  /** Contains the password: never log it. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  /** `fast` ends sessions and writes a checkpoint; `immediate` is a crash, the next start recovers. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** After `stop`: deletes the data. */
  remove(): void;
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  forgetPostgresVariables();
  const user = findServerUser();
  const place = choosePostgresPlace(options.directory, user, options.logger);
  if (!existsSync(place.data)) await initialise(place, user);
  const password = readPassword(place);
  const urlFor = (port: number) => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${String(port)}/${DATABASE}`;
  const live = await findLivePostmaster(place, urlFor, options.logger);
  if (live !== undefined) return { ...live, url: urlFor(live.port), logFile: place.log, remove: remover(place) };
  return start(options, place, user, urlFor);
}

async function initialise(place: PostgresPlace, user: ServerUser | undefined): Promise<void> {
  const fresh = `${place.data}.new`;
  makeOwnedDirectory(fresh, user);
  const password = randomBytes(24).toString('base64url');
  const handedOver = join(place.parent, 'password.new');
  writeSecret(place.passwordFile, password);
  writeSecret(handedOver, password);
  if (user !== undefined) chownSync(handedOver, user.uid, user.gid);
  const args = ['--pgdata', fresh, '--username', SUPERUSER, '--pwfile', handedOver, '--auth', 'scram-sha-256'];
  // The built-in provider sorts and folds alike on every machine, whatever locales are installed.
  args.push('--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8');
  try {
    const owner = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    await promisify(execFile)(join(place.programs, 'bin', 'initdb'), args, { cwd: place.parent, ...owner });
  } catch (error) {
    throw new UnavailableError(
      'E_EMBEDDED_START',
      `The embedded PostgreSQL could not make its data directory ${place.data}: ${messageOf(error)}`,
      { cause: error, details: { directory: place.data, user: user?.name } },
    );
  } finally {
    rmSync(handedOver, { force: true });
  }
  renameSync(fresh, place.data);
}

function writeSecret(path: string, secret: string): void {
  rmSync(path, { force: true });
  writeFileSync(path, secret, { mode: 0o600, flag: 'wx' });
}

function readPassword(place: PostgresPlace): string {
  try {
    return readHomeFile(place.passwordFile).trim();
  } catch (error) {
    throw new UnavailableError(
      'E_EMBEDDED_START',
      `The embedded PostgreSQL has data in ${place.data}, but its password file ${place.passwordFile} cannot be read. ` +
        'Restore the file, or delete the data to start afresh.',
      { cause: error },
    );
  }
}

async function start(
  options: EmbeddedPostgresOptions,
  place: PostgresPlace,
  user: ServerUser | undefined,
  urlFor: (port: number) => string,
): Promise<EmbeddedPostgres> {
  const port = await findFreePort(options.port);
  const parameters = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...options.parameters,
  };
  const server = await spawnServer({
    command: join(place.programs, 'bin', 'postgres'),
    args: ['-D', place.data, ...Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    logFile: place.log,
    cwd: place.parent,
    leashSignal: 'INT',
    ...(user === undefined ? {} : { user }),
  });
  const failure = await waitForPostgres(urlFor(port), START_MILLISECONDS, () => server.ended());
  if (failure !== undefined) {
    await server.stop('SIGQUIT', STOP_MILLISECONDS);
    throw new UnavailableError(
      'E_EMBEDDED_START',
      `The embedded PostgreSQL did not start (${failure}). The end of its log ${place.log}:\n${tailOf(place.log)}`,
      { details: { directory: place.data, port } },
    );
  }
  return {
    url: urlFor(port),
    port,
    pid: server.pid,
    logFile: place.log,
    stop: (mode = 'fast') => server.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', STOP_MILLISECONDS),
    remove: remover(place),
  };
}

function remover(place: PostgresPlace): () => void {
  return () => {
    removePostgresPlace(place);
  };
}
