/**
 * The tags that the fast parser reads. It knows the plain bulk of real documents and nothing else: whatever it does
 * not expect makes it stop as `declined`.
 */
import { addAttribute, isDeclaration, type XmlObject } from './object.ts';
import {
  BEGINS_NAME,
  SPACE,
  IN_NAME,
  decoded,
  LESS,
  endOfName,
  halt,
  isKind,
  passReferences,
  type XmlScan,
} from './scan.ts';
import { decodeAttribute } from './text.ts';

const SLASH = 0x2f;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const LOWER_X = 0x78;
const LOWER_M = 0x6d;

/** Reads `<name …>` at `scan.at` and opens the element, unless it is empty. Gives the attributes that are kept. */
export function readStartTag(scan: XmlScan, isKept: boolean): XmlObject | undefined {
  const { bytes } = scan;
  const start = scan.at + 1;
  const i = endOfName(bytes, start);
  if (i === start) {
    halt(scan, bytes[start]);
    return undefined;
  }
  if (scan.depth >= scan.starts.length || (isKept && scan.elementsLeft-- === 0)) {
    scan.stop = 'declined';
    return undefined;
  }
  scan.starts[scan.depth] = start;
  scan.ends[scan.depth] = i;
  if (bytes[i] === GREATER) {
    scan.at = i + 1;
    scan.isEmpty = false;
    scan.depth++;
    return undefined;
  }
  return readAttributes(scan, i, isKept);
}

function readAttributes(scan: XmlScan, from: number, isKept: boolean): XmlObject | undefined {
  const { bytes } = scan;
  let object: XmlObject | undefined;
  let count = 0;
  let declarations = -1;
  // No value may hold a `<`: one search finds it for the whole tag.
  const less = bytes.indexOf(LESS, from);
  let i = from;
  for (;;) {
    const before = i;
    while (isKind(bytes[i], SPACE)) i++;
    const code = bytes[i];
    if (code === GREATER || code === SLASH) {
      endTag(scan, i, code);
      if (declarations >= 0 && code === GREATER && scan.stop === 'no') learnDeclarations(scan, declarations);
      return object;
    }
    if (before === i || !isKind(code, BEGINS_NAME)) {
      halt(scan, code);
      return undefined;
    }
    if (code === LOWER_X && declarations < 0 && bytes[i + 1] === LOWER_M) {
      if (passKnownDeclarations(scan, i)) return object;
      declarations = i;
    }
    const name = i;
    while (isKind(bytes[i], IN_NAME)) i++;
    const close = endOfValue(scan, i, less);
    if (close < 0 || !isNew(scan, name, i, count++)) return undefined;
    if (isKept) object = keepAttribute(scan, object, name, i, close);
    passReferences(scan, i, close);
    if (scan.stop !== 'no') return undefined;
    i = close + 1;
  }
}

/** Real documents of one source have the same dozens of declarations, up to the letter. */
function passKnownDeclarations(scan: XmlScan, at: number): boolean {
  const { bytes, knownDeclarations: known } = scan;
  const end = at + known.length;
  if (known.length === 0 || end > bytes.length || bytes.compare(known, 0, known.length, at, end) !== 0) return false;
  scan.at = end;
  scan.isEmpty = false;
  scan.depth++;
  return true;
}

const DECLARATIONS = /^(?:xmlns(?::[\w.-]+)?=(?:"[^"<&]*"|'[^'<&]*')\s*)+>$/;
const LONGEST_DECLARATIONS = 16_384;

/** After a tag, from its first declaration on: nothing else may be there. */
function learnDeclarations(scan: XmlScan, at: number): void {
  if (scan.at - at > LONGEST_DECLARATIONS || scan.lessons-- <= 0) return;
  const tail = scan.bytes.toString('latin1', at, scan.at);
  if (DECLARATIONS.test(tail)) scan.knownDeclarations = Buffer.from(tail, 'latin1');
}

/**
 * Returns the index of the closing quote of `="value"` at `i`, which is before the next `<`; -1 means that the scan
 * stopped.
 */
function endOfValue(scan: XmlScan, i: number, less: number): number {
  const { bytes } = scan;
  const equals = bytes[i];
  const quote = bytes[i + 1];
  if (equals !== EQUALS || (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE)) {
    halt(scan, equals === EQUALS ? quote : equals);
    return -1;
  }
  const close = bytes.indexOf(quote, i + 2);
  if (less >= 0 && (close < 0 || close > less)) scan.stop = 'declined';
  else if (close < 0) scan.stop = 'more';
  return scan.stop === 'no' ? close : -1;
}

/** No attribute may be there twice. */
function isNew(scan: XmlScan, start: number, end: number, count: number): boolean {
  const { bytes, attributeStarts, attributeEnds } = scan;
  if (count >= attributeStarts.length) scan.stop = 'declined';
  for (let k = 0; k < count && scan.stop === 'no'; k++) {
    const known = attributeStarts[k] ?? 0;
    if ((attributeEnds[k] ?? 0) - known === end - start && isSame(bytes, known, start, end - start))
      scan.stop = 'declined';
  }
  attributeStarts[count] = start;
  attributeEnds[count] = end;
  return scan.stop === 'no';
}

function isSame(bytes: Buffer, a: number, b: number, length: number): boolean {
  // From the end: prefixes are what names have in common.
  for (let k = length - 1; k >= 0; k--) {
    if (bytes[a + k] !== bytes[b + k]) return false;
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
  const name = scan.bytes.toString('latin1', start, end);
  if (isDeclaration(name)) return object;
  const kept = object ?? {};
  const value = decoded(scan, end + 2, close, decodeAttribute);
  if (value !== undefined && !addAttribute(kept, name, value)) scan.stop = 'declined';
  return kept;
}

/** After the attributes: `>` or `/>`. */
function endTag(scan: XmlScan, at: number, code: number): void {
  const { bytes } = scan;
  const isEmpty = code === SLASH;
  if (isEmpty && bytes[at + 1] !== GREATER) {
    halt(scan, bytes[at + 1]);
    return;
  }
  scan.at = isEmpty ? at + 2 : at + 1;
  scan.isEmpty = isEmpty;
  if (!isEmpty) scan.depth++;
}

/** Reads `</name>` at `scan.at`, which has to close the element that was opened last. */
export function readEndTag(scan: XmlScan): void {
  const { bytes } = scan;
  const start = scan.starts[scan.depth - 1] as number;
  const length = (scan.ends[scan.depth - 1] as number) - start;
  const name = scan.at + 2;
  for (let k = 0; k < length; k++) {
    const code = bytes[name + k];
    if (code !== bytes[start + k]) {
      halt(scan, code);
      return;
    }
  }
  const code = bytes[name + length];
  if (code !== GREATER) {
    halt(scan, code);
    return;
  }
  scan.at = name + length + 1;
  scan.depth--;
}
