/**
 * The streams of zip members one after the other, a small one inflated in another thread while the one before is parsed:
 * of thousands of documents neither the disk nor zlib is waited for. At most two small members are held.
 */
import type { FileHandle } from 'node:fs/promises';
import { isSmallMember, readZipMember } from './zip-member.ts';
import type { ZipMember } from './zip-directory.ts';

export interface AheadMember {
  readonly member: ZipMember;
  /** As of a resource: each call starts anew. */
  stream(): AsyncIterable<Buffer>;
}

type Open = () => Promise<FileHandle>;

/** Whatever was begun has ended when the iteration ends. */
export async function* readAhead(
  open: Open,
  members: readonly ZipMember[],
): AsyncGenerator<AheadMember, void, undefined> {
  // Opening the archive for each of thousands would take longer than inflating them.
  const handle = members.length > 1 && members.some(isSmallMember) ? await open() : undefined;
  let loaded: Promise<Loaded> | undefined;
  let ahead: Promise<Loaded> | undefined;
  try {
    for (const [i, member] of members.entries()) {
      await loaded;
      loaded = ahead;
      const next = members[i + 1];
      ahead = next !== undefined && handle !== undefined && isSmallMember(next) ? load(open, next, handle) : undefined;
      yield { member, stream: streamOf(open, member, loaded) };
    }
  } finally {
    await Promise.all([loaded, ahead]);
    await handle?.close();
  }
}

type Loaded = { readonly chunks: readonly Buffer[] } | { readonly error: unknown };

/** Never rejects: what is wrong with a member is told to those who read it. */
async function load(open: Open, member: ZipMember, handle: FileHandle): Promise<Loaded> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of readZipMember(open, member, handle)) chunks.push(chunk);
    return { chunks };
  } catch (error) {
    return { error };
  }
}

/** What was loaded ahead serves the first call. */
function streamOf(open: Open, member: ZipMember, loaded: Promise<Loaded> | undefined): AheadMember['stream'] {
  let unread = loaded;
  return () => {
    if (unread === undefined) return readZipMember(open, member);
    const first = replay(unread);
    unread = undefined;
    return first;
  };
}

async function* replay(loaded: Promise<Loaded>): AsyncGenerator<Buffer, void, undefined> {
  const result = await loaded;
  if ('error' in result) throw result.error;
  yield* result.chunks;
}
