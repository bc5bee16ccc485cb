/** A resource as a file that can be read at any place: the fetched file itself, or a copy in the spool. */
import type { FileHandle } from 'node:fs/promises';
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { openFetched } from '../../src/spool/file-resource.ts';

export interface LocalFile {
  readonly open: () => Promise<FileHandle>;
  release(): Promise<void>;
}

export async function openLocally(
  input: Resource,
  context: Pick<ReadContext, 'services' | 'signal'>,
): Promise<LocalFile> {
  const { name, path, bytes } = input;
  if (path !== undefined) {
    const expected = { name, path, ...(bytes === undefined ? {} : { bytes }) };
    return { open: () => openFetched(expected), release: () => Promise.resolve() };
  }
  const file = await context.services.spool.materialise(input, context.signal);
  return { open: () => openFetched({ name, path: file.path }), release: () => file.release() };
}
