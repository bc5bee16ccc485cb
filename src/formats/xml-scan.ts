/**
 * Where the fast parser stands, and the smallest things that it reads: a start tag, an end tag. It works on the bytes
 * as a string of one character each, in which V8 searches faster than in a buffer; only what is kept is decoded.
 * It knows the plain bulk of real documents and nothing else: whatever it does not expect makes it stop as `declined`.
 */
import { addAttribute, isDeclaration, type XmlObject } from './xml-object.ts';
import { decodeAttribute } from './xml-text.ts';
import { XmlFault } from './xml-fault.ts';

export interface XmlScan {
  /** The bytes in view, one character for each. */
  text: string;
  bytes: Buffer;
  /** No byte above 127: a piece of `text` is what it stands for. */
  isAscii: boolean;
  at: number;
  /** `more` = the bytes end before it can be told. */
  stop: 'no' | 'more' | 'declined';
  /** Of the start tag that was read last. */
  isEmpty: boolean;
  /** The next `&` that was not looked at. */
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
}

export interface XmlLimits {
  readonly maxDepth: number;
  readonly maxAttributes: number;
  /** Of one record. Those that are passed over do not count for the fast parser: they are not held. */
  readonly maxElements: number;
}

export function createXmlScan(limits: XmlLimits): XmlScan {
  const { maxDepth, maxAttributes } = limits;
  return {
    text: '',
    bytes: Buffer.alloc(0),
    isAscii: true,
    at: 0,
    stop: 'no',
    isEmpty: false,
    nextReference: -1,
    depth: 0,
    elementsLeft: 0,
    limits,
    starts: new Int32Array(maxDepth),
    ends: new Int32Array(maxDepth),
    attributeStarts: new Int32Array(maxAttributes),
    attributeEnds: new Int32Array(maxAttributes),
  };
}

const SLASH = 0x2f;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;

const BEGINS_NAME = 1;
const IN_NAME = 2;
const SPACE = 4;

/** What a byte may be. Names beyond ASCII are left to the strict parser. */
const KINDS = new Uint8Array(256);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'))
  KINDS[byte] = BEGINS_NAME | IN_NAME;
for (const byte of Buffer.from('0123456789-.:')) KINDS[byte] = IN_NAME;
for (const byte of Buffer.from(' \t\n\r')) KINDS[byte] = SPACE;

/** Asked after whatever may have stopped the scan. */
export function isStopped(scan: XmlScan): boolean {
  return scan.stop !== 'no';
}

/** Stops because `code` is not what has to be there; NaN is the end of what is in view. */
export function halt(scan: XmlScan, code: number): void {
  scan.stop = Number.isNaN(code) ? 'more' : 'declined';
}

/** Whether the text up to `end` is white space. */
export function isBlank(text: string, from: number, end: number): boolean {
  let i = from;
  while (i < end && KINDS[text.charCodeAt(i)] === SPACE) i++;
  return i === end;
}

/** Reads `<name …>` at `scan.at` and opens the element, unless it is empty. Gives the attributes that are kept. */
export function readStartTag(scan: XmlScan, isKept: boolean): XmlObject | undefined {
  const { text } = scan;
  const start = scan.at + 1;
  let i = start;
  const first = text.charCodeAt(i);
  if (((KINDS[first] ?? 0) & BEGINS_NAME) === 0) {
    halt(scan, first);
    return undefined;
  }
  i++;
  while (((KINDS[text.charCodeAt(i)] ?? 0) & IN_NAME) !== 0) i++;
  if (scan.depth >= scan.starts.length || (isKept && scan.elementsLeft-- === 0)) {
    scan.stop = 'declined';
    return undefined;
  }
  scan.starts[scan.depth] = start;
  scan.ends[scan.depth] = i;
  if (text.charCodeAt(i) === GREATER) {
    scan.at = i + 1;
    scan.isEmpty = false;
    scan.depth++;
    return undefined;
  }
  return readAttributes(scan, i, isKept);
}

function readAttributes(scan: XmlScan, from: number, isKept: boolean): XmlObject | undefined {
  const { text } = scan;
  let object: XmlObject | undefined;
  let count = 0;
  let i = from;
  for (;;) {
    const before = i;
    while (KINDS[text.charCodeAt(i)] === SPACE) i++;
    const code = text.charCodeAt(i);
    if (code === GREATER || code === SLASH) {
      endTag(scan, i, code);
      return object;
    }
    if (before === i || ((KINDS[code] ?? 0) & BEGINS_NAME) === 0) {
      halt(scan, code);
      return undefined;
    }
    const name = i;
    while (((KINDS[text.charCodeAt(i)] ?? 0) & IN_NAME) !== 0) i++;
    const close = endOfValue(scan, i);
    if (close < 0 || !isNew(scan, name, i, count++)) return undefined;
    if (isKept) object = keepAttribute(scan, object, name, i, close);
    i = close + 1;
  }
}

