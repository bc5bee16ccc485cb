/**
 * Parses the parts of a document around its records: the prolog, the enclosing elements, and the text after the root.
 */
import { isUtf8 } from 'node:buffer';
import { XmlFault } from './fault.ts';
import { shown } from './element-end.ts';
import { refuseReferences } from './text.ts';
import type { XmlToken } from './tokens.ts';

export interface XmlEnvelope {
  /** The names of the elements that are open, as they are written. */
  readonly open: string[];
  /** The name of the root element, once it began. */
  root: string | undefined;
  hasDoctype: boolean;
}

export function createXmlEnvelope(): XmlEnvelope {
  return { open: [], root: undefined, hasDoctype: false };
}

/** Takes a token that is no record. `raw` is its text, `byte` its place in the document. Throws XmlFault. */
export function takeXmlToken(
  envelope: XmlEnvelope,
  found: XmlToken,
  raw: string,
  byte: number,
  maxDepth: number,
): void {
  switch (found.kind) {
    case 'comment':
      return;
    case 'instruction':
      if (/^<\?xml\s/i.test(raw) && byte > 0)
        throw fault(`an XML declaration stands ${at(byte)}, not at the beginning`);
      return;
    case 'doctype':
      takeDoctype(envelope, found, at(byte));
      return;
    case 'text':
      if (raw.includes(']]>')) throw fault(`there is "]]>" in the text ${at(byte)}`);
      if (envelope.open.length === 0) refuseText(envelope, raw, byte);
      return;
    case 'cdata':
      if (envelope.open.length === 0) refuseText(envelope, raw, byte);
      return;
    case 'start':
    case 'empty':
      openElement(envelope, found, byte, maxDepth);
      return;
    case 'end':
      closeElement(envelope, found, byte);
  }
}

/** Proves what is inside a token around the records: its bytes, characters, references and attributes. Throws XmlFault. */
export function proveXmlToken({ kind, attributes }: XmlToken, raw: string, byte: number): void {
  if (/[^\t\n\r\x20-\x7f]/.test(raw)) refuseCharacters(raw, at(byte));
  if (kind === 'text') refuseReferences(raw);
  if (kind !== 'start' && kind !== 'empty') return;
  for (const [, value] of attributes) refuseReferences(value);
  if (attributes.length > 1 && new Set(attributes.map(([name]) => name)).size < attributes.length)
    throw fault(`there is an attribute twice in the tag ${at(byte)}`);
}

/** Only put into words for an error: there are millions of tokens. */
function at(byte: number): string {
  return `at byte ${String(byte)}`;
}

function refuseCharacters(raw: string, place: string): void {
  if (!isUtf8(Buffer.from(raw, 'latin1')))
    throw new XmlFault('E_XML_ENCODING', `it holds bytes that are not UTF-8, which is its encoding, ${place}`);
  // U+FFFE and U+FFFF as they are in UTF-8, too.
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]/.test(raw))
    throw fault(`there is a character ${place} that XML does not allow`);
}

function takeDoctype(envelope: XmlEnvelope, found: XmlToken, place: string): void {
  if (envelope.root !== undefined) throw fault(`a DOCTYPE stands ${place}, behind the root element began`);
  if (envelope.hasDoctype) throw fault(`a second DOCTYPE is ${place}`);
  envelope.hasDoctype = true;
  if (!found.hasDeclarations) return;
  const reason = `its DOCTYPE ${place} declares entities or defaults, which are never read or expanded; ask the source for a document without`;
  throw new XmlFault('E_XML_DOCTYPE', reason);
}

function refuseText(envelope: XmlEnvelope, raw: string, byte: number): void {
  const found = raw.search(/[^ \t\r\n]/);
  if (found < 0) return;
  const place = `at byte ${String(byte + found)}`;
  if (envelope.root !== undefined)
    throw fault(`there is text ${place}, behind its root element <${shown(envelope.root)}>`);
  throw new XmlFault('E_XML_NOT_XML', `it is not XML: there is text ${place}, before any element`);
}

function openElement(envelope: XmlEnvelope, found: XmlToken, byte: number, maxDepth: number): void {
  const { open } = envelope;
  if (open.length === 0) {
    if (envelope.root !== undefined) throw fault(`a second root element <${shown(found.name)}> begins ${at(byte)}`);
    envelope.root = found.name;
  }
  if (found.kind === 'empty') return;
  if (open.length >= maxDepth) {
    const reason = `it is nested deeper than max_depth, ${String(maxDepth)} levels, ${at(byte)}`;
    throw new XmlFault('E_RECORD_TOO_DEEP', reason);
  }
  open.push(found.name);
}

function closeElement({ open }: XmlEnvelope, found: XmlToken, byte: number): void {
  const last = open.pop();
  if (last === found.name) return;
  const before = last === undefined ? 'nothing is open' : `<${shown(last)}> is open`;
  throw fault(`${before}, but </${shown(found.name)}> stands ${at(byte)}`);
}

function fault(reason: string): XmlFault {
  return new XmlFault('E_RECORD_SYNTAX', reason);
}
