/** Bytes of an open file, by position. The handle stays open: it is its owner's. */
import type { FileHandle } from 'node:fs/promises';

/** Large reads: on 16 KB the calls cost more than the copying. */
export const READ_SIZE = 512 * 1024;

/** `length` bytes from `start`, or fewer where the file ends before. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  length: number,
): AsyncGenerator<Buffer, void, undefined> {
  let position = start;
  const end = start + length;
  while (position < end) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, end - position));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The first bytes of a file. */
export async function readStart(handle: FileHandle, count: number): Promise<Buffer> {
  const buffer = Buffer.alloc(count);
  const { bytesRead } = await handle.read(buffer, 0, count, 0);
  return buffer.subarray(0, bytesRead);
}