/** The closing quote of `="value"` at `i`; -1 = stopped. */
function endOfValue(scan: XmlScan, i: number): number {
  const { text } = scan;
  const equals = text.charCodeAt(i);
  const quote = text.charCodeAt(i + 1);
  if (equals !== EQUALS || (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE)) {
    halt(scan, equals === EQUALS ? quote : equals);
    return -1;
  }
  const close = text.indexOf(quote === DOUBLE_QUOTE ? '"' : "'", i + 2);
  if (close < 0) scan.stop = 'more';
  return close;
}

/** No attribute may be there twice. */
function isNew(scan: XmlScan, start: number, end: number, count: number): boolean {
  const { text, attributeStarts, attributeEnds } = scan;
  if (count >= attributeStarts.length) scan.stop = 'declined';
  for (let k = 0; k < count && scan.stop === 'no'; k++) {
    const known = attributeStarts[k] ?? 0;
    if ((attributeEnds[k] ?? 0) - known === end - start && isSame(text, known, start, end - start))
      scan.stop = 'declined';
  }
  attributeStarts[count] = start;
  attributeEnds[count] = end;
  return scan.stop === 'no';
}

function isSame(text: string, a: number, b: number, length: number): boolean {
  // From the end: prefixes are what names have in common.
  for (let k = length - 1; k >= 0; k--) {
    if (text.charCodeAt(a + k) !== text.charCodeAt(b + k)) return false;
  }
  return true;
}

function keepAttribute(
  scan: XmlScan,
  object: XmlObject | undefined,
  start: number,
  end: number,
  close: number,
): XmlObject | undefined {
  const name = scan.text.slice(start, end);
  if (isDeclaration(name)) return object;
  const kept = object ?? {};
  const value = decoded(scan, end + 2, close, decodeAttribute);
  if (value !== undefined) addAttribute(kept, name, value);
  return kept;
}

/** Behind the attributes: `>` or `/>`. A `<` in a value is not well-formed; one search for the whole tag finds it. */
function endTag(scan: XmlScan, at: number, code: number): void {
  const { text } = scan;
  const isEmpty = code === SLASH;
  if (isEmpty && text.charCodeAt(at + 1) !== GREATER) {
    halt(scan, text.charCodeAt(at + 1));
    return;
  }
  const start = scan.starts[scan.depth] ?? 0;
  const less = text.indexOf('<', start);
  if (less >= 0 && less < at) {
    scan.stop = 'declined';
    return;
  }
  passReferences(scan, start, at);
  scan.at = isEmpty ? at + 2 : at + 1;
  scan.isEmpty = isEmpty;
  if (!isEmpty) scan.depth++;
}

/** Reads `</name>` at `scan.at`, which has to close the element that was opened last. */
export function readEndTag(scan: XmlScan): void {
  const { text } = scan;
  const start = scan.starts[scan.depth - 1] ?? 0;
  const length = (scan.ends[scan.depth - 1] ?? 0) - start;
  const name = scan.at + 2;
  for (let k = 0; k < length; k++) {
    const code = text.charCodeAt(name + k);
    if (code !== text.charCodeAt(start + k)) {
      halt(scan, code);
      return;
    }
  }
  const code = text.charCodeAt(name + length);
  if (code !== GREATER) {
    halt(scan, code);
    return;
  }
  scan.at = name + length + 1;
  scan.depth--;
}

/** The text between two places, decoded; undefined = stopped, since there is something wrong with it. */
export function decoded(scan: XmlScan, from: number, to: number, decode: (raw: string) => string): string | undefined {
  const raw = scan.isAscii ? scan.text.slice(from, to) : scan.bytes.toString('utf8', from, to);
  try {
    return decode(raw);
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    scan.stop = 'declined';
    return undefined;
  }
}

const REFERENCE = /&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});/y;

/** Looks at the references between two places, where they are not decoded anyway. */
export function passReferences(scan: XmlScan, from: number, to: number): void {
  if (scan.nextReference < 0 || scan.nextReference >= to) return;
  let i = Math.max(from, scan.nextReference);
  for (i = scan.text.indexOf('&', i); i >= 0 && i < to; i = scan.text.indexOf('&', i + 1)) {
    REFERENCE.lastIndex = i;
    if (REFERENCE.test(scan.text)) continue;
    scan.stop = 'declined';
    return;
  }
  scan.nextReference = i;
}
