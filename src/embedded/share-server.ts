/**
 * Shares one server of a home directory between any number of commands. The first command that needs it starts and owns
 * it, and the others attach. The owner stops it after the last command has left. The files of a dead owner are ignored.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '../errors.ts';
import { withHomeLock } from './home-lock.ts';
import { identifyProcess, identifySelf, isIdentity, isRunning, type ProcessIdentity } from './process-identity.ts';
import { readHomeFile } from './read-home-file.ts';

const INTERVAL_MILLISECONDS = 200;
const LEFTOVER_MILLISECONDS = 10_000;

/** `dev` runs a worker as long as its servers; any other command has one of its own at most. */
export type ServerRole = 'dev' | 'command';

interface StartedServer<Details> {
  readonly details: Details;
  readonly pid: number;
  stop(): Promise<void>;
}

interface ServerFiles {
  /** Holds the record, the lock and the list of clients. */
  readonly directory: string;
  /** `database`, `temporal`: for file names and sentences. */
  readonly name: string;
}

export interface ShareServerOptions<Details> extends ServerFiles {
  readonly role: ServerRole;
  readonly say: (line: string) => void;
  /** `previous` is what the last server of this home said of itself: its ports are good to use again. */
  start(previous: Details | undefined): Promise<StartedServer<Details>>;
}

export interface SharedServer<Details> {
  readonly details: Details;
  readonly owned: boolean;
  readonly ownerRole: ServerRole;
  /** Attached: leaves at once. Owned: waits for the others, then stops the server. */
  release(): Promise<void>;
}

interface ServerRecord<Details> {
  readonly owner: ProcessIdentity;
  readonly server: ProcessIdentity;
  readonly role: ServerRole;
  readonly details: Details;
  readonly stopped: boolean;
}

export async function shareServer<Details>(options: ShareServerOptions<Details>): Promise<SharedServer<Details>> {
  mkdirSync(clientsOf(options), { recursive: true });
  return withHomeLock(lockOf(options), options.say, async () => {
    const record = readRecord<Details>(options);
    if (record !== undefined && !record.stopped) {
      if (isRunning(record.owner)) return attach(options, record);
      await endLeftover(record.server);
    }
    return own(options, await options.start(record?.details));
  });
}

function own<Details>(options: ShareServerOptions<Details>, started: StartedServer<Details>): SharedServer<Details> {
  const server = identifyProcess(started.pid) ?? { pid: started.pid, started: 'unknown' };
  const record = { owner: identifySelf(), server, role: options.role, details: started.details, stopped: false };
  writeRecord(options, record);
  const tryStop = async () => {
    if (listClients(options).length > 0) return false;
    writeRecord(options, { ...record, stopped: true });
    await started.stop();
    return true;
  };
  return {
    details: started.details,
    owned: true,
    ownerRole: options.role,
    release: async () => {
      let told = false;
      while (!(await withHomeLock(lockOf(options), options.say, tryStop))) {
        if (!told) {
          const pids = listClients(options).map(({ pid }) => String(pid));
          options.say(`Waiting for other vocab-sync commands that use the ${options.name} server: ${pids.join(', ')}.`);
        }
        told = true;
        await delay(INTERVAL_MILLISECONDS);
      }
    },
  };
}

let clientNumber = 0;

function attach<Details>(options: ShareServerOptions<Details>, record: ServerRecord<Details>): SharedServer<Details> {
  if (!isRunning(record.server)) {
    throw new UnavailableError(
      'E_EMBEDDED_START',
      `The ${options.name} server of the vocab-sync command with pid ${String(record.owner.pid)} has ended. ` +
        'Stop that command and start it again.',
      { details: { owner: record.owner.pid, server: record.server.pid } },
    );
  }
  clientNumber += 1;
  const file = join(clientsOf(options), `${String(process.pid)}-${String(clientNumber)}.json`);
  writeFileSync(file, JSON.stringify(identifySelf()));
  return {
    details: record.details,
    owned: false,
    ownerRole: record.role,
    release: () => {
      rmSync(file, { force: true });
      return Promise.resolve();
    },
  };
}

/** The leash of its dead owner is ending it; a server that does not listen to it is killed. */
async function endLeftover(server: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + LEFTOVER_MILLISECONDS;
  while (isRunning(server)) {
    if (Date.now() > deadline) process.kill(server.pid, 'SIGKILL');
    await delay(INTERVAL_MILLISECONDS);
  }
}

/** The live ones; files of dead ones are removed on the way. */
function listClients(files: ServerFiles): readonly ProcessIdentity[] {
  const directory = clientsOf(files);
  return readdirSync(directory).flatMap((name) => {
    const file = join(directory, name);
    const client = readJson(file);
    if (isIdentity(client) && isRunning(client)) return [client];
    rmSync(file, { force: true });
    return [];
  });
}

function readRecord<Details>(files: ServerFiles): ServerRecord<Details> | undefined {
  const record = readJson(recordOf(files));
  return isRecord(record) ? (record as unknown as ServerRecord<Details>) : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const { owner, server, details } = value as Readonly<Record<string, unknown>>;
  return isIdentity(owner) && isIdentity(server) && typeof details === 'object' && details !== null;
}

/** The record holds the password of the database. */
function writeRecord<Details>(files: ServerFiles, record: ServerRecord<Details>): void {
  const draft = `${recordOf(files)}.new`;
  writeFileSync(draft, JSON.stringify(record, undefined, 2), { mode: 0o600 });
  renameSync(draft, recordOf(files));
}

function readJson(path: string): unknown {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readHomeFile(path)) as unknown;
  } catch {
    // Gone in the meantime, or cut off by a crash of the machine: as if it were not there.
    return undefined;
  }
}

const recordOf = ({ directory, name }: ServerFiles) => join(directory, `${name}.json`);
const lockOf = ({ directory, name }: ServerFiles) => join(directory, `${name}.lock`);
const clientsOf = ({ directory, name }: ServerFiles) => join(directory, `${name}.clients`);
