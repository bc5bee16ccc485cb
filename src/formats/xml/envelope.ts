/** What stands around the records of a document: the prolog, the elements that hold them, what follows the root. */
import { XmlFault } from './fault.ts';
import { shown } from './extent.ts';
import type { XmlToken } from './tokens.ts';

export interface XmlEnvelope {
  /** The names of the elements that are open, as they are written. */
  readonly open: string[];
  /** The name of the root element, once it began. */
  root: string | undefined;
}

export function createXmlEnvelope(): XmlEnvelope {
  return { open: [], root: undefined };
}

/** Takes a token that is no record. `raw` is its text, `byte` its place in the document. Throws XmlFault. */
export function takeXmlToken(
  envelope: XmlEnvelope,
  found: XmlToken,
  raw: string,
  byte: number,
  maxDepth: number,
): void {
  const place = `at byte ${String(byte)}`;
  switch (found.kind) {
    case 'comment':
      return;
    case 'instruction':
      if (/^<\?xml\s/i.test(raw) && byte > 0) throw fault(`an XML declaration stands ${place}, not at the beginning`);
      return;
    case 'doctype':
      takeDoctype(envelope, found, place);
      return;
    case 'text':
      if (raw.includes(']]>')) throw fault(`there is "]]>" in the text ${place}`);
      if (envelope.open.length === 0) refuseText(envelope, raw, byte);
      return;
    case 'cdata':
      if (envelope.open.length === 0) refuseText(envelope, raw, byte);
      return;
    case 'start':
    case 'empty':
      openElement(envelope, found, place, maxDepth);
      return;
    case 'end':
      closeElement(envelope, found, place);
  }
}

function takeDoctype(envelope: XmlEnvelope, found: XmlToken, place: string): void {
  if (envelope.root !== undefined) throw fault(`a DOCTYPE stands ${place}, behind the root element began`);
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

function openElement(envelope: XmlEnvelope, found: XmlToken, place: string, maxDepth: number): void {
  const { open } = envelope;
  const name = shown(found.name);
  if (open.length === 0) {
    if (envelope.root !== undefined) throw fault(`a second root element <${name}> begins ${place}`);
    envelope.root = found.name;
  }
  if (found.kind === 'empty') return;
  if (open.length >= maxDepth) {
    throw new XmlFault('E_RECORD_TOO_DEEP', `it is nested deeper than max_depth, ${String(maxDepth)} levels, ${place}`);
  }
  open.push(found.name);
}

function closeElement({ open }: XmlEnvelope, found: XmlToken, place: string): void {
  const last = open.pop();
  if (last === found.name) return;
  const before = last === undefined ? 'nothing is open' : `<${shown(last)}> is open`;
  throw fault(`${before}, but </${shown(found.name)}> stands ${place}`);
}

function fault(reason: string): XmlFault {
  return new XmlFault('E_RECORD_SYNTAX', reason);
}
