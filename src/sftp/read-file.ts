/**
 * The bytes of a file from a position on. SFTP asks for blocks, and one request at a time would wait for the network at
 * each; so several are open at once, in order, and memory is bounded by their sum.
 */
import type { SFTPWrapper } from 'ssh2';
import { StallError } from '../http/answer-errors.ts';

/** Every server answers a request for as much; OpenSSH would answer up to 255 KiB. */
const BLOCK_BYTES = 32 * 1024;
const OPEN_REQUESTS = 32;

export interface FileRange {
  readonly start: number;
  /** The first byte that is not wanted. */
  readonly end: number;
}

/** Ends early where the file does. Throws what the server reports, or StallError after `stall` milliseconds. */
export async function* readFileRange(
  sftp: SFTPWrapper,
  handle: Buffer,
  { start, end }: FileRange,
  stall: number,
): AsyncGenerator<Buffer, void, undefined> {
  const open: Promise<Buffer>[] = [];
  let next = start;
  try {
    for (;;) {
      while (open.length < OPEN_REQUESTS && next < end) {
        const length = Math.min(BLOCK_BYTES, end - next);
        const block = readBlock(sftp, handle, next, length, stall);
        // Awaited in their order: a later one that fails first must not end the process.
        block.catch(() => undefined);
        open.push(block);
        next += length;
      }
      const oldest = open.shift();
      if (oldest === undefined) return;
      const expected = Math.min(BLOCK_BYTES, end - start);
      const block = await oldest;
      if (block.length === 0) return;
      yield block;
      if (block.length < expected && open.length > 0) return;
    }
  } finally {
    await Promise.allSettled(open);
  }
}

/** Asks again for the rest of a short answer, which is allowed anywhere. Shorter than `length` only at the end. */
async function readBlock(
  sftp: SFTPWrapper,
  handle: Buffer,
  position: number,
  length: number,
  stall: number,
): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytes = await inTime<number>(stall, (done) => {
      sftp.read(handle, block, filled, length - filled, position + filled, (error, count) => {
        // Status 1 is the end of the file.
        const isEnd = (error as { readonly code?: unknown } | undefined)?.code === 1;
        done(isEnd ? undefined : error, isEnd ? 0 : count);
      });
    });
    if (bytes === 0) break;
    filled += bytes;
  }
  return block.subarray(0, filled);
}

/** Rejects with StallError if `done` is not called within `stall` milliseconds. */
export function inTime<T>(
  stall: number,
  request: (done: (error: Error | null | undefined, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const clock = setTimeout(() => {
      reject(new StallError('no answer in time'));
    }, stall);
    request((error, value) => {
      clearTimeout(clock);
      if (error !== undefined && error !== null) reject(error);
      else resolve(value as T);
    });
  });
}
