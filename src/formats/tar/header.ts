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
  /** Whether another block of the map of an old GNU sparse member follows. */
  readonly isExtended: boolean;
}

/** The fault of a block, for a message. */
export interface TarFault {
  readonly fault: string;
}

const CHECKSUM = 148;
const CHECKSUM_END = 156;
const SPACE = 0x20;

/** Reads the header in the block that begins at `at` of the view. */
export function parseTarHeader(view: Buffer, at: number): TarHeader | TarFault {
  if (!hasChecksum(view, at)) return { fault: 'the checksum of the header there is wrong' };
  const bytes = parseSize(view, at + 124);
  if (bytes === undefined) {
    return { fault: `the size there is no number: ${JSON.stringify(text(view, at + 124, at + 136))}` };
  }
  const isPosix = view[at + 262] === 0 && view.toString('latin1', at + 257, at + 262) === 'ustar';
  const prefix = isPosix ? text(view, at + 345, at + 500) : '';
  const name = text(view, at, at + 100);
  const type = String.fromCharCode(view[at + 156] ?? 0);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: type === '1' || type === '2' ? text(view, at + 157, at + 257) : '',
    type,
    bytes,
    isExtended: type === 'S' && view[at + 482] !== 0,
  };
}

const FILE = 0x30;

/** Whether a block names the type of an ordinary file, as nearly all do. Says nothing of its checksum. */
export function isPlainFile(view: Buffer, at: number): boolean {
  return view[at + 156] === FILE;
}

export function hasChecksum(view: Buffer, at = 0): boolean {
  const declared = parseOctal(view, at + CHECKSUM, at + CHECKSUM_END);
  if (declared === undefined || at + BLOCK_BYTES > view.length) return false;
  let sum = SPACE * (CHECKSUM_END - CHECKSUM);
  let high = 0;
  for (let i = at; i < at + CHECKSUM; i++) {
    const byte = view[i] as number;
    sum += byte;
    high += byte >> 7;
  }
  for (let i = at + CHECKSUM_END; i < at + BLOCK_BYTES; i++) {
    const byte = view[i] as number;
    sum += byte;
    high += byte >> 7;
  }
  return declared === sum || declared === sum - 256 * high;
}

export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && block.equals(ZEROS);
}

const ZEROS = Buffer.alloc(BLOCK_BYTES);

function parseSize(view: Buffer, at: number): number | undefined {
  const first = view[at] ?? 0;
  if ((first & 0x80) === 0) return parseOctal(view, at, at + 12);
  let size = first & 0x7f;
  for (let i = at + 1; i < at + 12; i++) size = size * 256 + (view[i] ?? 0);
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
function text(view: Buffer, start: number, end: number): string {
  let nul = start;
  while (nul < end && view[nul] !== 0) nul++;
  return nul === start ? '' : view.toString('utf8', start, nul);
}
