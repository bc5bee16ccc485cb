/** A whole XML document that lies in memory, as in a field of a record: to one value. */
import { isUtf8 } from 'node:buffer';
import { RecordError } from '../../errors.ts';
import { fromUtf8 } from './characters.ts';
import { createXmlEnvelope, takeXmlToken, type XmlEnvelope } from './envelope.ts';
import { findElementEnd, shown } from './extent.ts';
import { parseXmlFast } from './fast.ts';
import { XmlFault } from './fault.ts';
import { localName } from './object.ts';
import { createXmlScan, textOf, viewBytes, type XmlScan } from './scan.ts';
import { parseXmlStrictly } from './strict.ts';
import { nextXmlToken, type XmlToken } from './tokens.ts';

/** What is in a record was bounded by the reader of it; these bound what it may unfold to. */
const LIMITS = { maxDepth: 256, maxAttributes: 500, maxElements: 500_000 };

/**
 * The content of the first element of this name, or of the whole document as `{ name: content }`. `bytes` are UTF-8.
 * Throws RecordError for whatever is wrong with the document, also behind the element.
 */
export function parseXmlDocument(bytes: Buffer, element: string | undefined): unknown {
  try {
    return parseDocument(bytes, element === undefined ? undefined : localName(element));
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw new RecordError(error.code, `The XML of the record cannot be read: ${error.message}.`, { cause: error });
  }
}

function parseDocument(bytes: Buffer, element: string | undefined): unknown {
  const scan = openScan(bytes);
  const envelope = createXmlEnvelope();
  let found: { readonly value: unknown } | undefined;
  const text = textOf(scan);
  while (scan.at < text.length) {
    const next = nextXmlToken(text, scan.at);
    if (next === 'more') throw cutOff(scan);
    if ('broken' in next) throw new XmlFault('E_RECORD_SYNTAX', `${next.broken}, at byte ${String(scan.at)}`);
    if (found === undefined && isMeant(next, envelope, element)) {
      if (envelope.open.length === 0) envelope.root = next.name;
      const value = parseElement(scan);
      found = { value: element === undefined ? { [localName(fromUtf8(next.name))]: value } : value };
    } else {
      takeXmlToken(envelope, next, text.slice(scan.at, next.end), scan.at, LIMITS.maxDepth);
      scan.at = next.end;
    }
  }
  if (envelope.open.length > 0 || envelope.root === undefined) throw cutOff(scan);
  if (found !== undefined) return found.value;
  const reason = `it should hold an element <${String(element)}>, but it has none, and its root element is <${shown(envelope.root)}>`;
  throw new XmlFault('E_XML_NO_ELEMENT', reason);
}

function openScan(bytes: Buffer): XmlScan {
  if (!isUtf8(bytes)) throw new XmlFault('E_XML_ENCODING', 'it holds bytes that are not UTF-8');
  const scan = createXmlScan(LIMITS);
  const start = BEFORE.exec(bytes.toString('latin1', 0, MOST_BEFORE))?.[0].length ?? 0;
  viewBytes(scan, bytes.subarray(start));
  return scan;
}

/** A byte order mark, and white space before a declaration, in bytes of one character each. */
const BEFORE = /^(?:(?:\xef\xbb\xbf)?[ \t\r\n]+(?:\xef\xbb\xbf)?(?=<\?xml[ \t\r\n])|\xef\xbb\xbf)/;
const MOST_BEFORE = 4096;

function isMeant({ kind, name }: XmlToken, { open, root }: XmlEnvelope, element: string | undefined): boolean {
  if (kind !== 'start' && kind !== 'empty') return false;
  if (open.length === 0 && root !== undefined) return false;
  return element === undefined || localName(fromUtf8(name)) === element;
}

function parseElement(scan: XmlScan): unknown {
  const start = scan.at;
  const value = parseXmlFast(scan, undefined);
  if (scan.stop === 'no') return value;
  const end = findElementEnd(textOf(scan), start, LIMITS, 0);
  if (end === 'more') throw cutOff(scan);
  scan.at = end;
  return parseXmlStrictly(scan.bytes.toString('latin1', start, end));
}

function cutOff({ bytes }: XmlScan): XmlFault {
  return new XmlFault('E_RECORD_TRUNCATED', `it ends after ${String(bytes.length)} bytes with elements open`);
}
