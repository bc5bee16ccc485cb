/** Interprets the postmaster.pid of a data directory: a live server, one that is stopping, or a leftover. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../component/services.ts';
import { UnavailableError } from '../errors.ts';
import { askPostgres } from './postgres-ready.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { readHomeFile } from './read-home-file.ts';

const SETTLE_MILLISECONDS = 30_000;
const INTERVAL_MILLISECONDS = 100;

export interface LivePostmaster {
  readonly pid: number;
  readonly port: number;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/**
 * Takes over a server that answers as ours. Waits for one that is starting or stopping. Removes a leftover pid file.
 */
export async function findLivePostmaster(
  place: PostgresPlace,
  urlFor: (port: number) => string,
  logger: Logger,
): Promise<LivePostmaster | undefined> {
  const deadline = Date.now() + SETTLE_MILLISECONDS;
  for (;;) {
    const file = readPidFile(place.data);
    if (file === undefined) return undefined;
    const postmaster = identifyProcess(file.pid);
    if (postmaster === undefined || programOf(file.pid) !== 'postgres') {
      // PostgreSQL itself gives up when another program got the pid of its dead postmaster.
      rmSync(join(place.data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    if (await answersAsOurs(urlFor(file.port), place.data)) {
      logger.info('Taking over the PostgreSQL that already runs in this directory', { pid: file.pid, port: file.port });
      return { ...file, stop: (mode = 'fast') => stopProcess(postmaster, mode) };
    }
    if (Date.now() > deadline) {
      throw new UnavailableError(
        'E_EMBEDDED_START',
        `A PostgreSQL with pid ${String(file.pid)} holds ${place.data} but does not answer on port ${String(file.port)}. ` +
          `End it with \`kill -INT ${String(file.pid)}\` and try again.`,
        { details: { pid: file.pid, port: file.port, log: place.log } },
      );
    }
    await delay(INTERVAL_MILLISECONDS);
  }
}

/**
 * postmaster.pid, a line each: pid, data directory, start time, port, socket directory, address, shared memory, status.
 */
function readPidFile(data: string): { readonly pid: number; readonly port: number } | undefined {
  const path = join(data, 'postmaster.pid');
  if (!existsSync(path)) return undefined;
  const lines = readHomeFile(path).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3] ?? 0) };
}

function programOf(pid: number): string | undefined {
  try {
    // A slim container has no `ps`.
    if (process.platform === 'linux') return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
    return basename(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  } catch {
    return undefined;
  }
}

async function answersAsOurs(url: string, data: string): Promise<boolean> {
  try {
    const row = await askPostgres(url, `select current_setting('data_directory') as data`);
    return typeof row['data'] === 'string' && realpathSync(row['data']) === realpathSync(data);
  } catch {
    return false;
  }
}

async function stopProcess(postmaster: ProcessIdentity, mode: 'fast' | 'immediate'): Promise<void> {
  const deadline = Date.now() + SETTLE_MILLISECONDS;
  if (isRunning(postmaster)) process.kill(postmaster.pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  while (isRunning(postmaster)) {
    if (Date.now() > deadline) process.kill(postmaster.pid, 'SIGQUIT');
    await delay(INTERVAL_MILLISECONDS);
  }
}
