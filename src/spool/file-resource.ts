/** A fetched file as the resource that a chain begins with. */
import { open, type FileHandle } from 'node:fs/promises';
import { requireAllowedFile } from '../allowed-folders.ts';
import type { FetchedFile } from '../component/reader.ts';
import type { Resource } from '../component/resource.ts';
import { SourceError } from '../errors.ts';
import { readRange } from '../formats/bytes/file-range.ts';
import { codeOf, toFileError } from './file-error.ts';
import { fileChanged } from './hash-file.ts';

/** Streams in large reads. Throws E_SOURCE_CHANGED when the file is gone or has another size than was fetched. */
export function fileResource(fetched: FetchedFile): Resource {
  return { name: fetched.name, bytes: fetched.bytes, path: fetched.path, stream: () => streamFile(fetched) };
}

async function* streamFile(fetched: FetchedFile): AsyncGenerator<Buffer, void, undefined> {
  const handle = await openFetched(fetched);
  try {
    let bytes = 0;
    for await (const chunk of readRange(handle, 0, fetched.bytes)) {
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== fetched.bytes) throw fileChanged(fetched.name, fetched.bytes, bytes);
  } finally {
    await handle.close();
  }
}

export interface ExpectedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes?: number;
}

/** Opens a file that was fetched before; the caller closes it. Throws E_SOURCE_CHANGED when it is gone or has another size. */
export async function openFetched(expected: ExpectedFile): Promise<FileHandle> {
  // Again: a link may have been replaced since the file was found.
  requireAllowedFile(expected.path);
  const handle = await open(expected.path, 'r').catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? gone(expected.name, error) : toFileError(error, expected.path);
  });
  try {
    const { size } = await handle.stat();
    if (expected.bytes !== undefined && size !== expected.bytes) throw fileChanged(expected.name, expected.bytes, size);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

function gone(name: string, cause: unknown): SourceError {
  return new SourceError(
    'E_SOURCE_CHANGED',
    `The file ${name} was there when the run began and is gone now. Run again when it is back.`,
    { cause, details: { resource: name } },
  );
}
