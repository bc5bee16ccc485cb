/**
 * The members of a zip one after the other, small ones several at once: they are read and inflated in other threads while
 * those before are parsed, so that of thousands of documents neither the disk nor zlib is waited for. Two groups of small
 * members are held at most.
 */
import type { FileHandle } from 'node:fs/promises';
import { smallMembers, type LoadedMember } from './members-at-once.ts';
import { isSmallMember, readZipMember } from './member.ts';
import type { ZipMember } from './directory.ts';

export interface AheadMember {
  readonly member: ZipMember;
  /** All of its bytes, where they were read ahead. */
  readonly content?: Buffer;
  /** As of a resource: each call starts anew. */
  stream(): AsyncIterable<Buffer>;
}

type Open = () => Promise<FileHandle>;

/** Whatever was begun has ended when the iteration ends. */
export async function* readAhead(
  open: Open,
  members: readonly ZipMember[],
): AsyncGenerator<readonly AheadMember[], void, undefined> {
  const groups = groupsOf(members)[Symbol.iterator]();
  // Opening the archive for each of thousands would take longer than inflating them.
  const handle = members.length > 1 && members.some(isSmallMember) ? await open() : undefined;
  const begin = (): Ahead | undefined => {
    const next = groups.next();
    if (next.done === true) return undefined;
    const isSmall = handle !== undefined && next.value.every(isSmallMember);
    return { members: next.value, loading: isSmall ? smallMembers(handle, next.value) : undefined };
  };
  let ahead: Ahead | undefined;
  try {
    ahead = begin();
    while (ahead !== undefined) {
      const loaded = await ahead.loading;
      const group = ahead.members.map((member, i) => toAhead(open, member, loaded?.[i]));
      ahead = begin();
      yield group;
    }
  } finally {
    await ahead?.loading;
    await handle?.close();
  }
}

interface Ahead {
  readonly members: readonly ZipMember[];
  /** Never rejects: what is wrong with a member is told to those who read it. */
  readonly loading: Promise<readonly LoadedMember[]> | undefined;
}

const MOST_MEMBERS = 100;
/** Fewer leave threads idle, more only take memory. */
const MOST_BYTES = 1024 * 1024;

/** Small members that follow each other, or one large one. */
function* groupsOf(members: readonly ZipMember[]): Generator<readonly ZipMember[], void, undefined> {
  let group: ZipMember[] = [];
  let bytes = 0;
  for (const member of members) {
    const isSmall = isSmallMember(member);
    if (group.length > 0 && (!isSmall || group.length === MOST_MEMBERS || bytes + member.bytes > MOST_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    if (isSmall) {
      group.push(member);
      bytes += member.bytes;
    } else {
      yield [member];
    }
  }
  if (group.length > 0) yield group;
}

function toAhead(open: Open, member: ZipMember, loaded: LoadedMember | undefined): AheadMember {
  if (loaded === undefined) return { member, stream: () => readZipMember(open, member) };
  if ('content' in loaded) return { member, content: loaded.content, stream: () => only(loaded.content) };
  return { member, stream: () => failing(loaded.error) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous, also of what is there already
async function* only(content: Buffer): AsyncGenerator<Buffer, void, undefined> {
  if (content.length > 0) yield content;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the same
async function* failing(error: unknown): AsyncGenerator<Buffer, void, undefined> {
  throw error;
}
