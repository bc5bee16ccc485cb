/** Removes old files of the spool: downloads, copies of stdin, and what readers left behind when they were killed. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './file-error.ts';

export interface PrunedSpool {
  readonly files: number;
  readonly bytes: number;
}

/** The folders that are ours; whatever else lies beside them stays. */
const FOLDERS = ['downloads', 'tmp', 'input'];

/** A file goes when it was last written before `before` and is not in use. A lock is left to those who wait for it. */
export async function pruneSpool(
  directory: string,
  before: Date,
  inUse: ReadonlySet<string>,
  isDryRun: boolean,
): Promise<PrunedSpool> {
  let files = 0;
  let bytes = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await list(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth === 0) {
        await visit(path, 1);
        if (!isDryRun) await removeEmpty(path);
        continue;
      }
      if (!entry.isFile() || entry.name.endsWith('.lock') || inUse.has(path)) continue;
      const found = await stat(path);
      if (found.mtimeMs >= before.getTime()) continue;
      if (!isDryRun) await rm(path, { force: true });
      files += 1;
      bytes += found.size;
    }
  };
  for (const folder of FOLDERS) await visit(join(directory, folder), 0);
  return { files, bytes };
}

async function list(folder: string): Promise<Awaited<ReturnType<typeof readEntries>>> {
  return readEntries(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
}

function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

/** A folder that a download has filled meanwhile stays. */
async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error) ?? '')) throw error;
  });
}
