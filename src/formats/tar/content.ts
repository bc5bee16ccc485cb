/** The content of a tar member as a resource: small ones are taken out of the stream, large ones are streamed. */
import type { PlacedResource } from '../../component/resource.ts';
import { InternalError } from '../../errors.ts';
import { cutMember, type TarMember } from './scan.ts';
import type { TarBytes } from './bytes.ts';

/** Up to here a copy is cheaper than a stream, and what is held stays little. */
export const BUFFERED_BYTES = 1024 * 1024;

export interface OpenMember extends PlacedResource {
  /** Before the bytes are used for anything else: ends what streams from them. */
  leave(): Promise<void>;
}

/**
 * Keeps the bytes of a member of at most BUFFERED_BYTES, even after the tar has moved on. They are copied only if they
 * would otherwise be overwritten.
 */
export async function memberContent(bytes: TarBytes, member: TarMember, archive: string): Promise<Buffer> {
  if (!(await bytes.fill(member.bytes))) throw cutMember(archive, member, bytes.offset + bytes.view.length);
  const content = bytes.view.subarray(0, member.bytes);
  return bytes.isLasting ? content : Buffer.from(content);
}

/**
 * Streams a large member of a tar. The first stream uses the bytes as they arrive. A later stream, or one that is
 * opened after the tar has moved on, opens the tar again and skips to the member.
 */
export function streamedMember(
  bytes: TarBytes,
  member: TarMember,
  archive: string,
  reopen: () => Promise<TarBytes>,
): OpenMember {
  const state: SharedState = { isTaken: false, isOver: false, pending: Promise.resolve() };
  const stream = (): AsyncIterable<Buffer> => {
    if (state.isTaken || state.isOver) return fromAnew(reopen, member, archive);
    state.isTaken = true;
    return takeContent(bytes, member, archive, state);
  };
  return {
    position: member.position,
    resource: { name: member.name, stream },
    async leave() {
      state.isOver = true;
      await state.pending.catch(() => undefined);
    },
  };
}

interface SharedState {
  isTaken: boolean;
  isOver: boolean;
  pending: Promise<unknown>;
}

async function* fromAnew(
  reopen: () => Promise<TarBytes>,
  member: TarMember,
  archive: string,
): AsyncGenerator<Buffer, void, undefined> {
  const bytes = await reopen();
  try {
    if (!(await bytes.skipTo(member.offset))) throw cutMember(archive, member, bytes.offset + bytes.view.length);
    yield* takeContent(bytes, member, archive, { isTaken: true, isOver: false, pending: Promise.resolve() });
  } finally {
    await bytes.close();
  }
}

async function* takeContent(
  bytes: TarBytes,
  member: TarMember,
  archive: string,
  state: SharedState,
): AsyncGenerator<Buffer, void, undefined> {
  for (let left = member.bytes; left > 0;) {
    if (state.isOver) {
      throw new InternalError('E_INTERNAL', `The tar member ${member.name} was read on after its tar had moved on.`);
    }
    if (bytes.view.length === 0) {
      const more = bytes.more();
      state.pending = more;
      if (!(await more)) throw cutMember(archive, member, bytes.offset);
      continue;
    }
    // A copy: the view is written over while this chunk is still in use.
    const chunk = Buffer.from(bytes.view.subarray(0, left));
    bytes.advance(chunk.length);
    left -= chunk.length;
    yield chunk;
  }
}
