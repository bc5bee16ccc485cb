/**
 * The members of a zip one after the other, small ones several at once: they are read and inflated in other threads while
 * those before are parsed, so that of thousands of documents neither the disk nor zlib is waited for. Two groups of small
 * members are held at most.
 */
import type { FileHandle } from 'node:fs/promises';
import { isSmallMember, readZipMember, dataStartIn, unpackSmall } from './member.ts';
import { LOCAL_HEADER_BYTES, type ZipMember } from './directory.ts';

export interface AheadMember {
  readonly member: ZipMember;
  /** All of its bytes, where they were read ahead. */
  readonly content?: Buffer;
  /** Like `stream` of a resource: each call starts over. */
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
  /** Never rejects: a fault of a member is passed to its readers. */
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

// eslint-disable-next-line @typescript-eslint/require-await -- a stream is asynchronous, even if its content is already there
async function* only(content: Buffer): AsyncGenerator<Buffer, void, undefined> {
  if (content.length > 0) yield content;
}

// eslint-disable-next-line @typescript-eslint/require-await -- the same
async function* failing(error: unknown): AsyncGenerator<Buffer, void, undefined> {
  throw error;
}

type LoadedMember = { readonly content: Buffer } | { readonly error: unknown };

/** Reads small members together and inflates them in other threads. Returns them in order. Never rejects: a fault of a member is returned in its position. */
async function smallMembers(handle: FileHandle, members: readonly ZipMember[]): Promise<readonly LoadedMember[]> {
  const block = await readTogether(handle, members).catch(() => undefined);
  return Promise.all(members.map((member) => load(handle, member, block)));
}

interface Block {
  readonly bytes: Buffer;
  readonly start: number;
}

/** Nobody writes longer names and extra fields into the header of a member; where one does, it is read by itself. */
const USUAL_HEADER_BYTES = 1024;

/** Needs one read if the members are adjacent, which is nearly always the case. */
async function readTogether(handle: FileHandle, members: readonly ZipMember[]): Promise<Block | undefined> {
  const start = Math.min(...members.map(({ headerOffset }) => headerOffset));
  const end = Math.max(...members.map(endOf));
  const own = members.reduce((sum, { packedBytes }) => sum + packedBytes + 2 * USUAL_HEADER_BYTES, 0);
  if (members.length === 1 || end - start > own) return undefined;
  const bytes = Buffer.allocUnsafeSlow(end - start);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
  return { bytes: bytes.subarray(0, bytesRead), start };
}

function endOf({ headerOffset, packedBytes }: ZipMember): number {
  return headerOffset + LOCAL_HEADER_BYTES + USUAL_HEADER_BYTES + packedBytes;
}

async function load(handle: FileHandle, member: ZipMember, block: Block | undefined): Promise<LoadedMember> {
  try {
    const packed = block === undefined ? undefined : packedIn(block, member);
    if (packed !== undefined) return { content: await unpackSmall(packed, member) };
    const chunks: Buffer[] = [];
    for await (const chunk of readZipMember(() => Promise.resolve(handle), member, handle)) chunks.push(chunk);
    return { content: Buffer.concat(chunks) };
  } catch (error) {
    return { error };
  }
}

/** Returns undefined if the block does not contain all bytes of the member. */
function packedIn({ bytes, start }: Block, member: ZipMember): Buffer | undefined {
  const at = member.headerOffset - start;
  if (at + LOCAL_HEADER_BYTES > bytes.length) return undefined;
  const begin = dataStartIn(bytes.subarray(at, at + LOCAL_HEADER_BYTES), member) - start;
  const end = begin + member.packedBytes;
  return end > bytes.length ? undefined : bytes.subarray(begin, end);
}
