/** Files of our own on this machine, for readers that need positions where there is only a stream. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../component/abortable.ts';
import type { Resource } from '../component/resource.ts';
import type { SpoolService } from '../component/services.ts';
import { ConfigError, UnavailableError } from '../errors.ts';
import { codeOf } from './file-error.ts';

/** Writes under `<directory>/tmp`. A name is random and never comes from an archive. */
export function createSpool(directory: string): SpoolService {
  return {
    async materialise(resource, signal) {
      const path = join(directory, 'tmp', randomUUID());
      const release = (): Promise<void> => rm(path, { force: true });
      try {
        await mkdir(join(directory, 'tmp'), { recursive: true, mode: 0o700 });
        await writeResource(resource, path, signal);
      } catch (error) {
        // What went wrong first is what the operator needs to hear, not that there is nothing to remove.
        await release().catch(() => undefined);
        throw toSpoolError(error, directory);
      }
      return { path, release };
    },
  };
}

async function writeResource(resource: Resource, path: string, signal: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of abortable(resource.stream(), signal)) await writeWhole(handle, chunk);
  } finally {
    await handle.close();
  }
}

/** A write to a disk that is nearly full may take a part of the bytes without an error. */
async function writeWhole(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    written += (await handle.write(chunk, written)).bytesWritten;
  }
}

function toSpoolError(error: unknown, directory: string): unknown {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new UnavailableError(
      'E_DISK_FULL',
      `The disk of the spool ${directory} is full. Free space: the run tries again.`,
      {
        cause: error,
        details: { directory },
      },
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    return new ConfigError(
      'E_SETTINGS_INVALID',
      `The spool ${directory} cannot be written (${code}). Let VOCAB_SYNC_SPOOL name a directory that the worker may write.`,
      { cause: error, details: { directory } },
    );
  }
  return error;
}
