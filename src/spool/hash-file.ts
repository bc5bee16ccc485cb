/** The digest of a file, with progress. A file that is written meanwhile is refused: its digest would be of nothing. */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { requireAllowedFile } from '../allowed-folders.ts';
import { SourceError } from '../errors.ts';
import { readRange } from '../formats/bytes/file-range.ts';
import { toFileError } from './file-error.ts';

export interface FileIdentity {
  readonly bytes: number;
  readonly mtimeMs: number;
}

export interface HashedFile extends FileIdentity {
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

export interface HashOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly bytes: number; readonly total: number }) => void;
}

/** Throws ConfigError when the file is not there or is no file, SourceError when it changes while it is read. */
export async function hashFile(path: string, options: HashOptions): Promise<HashedFile> {
  const before = await identifyFile(path);
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw toFileError(error, path);
  });
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of readRange(handle, 0, before.bytes)) {
      options.signal.throwIfAborted();
      hash.update(chunk);
      bytes += chunk.length;
      options.onProgress?.({ bytes, total: before.bytes });
    }
  } finally {
    await handle.close();
  }
  const after = await identifyFile(path);
  if (bytes !== after.bytes || before.mtimeMs !== after.mtimeMs) throw fileChanged(path, before.bytes, after.bytes);
  return { ...after, digest: `sha256:${hash.digest('hex')}` };
}

/** What can be known of a file without reading it. Throws ConfigError when it is not there or is no file. */
export async function identifyFile(path: string): Promise<FileIdentity> {
  requireAllowedFile(path);
  const found = await stat(path).catch((error: unknown) => {
    throw toFileError(error, path);
  });
  if (!found.isFile()) throw toFileError({ code: found.isDirectory() ? 'EISDIR' : 'ENOTFILE' }, path);
  return { bytes: found.size, mtimeMs: found.mtimeMs };
}

export function fileChanged(name: string, expected: number, found: number): SourceError {
  const how = expected === found ? 'its content is another' : `${String(found)} bytes instead of ${String(expected)}`;
  return new SourceError(
    'E_SOURCE_CHANGED',
    `The file ${name} changed while the run was reading it: ${how}. Run again when it is no longer being written.`,
    { details: { resource: name, expectedBytes: expected, foundBytes: found } },
  );
}
