/**
 * One download of an address at a time, across the processes that share a spool. The lock is a courtesy to the source and
 * to the disk, not what correctness rests on: a lock can be taken from a holder that only seems dead, and then both work
 * on different inodes (see PartFile).
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Lock {
  readonly token: string;
  /** True if the former holder did not release the lock itself. */
  readonly stolen: boolean;
  release(): Promise<void>;
}

export interface LockTiming {
  /** A holder touches its lock this often, in milliseconds. */
  readonly touch: number;
  /** A lock that was not touched for so long has no holder. */
  readonly silent: number;
  readonly poll: number;
}

interface Holder {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
}

const TIMING: LockTiming = { touch: 5_000, silent: 30_000, poll: 300 };

/** Tokens of this process: a lock with our pid and another token is of a former process with the same number. */
const ours = new Set<string>();

/** Waits for a living holder; `onWait` is called at each look. Throws the reason of the signal. */
export async function takeLock(
  path: string,
  options: { readonly signal: AbortSignal; readonly onWait: () => void; readonly timing?: LockTiming },
): Promise<Lock> {
  const timing = options.timing ?? TIMING;
  const token = randomUUID();
  let stolen = false;
  for (;;) {
    options.signal.throwIfAborted();
    if (await create(path, token)) return heldLock(path, token, stolen, timing);
    const holder = await readHolder(path);
    if (holder !== 'gone' && (await isAbandoned(path, holder, timing))) {
      stolen = (await removeAbandoned(path, holder, token)) || stolen;
      continue;
    }
    options.onWait();
    await sleep(timing.poll, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function heldLock(path: string, token: string, stolen: boolean, timing: LockTiming): Lock {
  ours.add(token);
  const clock = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, timing.touch);
  clock.unref();
  return {
    token,
    stolen,
    async release() {
      clearInterval(clock);
      const holder = await readHolder(path);
      if (holder !== 'gone' && holder?.token === token) await rm(path, { force: true });
      ours.delete(token);
    },
  };
}

async function create(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(JSON.stringify({ token, host: hostname(), pid: process.pid } satisfies Holder));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Undefined while the holder has created the file and not yet written it. */
async function readHolder(path: string): Promise<Holder | undefined | 'gone'> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    return isCode(error, 'ENOENT') ? 'gone' : undefined;
  }
}

async function isAbandoned(path: string, holder: Holder | undefined, timing: LockTiming): Promise<boolean> {
  if (holder?.host === hostname() && !isAlive(holder)) return true;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > timing.silent;
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return ours.has(holder.token);
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

/** By renaming first, so that of two waiters only one removes it; a fresh lock that got in between is put back. */
async function removeAbandoned(path: string, holder: Holder | undefined, token: string): Promise<boolean> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
    const moved = await readHolder(aside);
    const isSame = moved !== 'gone' && moved?.token === holder?.token;
    if (!isSame) await link(aside, path).catch(() => undefined);
    await rm(aside, { force: true });
    return isSame;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
