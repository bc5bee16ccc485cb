/**
 * The header block of a tar member (POSIX ustar, GNU, and the old v7 form, which all share the first 257 bytes):
 *
 *   offset  size  field            offset  size  field
 *        0   100  name                156     1  type
 *      124    12  size                157   100  target of a link
 *      148     8  checksum            257     6  "ustar\0" (POSIX) or "ustar " (GNU)
 *                                     345   155  prefix of the name (POSIX only)
 *
 * Numbers are octal text; GNU writes sizes of 8 GiB and more in base 256, marked by the highest bit. The checksum is
 * the sum of all bytes with its own field taken as spaces; some old tars summed signed bytes.
 */

export const BLOCK_BYTES = 512;

export interface TarHeader {
  readonly name: string;
  /** The target of a link, else empty. */
  readonly linkName: string;
  readonly type: string;
  readonly bytes: number;
  /** Of an old GNU sparse member: whether a further block of its map follows. */
  readonly isExtended: boolean;
}

/** What is wrong with a block, for a sentence. */
export interface TarFault {
  readonly fault: string;
}

const CHECKSUM = 148;
const CHECKSUM_END = 156;
const SPACE = 0x20;

export function parseTarHeader(block: Buffer): TarHeader | TarFault {
  if (!hasChecksum(block)) return { fault: 'the checksum of the header there is wrong' };
  const bytes = parseSize(block);
  if (bytes === undefined) return { fault: `the size there is no number: ${JSON.stringify(text(block, 124, 136))}` };
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 500) : '';
  const name = text(block, 0, 100);
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: type === '1' || type === '2' ? text(block, 157, 257) : '',
    type,
    bytes,
    isExtended: type === 'S' && block[482] !== 0,
  };
}

export function hasChecksum(block: Buffer): boolean {
  const declared = parseOctal(block, CHECKSUM, CHECKSUM_END);
  if (declared === undefined) return false;
  let sum = SPACE * (CHECKSUM_END - CHECKSUM);
  let high = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    if (i === CHECKSUM) i = CHECKSUM_END;
    const byte = block[i] ?? 0;
    sum += byte;
    high += byte >> 7;
  }
  return declared === sum || declared === sum - 256 * high;
}

export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && block.equals(ZEROS);
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);

function parseSize(block: Buffer): number | undefined {
  const first = block[124] ?? 0;
  if ((first & 0x80) === 0) return parseOctal(block, 124, 136);
  let size = first & 0x7f;
  for (let i = 125; i < 136; i++) size = size * 256 + (block[i] ?? 0);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** Digits between spaces and NULs; no digits at all are 0. Undefined when there is anything else. */
function parseOctal(block: Buffer, start: number, end: number): number | undefined {
  let i = start;
  while (i < end && (block[i] === SPACE || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const byte = block[i] ?? 0;
    if (byte === SPACE || byte === 0) break;
    if (byte < 0x30 || byte > 0x37) return undefined;
    value = value * 8 + byte - 0x30;
  }
  return value;
}

/** A text that ends at its first NUL or with its field. */
function text(block: Buffer, start: number, end: number): string {
  const nul = block.indexOf(0, start);
  return block.toString('utf8', start, nul < 0 || nul > end ? end : nul);
}
