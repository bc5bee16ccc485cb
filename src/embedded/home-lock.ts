/** A lock file that names its holder, so that one left by a dead process is taken over. */
import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '../errors.ts';
import { identifySelf, isIdentity, isRunning, type ProcessIdentity } from './process-identity.ts';
import { readHomeFile } from './read-home-file.ts';

const INTERVAL_MILLISECONDS = 100;
const NOTICE_MILLISECONDS = 15_000;
/** The longest thing done under the lock is building the Temporal CLI: 3 minutes on two cores. */
const GIVE_UP_MILLISECONDS = 15 * 60_000;

/** Runs `work` while no other process of this machine does so under the same path. */
export async function withHomeLock<T>(path: string, say: (line: string) => void, work: () => Promise<T>): Promise<T> {
  await acquire(path, say);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string, say: (line: string) => void): Promise<void> {
  const started = Date.now();
  let nextNotice = started + NOTICE_MILLISECONDS;
  for (;;) {
    if (tryLock(path)) return;
    const holder = readHolder(path);
    if (holder !== undefined && !isRunning(holder)) removeStale(path, holder);
    else {
      const pid = holder === undefined ? 'unknown' : String(holder.pid);
      if (Date.now() > started + GIVE_UP_MILLISECONDS) {
        throw new UnavailableError(
          'E_HOME_BUSY',
          `The vocab-sync process ${pid} holds ${path} for more than ${String(GIVE_UP_MILLISECONDS / 60_000)} minutes. ` +
            'End it, or use another VOCAB_SYNC_HOME.',
          { details: { path, holder: pid } },
        );
      }
      if (Date.now() > nextNotice) {
        say(`Waiting for another vocab-sync command (process ${pid}) to start or stop its servers.`);
        nextNotice += NOTICE_MILLISECONDS;
      }
      await delay(INTERVAL_MILLISECONDS);
    }
  }
}

/** A link appears with its content at once: nobody ever reads an empty lock. */
function tryLock(path: string): boolean {
  const draft = `${path}.${String(process.pid)}`;
  writeFileSync(draft, JSON.stringify(identifySelf()));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    const holder: unknown = JSON.parse(readHomeFile(path));
    return isIdentity(holder) ? holder : LOST;
  } catch (error) {
    if (error instanceof SyntaxError) return LOST;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A lock appears with its content, so one without it was cut off by a power loss: its holder does not run. */
const LOST: ProcessIdentity = { pid: 0, started: 'lost' };

/** Moved away first: of several that find it stale, one moves it, and none removes the lock that follows. */
function removeStale(path: string, holder: ProcessIdentity): void {
  const moved = `${path}.stale.${String(process.pid)}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const found = readHolder(moved);
  if (found !== undefined && found.started !== holder.started && isRunning(found)) linkSync(moved, path);
  rmSync(moved, { force: true });
}
