/** Small members of a zip, read together and inflated side by side in other threads. */
import type { FileHandle } from 'node:fs/promises';
import { LOCAL_HEADER_BYTES, type ZipMember } from './directory.ts';
import { dataStartIn, readZipMember, unpackSmall } from './member.ts';

export type LoadedMember = { readonly content: Buffer } | { readonly error: unknown };

/** In their order. Never rejects: what is wrong with a member stands in its place. */
export async function smallMembers(
  handle: FileHandle,
  members: readonly ZipMember[],
): Promise<readonly LoadedMember[]> {
  const block = await readTogether(handle, members).catch(() => undefined);
  return Promise.all(members.map((member) => load(handle, member, block)));
}

interface Block {
  readonly bytes: Buffer;
  readonly start: number;
}

/** Nobody writes longer names and extra fields into the header of a member; where one does, it is read by itself. */
const USUAL_HEADER_BYTES = 1024;

/** One read where they lie one behind the other, as nearly always. */
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

/** Undefined where the member does not lie in the block with all of its bytes. */
function packedIn({ bytes, start }: Block, member: ZipMember): Buffer | undefined {
  const at = member.headerOffset - start;
  if (at + LOCAL_HEADER_BYTES > bytes.length) return undefined;
  const begin = dataStartIn(bytes.subarray(at, at + LOCAL_HEADER_BYTES), member) - start;
  const end = begin + member.packedBytes;
  return end > bytes.length ? undefined : bytes.subarray(begin, end);
}
