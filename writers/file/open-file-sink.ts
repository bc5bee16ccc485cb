/**
 * A snapshot in one file. It grows under a name of its own in the directory of the target and appears by rename, so a
 * reader sees the old file or the new one, whole. The manifest follows the file, except the first time: there it goes
 * first, because it is the proof that the file is ours, should the worker end between the two.
 */
import { createHash, randomBytes } from 'node:crypto';
import { access, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { SnapshotSink } from '../../src/component/writer.ts';
import { UnavailableError } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import { createEncoder, type CsvLayout, type FileFormat } from './create-encoder.ts';
import { followLinks, openAs } from './keep-file.ts';
import { findOwnFile, manifestPath, toManifestText } from './manifest.ts';
import { codeOf, onFile } from './to-file-error.ts';

export interface FileTarget {
  readonly path: string;
  readonly format: FileFormat;
  /** For CSV. */
  readonly layout: CsvLayout | undefined;
  readonly run: string;
  readonly job: string;
}

/** Throws ConfigError where the file cannot be published, before anything is written. */
export async function openFileSink(target: FileTarget): Promise<SnapshotSink> {
  const path = resolve(target.path);
  const encoder = createEncoder(target.format, target.layout);
  const { isOwn, place, part, handle } = await onFile(path, () => openPart(path, target.job));
  const hash = createHash('sha256');
  let records = 0;
  let bytes = 0;
  let isBegun = false;
  let isDone = false;

  const append = async (text: string): Promise<void> => {
    const chunk = Buffer.from(text);
    hash.update(chunk);
    bytes += chunk.length;
    await handle.appendFile(chunk);
  };

  const write = async (documents: readonly Document[]): Promise<void> => {
    if (!isBegun) await append(encoder.head);
    isBegun = true;
    records += documents.length;
    await append(encoder.encode(documents));
  };

  const commit: SnapshotSink['commit'] = async () => {
    await write([]);
    await append(encoder.tail(records));
    await handle.sync();
    await handle.close();
    const sha256 = hash.digest('hex');
    const { format, job, run } = target;
    const written_at = new Date().toISOString();
    const manifest = toManifestText({ file: basename(path), format, records, bytes, sha256, job, run, written_at });
    if (isOwn) await replace(part, place);
    else await requirePart(part, place);
    await publishManifest(path, manifest);
    if (!isOwn) await replace(part, place);
    await syncDirectory(dirname(place));
    if (dirname(place) !== dirname(path)) await syncDirectory(dirname(path));
    isDone = true;
    return { path, records, bytes, digest: `sha256:${sha256}` };
  };

  return {
    write: (documents) => onFile(path, () => write(documents)),
    commit: () => onFile(path, commit),
    close: async () => {
      if (isDone) return;
      isDone = true;
      await handle.close().catch(ignoreClosed);
      await rm(part, { force: true });
    },
  };
}

interface Part {
  readonly isOwn: boolean;
  /** The file that is replaced: where a symbolic link at the path leads. */
  readonly place: string;
  readonly part: string;
  readonly handle: FileHandle;
}

async function openPart(path: string, job: string): Promise<Part> {
  const place = await followLinks(path);
  const isOwn = await findOwnFile(path, job);
  await removeLeftParts(place);
  const part = newPartPath(place);
  return { isOwn, place, part, handle: await openAs(part, place) };
}

/** In the directory of the target, so that a rename puts it in place. */
export function newPartPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.part`);
}

/** What a killed worker left behind. An attempt that only slept finds its part gone and publishes nothing. */
async function removeLeftParts(path: string): Promise<void> {
  const directory = dirname(path);
  const start = `.${basename(path)}.`;
  const isPart = (name: string) => name.startsWith(start) && /^[0-9a-f]{16}\.part$/.test(name.slice(start.length));
  for (const name of (await readdir(directory)).filter(isPart)) await rm(join(directory, name), { force: true });
}

async function replace(part: string, path: string): Promise<void> {
  try {
    await rename(part, path);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? takenOver(path, error) : error;
  }
}

async function requirePart(part: string, path: string): Promise<void> {
  try {
    await access(part);
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? takenOver(path, error) : error;
  }
}

function takenOver(path: string, cause: unknown): UnavailableError {
  return new UnavailableError(
    'E_LEASE_LOST',
    `Expected to publish ${path}, found that the part written for it is gone: another attempt has begun to write it. This one changed nothing.`,
    { cause, details: { path } },
  );
}

async function publishManifest(path: string, text: string): Promise<void> {
  const place = await followLinks(manifestPath(path));
  const part = newPartPath(place);
  const handle = await openAs(part, place);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, place);
}

/** Makes the renames outlast a power cut. Where a directory cannot be opened for this (Windows), the system decides when. */
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
