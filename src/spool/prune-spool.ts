/** Removes old files of the spool: downloads, copies of stdin, and files that killed readers did not remove. */
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './file-error.ts';

export interface PrunedSpool {
  readonly files: number;
  readonly bytes: number;
}

/** The folders of vocab-sync; other folders next to them are kept. */
const FOLDERS = ['downloads', 'tmp', 'input'];

export interface SpoolLimits {
  /** A file that was last written before goes. */
  readonly before: Date;
  /** When the rest has more bytes, the oldest files go as well. Undefined: there is no limit. */
  readonly mostBytes?: number;
  /** Files of active runs are kept. */
  readonly inUse: ReadonlySet<string>;
}

/** A download that grows is not known to the ledger yet. It was written a moment ago, so the size limit spares it. */
const BEING_WRITTEN_MS = 3_600_000;

interface SpoolFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** A lock is left to those who wait for it. */
export async function pruneSpool(directory: string, limits: SpoolLimits, isDryRun: boolean): Promise<PrunedSpool> {
  const folders: string[] = [];
  const files: SpoolFile[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    for (const entry of await list(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth === 0) {
        await visit(path, 1);
        folders.push(path);
        continue;
      }
      if (!entry.isFile() || entry.name.endsWith('.lock')) continue;
      const found = await statOrNothing(path);
      if (found !== undefined) files.push({ path, bytes: found.size, mtimeMs: found.mtimeMs });
    }
  };
  for (const folder of FOLDERS) await visit(join(directory, folder), 0);
  const going = chooseFiles(files, limits);
  if (!isDryRun) {
    for (const { path } of going) await rm(path, { force: true });
    for (const folder of folders) await removeEmpty(folder);
  }
  return { files: going.length, bytes: going.reduce((sum, file) => sum + file.bytes, 0) };
}

function chooseFiles(files: readonly SpoolFile[], { before, mostBytes, inUse }: SpoolLimits): readonly SpoolFile[] {
  const old = files.filter(({ path, mtimeMs }) => mtimeMs < before.getTime() && !inUse.has(path));
  if (mostBytes === undefined) return old;
  const going = new Set(old);
  let bytes = files.reduce((sum, file) => sum + (going.has(file) ? 0 : file.bytes), 0);
  const settled = Date.now() - BEING_WRITTEN_MS;
  for (const file of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= mostBytes) break;
    if (going.has(file) || inUse.has(file.path) || file.mtimeMs > settled) continue;
    going.add(file);
    bytes -= file.bytes;
  }
  return [...going];
}

/** Undefined for a file that another process removed meanwhile. */
async function statOrNothing(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
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
