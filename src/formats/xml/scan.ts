/**
 * The position of the fast parser, and the class of each byte. It works on bytes and decodes only the kept values:
 * creating a string of each document first cost more than scanning it.
 */
import { isAscii } from 'node:buffer';
import { XmlFault } from './fault.ts';
import { createKnownNames, type KnownName } from './names.ts';

export interface XmlScan {
  /** What is in view; set by `viewBytes`. */
  bytes: Buffer;
  /** There is no byte above 127, so each byte is one character. */
  isAscii: boolean;
  /** See `textOf`. */
  text: string | undefined;
  at: number;
  /** `more` means that the bytes end too early to decide. */
  stop: 'no' | 'more' | 'declined';
  /** Describes the start tag that was read last. */
  isEmpty: boolean;
  /** The position of the next `&`. The text between the last search position and this position contains no `&`. */
  nextReference: number;
  depth: number;
  /** How many more elements may be kept. */
  elementsLeft: number;
  readonly limits: XmlLimits;
  /** The places of the names of the elements that are open. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The same for the attributes of one tag. */
  readonly attributeStarts: Int32Array;
  readonly attributeEnds: Int32Array;
  /** The end of a tag that was read before, all namespace declarations: equal letters need no second proof. */
  knownDeclarations: Buffer;
  /** The maximum number of learned ends: for a source in which each end differs, learning is useless. */
  lessons: number;
  /** Names that were read before; see names.ts. */
  readonly names: (KnownName | undefined)[];
}

export interface XmlLimits {
  readonly maxDepth: number;
  readonly maxAttributes: number;
  /** Counts of one record. The fast parser does not count skipped elements, because they are not kept. */
  readonly maxElements: number;
}

/** The number of learned ends of tags; see `lessons`. */
const MOST_LESSONS = 100;

export function createXmlScan(limits: XmlLimits): XmlScan {
  const { maxDepth, maxAttributes, maxElements } = limits;
  return {
    bytes: NOTHING,
    isAscii: true,
    text: undefined,
    at: 0,
    stop: 'no',
    isEmpty: false,
    nextReference: -1,
    depth: 0,
    elementsLeft: 0,
    limits: { maxDepth, maxAttributes, maxElements },
    starts: new Int32Array(maxDepth),
    ends: new Int32Array(maxDepth),
    attributeStarts: new Int32Array(maxAttributes),
    attributeEnds: new Int32Array(maxAttributes),
    knownDeclarations: NOTHING,
    lessons: MOST_LESSONS,
    names: createKnownNames(),
  };
}

/** Shows the scan other bytes, and leaves its place alone. */
export function viewBytes(scan: XmlScan, bytes: Buffer): void {
  scan.bytes = bytes;
  scan.isAscii = isAscii(bytes);
  scan.text = undefined;
  scan.nextReference = -1;
}

/** What is in view as a string of one character for each byte, for those who look at more than single ones. */
export function textOf(scan: XmlScan): string {
  return (scan.text ??= scan.bytes.toString('latin1'));
}

/** Unused scans: a tar contains millions of small documents that are read one after the other. */
const idle: XmlScan[] = [];
const MOST_IDLE = 4;

export function borrowXmlScan(limits: XmlLimits): XmlScan {
  const found = idle.findIndex(({ limits: { maxDepth, maxAttributes, maxElements } }) => {
    return maxDepth === limits.maxDepth && maxAttributes === limits.maxAttributes && maxElements === limits.maxElements;
  });
  return found < 0 ? createXmlScan(limits) : (idle.splice(found, 1)[0] as XmlScan);
}

/** It may not be used any more. */
export function returnXmlScan(scan: XmlScan): void {
  scan.text = undefined;
  scan.bytes = NOTHING;
  scan.at = 0;
  if (idle.length < MOST_IDLE) idle.push(scan);
}

const NOTHING = Buffer.alloc(0);

export const BEGINS_NAME = 1;
export const IN_NAME = 2;
export const SPACE = 4;

/** What a byte may be. Names beyond ASCII are left to the strict parser. */
const KINDS = new Uint8Array(256);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'))
  KINDS[byte] = BEGINS_NAME | IN_NAME;
for (const byte of Buffer.from('0123456789-.:')) KINDS[byte] = IN_NAME;
for (const byte of Buffer.from(' \t\n\r')) KINDS[byte] = SPACE;

export function isKind(code: number | undefined, kind: number): boolean {
  return ((KINDS[code as number] as number) & kind) !== 0;
}

/** Asked after whatever may have stopped the scan. */
export function isStopped(scan: XmlScan): boolean {
  return scan.stop !== 'no';
}

/** Stops because `code` is not what has to be there; undefined is the end of what is in view. */
export function halt(scan: XmlScan, code: number | undefined): void {
  scan.stop = code === undefined ? 'more' : 'declined';
}

/** Returns whether the text up to `end` is white space. */
export function isBlank(bytes: Buffer, from: number, end: number): boolean {
  let i = from;
  while (i < end && KINDS[bytes[i] as number] === SPACE) i++;
  return i === end;
}

/** Returns the index after the name that begins at `start`, or `start` if no name begins there. */
export function endOfName(bytes: Buffer, start: number): number {
  const { length } = bytes;
  if (start >= length || ((KINDS[bytes[start] as number] as number) & BEGINS_NAME) === 0) return start;
  let i = start + 1;
  while (i < length && ((KINDS[bytes[i] as number] as number) & IN_NAME) !== 0) i++;
  return i;
}

/** The text between two places, decoded; undefined = stopped, since there is something wrong with it. */
export function decoded(scan: XmlScan, from: number, to: number, decode: (raw: string) => string): string | undefined {
  try {
    return decode(copyOf(scan, from, to));
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    scan.stop = 'declined';
    return undefined;
  }
}

/** The text between two places, which outlives the document. */
export function copyOf({ isAscii, bytes }: XmlScan, from: number, to: number): string {
  return bytes.toString(isAscii ? 'latin1' : 'utf8', from, to);
}

export const LESS = 0x3c;
const AMPERSAND = 0x26;

/** The place of the next `<`; -1 = stopped, since none is in view. */
export function nextTag(scan: XmlScan): number {
  const less = scan.bytes.indexOf(LESS, scan.at);
  if (less < 0) scan.stop = 'more';
  return less;
}

const REFERENCE = /^&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});/;
const LONGEST_REFERENCE = 10;

/** Looks at the references between two places. Asked for rising places, it searches each part of a document once. */
export function passReferences(scan: XmlScan, from: number, to: number): void {
  const { bytes } = scan;
  let i = scan.nextReference;
  if (i < from) i = scan.nextReference = placeOf(bytes, from);
  while (i < to) {
    if (!REFERENCE.test(bytes.toString('latin1', i, i + LONGEST_REFERENCE))) {
      scan.stop = 'declined';
      return;
    }
    i = scan.nextReference = placeOf(bytes, i + 1);
  }
}

function placeOf(bytes: Buffer, from: number): number {
  const found = bytes.indexOf(AMPERSAND, from);
  return found < 0 ? Infinity : found;
}
