/**
 * A directory as a store. A file grows under a temporary name in its directory and appears by rename, so a
 * reader sees either the whole old file or the whole new one.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, lstat, mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UnavailableError } from '../../src/errors.ts';
import { followLinks, openAs } from './replace-file.ts';
import { changesFolder, versionsFolder, type FilePlace, type Output, type Store } from './store.ts';
import { codeOf, onFile, toFileError } from './to-file-error.ts';

/** With less free space even a small file and its manifest may not fit. */
const LEAST_FREE_BYTES = 1 << 20;

export function openDiskStore(target: string): Pick<FilePlace, 'store' | 'base'> {
  const path = resolve(target);
  const [directory, base] = [dirname(path), basename(path)];
  const addressOf = (name: string): string => join(directory, name);
  const guarded = <T>(work: () => Promise<T>): Promise<T> => onFile(path, work);

  async function openOutput(name: string): Promise<Output> {
    const address = addressOf(name);
    if (name.includes('/')) await makeFolder(dirname(address));
    const place = await followLinks(address);
    await removeLeftParts(place);
    const part = newPartPath(place);
    const handle = await openAs(part, place);
    return toOutput({ handle, part, place, address }, guarded);
  }

  const store: Store = {
    addressOf,
    find: (name) => guarded(() => findFile(addressOf(name))),
    async *read(name) {
      try {
        for await (const chunk of createReadStream(addressOf(name))) yield chunk as Buffer;
      } catch (error) {
        throw toFileError(error, path);
      }
    },
    list: (folder) => guarded(() => listFolder(addressOf(folder))),
    begin: () => guarded(() => removeAllParts([versionsFolder(base), changesFolder(base)].map(addressOf))),
    open: (name) => guarded(() => openOutput(name)),
    put: async (name, text) => {
      const output = await guarded(() => openOutput(name));
      try {
        await output.write(Buffer.from(text));
        await output.seal();
        await output.show();
      } finally {
        await output.discard();
      }
    },
    remove: (name) => guarded(() => rm(addressOf(name), { force: true })),
    probe: (name) => guarded(() => probe(addressOf(name))),
  };
  return { store, base };
}

/** Creates a file and removes it: rights alone do not show whether a network mount accepts it. */
async function probe(path: string): Promise<void> {
  const place = await followLinks(path);
  const part = newPartPath(place);
  await (await openAs(part, place)).close();
  await rm(part, { force: true });
  const { bavail, bsize } = await statfs(dirname(place));
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new UnavailableError(
    'E_DISK_FULL',
    `The disk of ${path} has ${String(bavail * bsize)} bytes left, so nothing can be published there. Free space: the run tries again.`,
    { details: { path } },
  );
}

async function findFile(path: string): ReturnType<Store['find']> {
  try {
    const [found, link] = [await stat(path), await lstat(path)];
    return { bytes: found.size, isFile: found.isFile(), isLink: link.isSymbolicLink(), writtenMs: found.mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function listFolder(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

interface Growing {
  readonly handle: FileHandle;
  readonly part: string;
  /** The file that is replaced: where a symbolic link at the address leads. */
  readonly place: string;
  readonly address: string;
}

function toOutput(
  { handle, part, place, address }: Growing,
  guarded: <T>(work: () => Promise<T>) => Promise<T>,
): Output {
  let isDone = false;
  return {
    write: (chunk) => guarded(() => handle.appendFile(chunk)),
    seal: () =>
      guarded(async () => {
        await handle.sync();
        await handle.close();
        await access(part).catch((error: unknown) => {
          throw codeOf(error) === 'ENOENT' ? takenOver(place, error) : error;
        });
      }),
    show: () =>
      guarded(async () => {
        await rename(part, place).catch((error: unknown) => {
          throw codeOf(error) === 'ENOENT' ? takenOver(place, error) : error;
        });
        isDone = true;
        await syncDirectory(dirname(place));
        if (dirname(place) !== dirname(address)) await syncDirectory(dirname(address));
      }),
    discard: async () => {
      if (isDone) return;
      isDone = true;
      await handle.close().catch(ignoreClosed);
      await rm(part, { force: true });
    },
  };
}

function takenOver(path: string, cause: unknown): UnavailableError {
  return new UnavailableError(
    'E_LEASE_LOST',
    `Expected to publish ${path}, found that the part written for it is gone: another attempt has begun to write it. This one changed nothing.`,
    { cause, details: { path } },
  );
}

/** In the directory of the target, so that a rename puts it in place. */
function newPartPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.part`);
}

/** Removes what a killed worker left. An attempt that only slept finds its part gone and publishes nothing. */
async function removeLeftParts(path: string): Promise<void> {
  const directory = dirname(path);
  const start = `.${basename(path)}.`;
  const isPart = (name: string) => name.startsWith(start) && /^[0-9a-f]{16}\.part$/.test(name.slice(start.length));
  for (const name of (await readdir(directory)).filter(isPart)) await rm(join(directory, name), { force: true });
}

const PART = /^\..+\.[0-9a-f]{16}\.part$/;

/** In folders whose files have a new name in each run. */
async function removeAllParts(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const name of await listFolder(folder)) if (PART.test(name)) await rm(join(folder, name), { force: true });
  }
}

/** Makes a rename survive a power failure. Where a directory cannot be opened for this (Windows), the system decides when. */
async function syncDirectory(directory: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(directory, 'r');
  } catch (error) {
    if (['EISDIR', 'EPERM', 'EACCES'].includes(codeOf(error) ?? '')) return;
    throw error;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreClosed(error: unknown): void {
  if (codeOf(error) !== 'EBADF') throw error;
}
