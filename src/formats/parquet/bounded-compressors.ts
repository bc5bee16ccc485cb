/**
 * Unpacking within bounds: a damaged page may declare any size. Frames of Zstandard as in RFC 8878, section 3.1.1.
 */
import type { Compressors } from 'hyparquet/src/types.js';

/** Pages have about 1 MB. */
const MOST_PAGE_BYTES = 256 * 1024 * 1024;

/** Unpacks a page to no more than it declares, and it may not declare much. */
export function bounded(compressors: Compressors): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, unpackPage]) => [
      codec,
      (input: Uint8Array, length: number) => {
        if (length > MOST_PAGE_BYTES) throw new Error(`a page would have ${String(length)} bytes`);
        if (codec === 'ZSTD') checkZstd(input, length);
        return unpackPage(input, length);
      },
    ]),
  );
}

/** The library allocates the size that the frame declares, or its window. */
function checkZstd(input: Uint8Array, length: number): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const idBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5;
  if (!isSingle) {
    const code = view.getUint8(at);
    const window = 2 ** (10 + (code >> 3)) * (1 + (code & 7) / 8);
    if (window > MOST_PAGE_BYTES) throw new Error(`a page needs a window of ${String(window)} bytes`);
    at += 1;
  }
  at += idBytes;
  const sizeBytes = sizeFlag === 0 ? (isSingle ? 1 : 0) : 2 ** sizeFlag;
  let declared = sizeFlag === 1 ? 256 : 0;
  for (let i = 0; i < sizeBytes; i++) declared += view.getUint8(at + i) * 2 ** (8 * i);
  if (sizeBytes > 0 && declared > length) throw new Error(`a page would have ${String(declared)} bytes`);
  at += sizeBytes;
  let most = 0;
  for (let isLast = false; !isLast && at + 3 <= input.length;) {
    const head = view.getUint8(at) + view.getUint16(at + 1, true) * 256;
    const [kind, size] = [(head >> 1) & 3, head >> 3];
    isLast = head % 2 === 1;
    most += kind === 2 ? Math.max(size, 128 * 1024) : size;
    at += 3 + (kind === 1 ? 1 : size);
    if (most > 2 * MOST_PAGE_BYTES) throw new Error('a page would have more bytes than it declares');
  }
}
