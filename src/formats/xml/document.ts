/**
 * A whole XML document in memory, such as a field of a record, to one value. fast-xml-parser reads all of them: they come
 * from services such as OAI-PMH, which give records more slowly than it reads them. See decision 14.
 */
import { isUtf8 } from 'node:buffer';
import { RecordError } from '../../errors.ts';
import { fromUtf8 } from './characters.ts';
import { createXmlEnvelope, proveXmlToken, takeXmlToken, type XmlEnvelope } from './envelope.ts';
import { findElementEnd, shown } from './element-end.ts';
import { XmlFault } from './fault.ts';
import { localName } from './object.ts';
import { parseXmlStrictly } from './strict-parser.ts';
import { nextXmlToken, type XmlToken } from './tokens.ts';

/** What is in a record was bounded by the reader of it; these bound what it may unfold to. */
const LIMITS = { maxDepth: 256, maxAttributes: 500, maxElements: 500_000 };

/**
 * Returns the content of the first element with this name, or the whole document as `{ name: content }`. `bytes` are
 * UTF-8. Throws RecordError for any fault of the document, even after the element.
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
  const text = textOf(bytes);
  const envelope = createXmlEnvelope();
  let found: { readonly value: unknown } | undefined;
  for (let at = 0; at < text.length;) {
    const next = nextXmlToken(text, at);
    if (next === 'more') throw cutOff(text);
    if ('broken' in next) throw new XmlFault('E_RECORD_SYNTAX', `${next.broken}, at byte ${String(at)}`);
    let { end } = next;
    if (found === undefined && isMeant(next, envelope, element)) {
      if (envelope.open.length === 0) envelope.root = next.name;
      end = endOfElement(text, at);
      const value = parseXmlStrictly(text.slice(at, end));
      found = { value: element === undefined ? { [localName(fromUtf8(next.name))]: value } : value };
    } else {
      const raw = text.slice(at, end);
      takeXmlToken(envelope, next, raw, at, LIMITS.maxDepth);
      proveXmlToken(next, raw, at);
    }
    at = end;
  }
  if (envelope.open.length > 0 || envelope.root === undefined) throw cutOff(text);
  if (found !== undefined) return found.value;
  const reason = `it should hold an element <${String(element)}>, but it has none, and its root element is <${shown(envelope.root)}>`;
  throw new XmlFault('E_XML_NO_ELEMENT', reason);
}

/** One character for each byte, without what may come before the declaration. */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new XmlFault('E_XML_ENCODING', 'it holds bytes that are not UTF-8');
  const text = bytes.toString('latin1');
  return text.slice(BEFORE.exec(text.slice(0, MOST_BEFORE))?.[0].length ?? 0);
}

/** A byte order mark, and white space before a declaration, in bytes of one character each. */
const BEFORE = /^(?:(?:\xef\xbb\xbf)?[ \t\r\n]+(?:\xef\xbb\xbf)?(?=<\?xml[ \t\r\n])|\xef\xbb\xbf)/;
const MOST_BEFORE = 4096;

function isMeant({ kind, name }: XmlToken, { open, root }: XmlEnvelope, element: string | undefined): boolean {
  if (kind !== 'start' && kind !== 'empty') return false;
  if (open.length === 0 && root !== undefined) return false;
  return element === undefined || localName(fromUtf8(name)) === element;
}

function endOfElement(text: string, at: number): number {
  const end = findElementEnd(text, at, LIMITS, 0);
  if (end === 'more') throw cutOff(text);
  return end;
}

function cutOff(text: string): XmlFault {
  return new XmlFault('E_RECORD_TRUNCATED', `it ends after ${String(text.length)} bytes with elements open`);
}
