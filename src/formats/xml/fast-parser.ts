/**
 * One element by the fast parser. It gives exactly what the strict parser gives, or declines. Elements that are not
 * wanted are passed over, but their tags are proven all the same: each is well-formed, and closed where it has to be.
 */
import { keptName } from './names.ts';
import { addChild, finishElement, type WantedElements, type XmlObject } from './object.ts';
import { copyOf, decoded, endOfName, isBlank, isStopped, nextTag, passReferences, type XmlScan } from './scan.ts';
import { readEndTag, readStartTag } from './tags.ts';
import { decodeText } from './text.ts';

const SLASH = 0x2f;

/**
 * Reads the element at `scan.at`. Afterwards `scan.stop` says whether the value is valid, and `scan.at` is after the
 * element.
 */
export function parseXmlFast(scan: XmlScan, wanted: WantedElements | undefined): unknown {
  begin(scan);
  return readElement(scan, wanted);
}

/** The same, where only the end of the element is asked for. */
export function skipXmlFast(scan: XmlScan): void {
  begin(scan);
  readStartTag(scan, false);
  if (!isStopped(scan) && !scan.isEmpty) skipContent(scan);
}

function begin(scan: XmlScan): void {
  scan.stop = 'no';
  scan.depth = 0;
  scan.elementsLeft = scan.limits.maxElements;
  scan.nextReference = -1;
}

function readElement(scan: XmlScan, wanted: WantedElements | undefined): unknown {
  const attributes = readStartTag(scan, true);
  const object = wanted === undefined ? attributes : (attributes ?? {});
  if (isStopped(scan)) return undefined;
  if (scan.isEmpty) return finishElement(object, undefined);
  return readContent(scan, wanted, object);
}

function readContent(scan: XmlScan, wanted: WantedElements | undefined, begun: XmlObject | undefined): unknown {
  let object = begun;
  let text: string | undefined;
  for (;;) {
    const less = nextTag(scan);
    if (less > scan.at) text = readText(scan, text, less);
    if (isStopped(scan)) return undefined;
    scan.at = less;
    if (scan.bytes[less + 1] === SLASH) {
      readEndTag(scan);
      return !isStopped(scan) ? finishElement(object, text) : undefined;
    }
    object = readChild(scan, wanted, object);
    if (isStopped(scan)) return undefined;
  }
}

/** What was read of the text so far, and the piece up to `end`. White space alone is most of it, and is not decoded. */
function readText(scan: XmlScan, text: string | undefined, end: number): string | undefined {
  const from = scan.at;
  if (isBlank(scan.bytes, from, end)) {
    return text === undefined || text === '' ? '' : text + copyOf(scan, from, end).replace(/\r\n?/g, '\n');
  }
  const piece = decoded(scan, from, end, decodeText);
  passReferences(scan, from, end);
  return text === undefined ? piece : text + (piece ?? '');
}

function readChild(
  scan: XmlScan,
  wanted: WantedElements | undefined,
  object: XmlObject | undefined,
): XmlObject | undefined {
  const name = scan.at + 1;
  const depth = scan.depth;
  if (wanted === undefined) {
    const value = readElement(scan, undefined);
    if (isStopped(scan)) return object;
    const parent = object ?? {};
    addChild(parent, nameOf(scan, name, depth), value);
    return parent;
  }
  return readWantedChild(scan, wanted, object, name);
}

function readWantedChild(
  scan: XmlScan,
  wanted: WantedElements,
  object: XmlObject | undefined,
  start: number,
): XmlObject | undefined {
  const end = endOfName(scan.bytes, start);
  const key = keptName(scan.names, scan.bytes, start, end);
  if (!wanted.children.has(key)) {
    readStartTag(scan, false);
    if (!isStopped(scan) && !scan.isEmpty) skipContent(scan);
    return object;
  }
  const value = readElement(scan, wanted.children.get(key));
  if (isStopped(scan)) return object;
  const parent = object ?? {};
  addChild(parent, key, value);
  return parent;
}

/** The name that begins at `start`, which ends where the tag that was read at this depth had its name end. */
function nameOf(scan: XmlScan, start: number, depth: number): string {
  return keptName(scan.names, scan.bytes, start, scan.ends[depth] as number);
}

/** Starts after the start tag of an element and moves to the end of its end tag. */
function skipContent(scan: XmlScan): void {
  const { bytes } = scan;
  const outside = scan.depth - 1;
  while (scan.depth > outside) {
    const less = nextTag(scan);
    passReferences(scan, scan.at, less);
    if (isStopped(scan)) return;
    scan.at = less;
    if (bytes[less + 1] === SLASH) readEndTag(scan);
    else readStartTag(scan, false);
    if (isStopped(scan)) return;
  }
}
