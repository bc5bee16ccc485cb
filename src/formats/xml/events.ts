/**
 * A document as a stream of events, proven to be well-formed as far as it was read. For formats of many small parts, such
 * as spreadsheets, where no element is a record. Text keeps its white space. Memory is bounded by `maxTokenBytes`.
 */
import { ByteWindow } from '../bytes/byte-window.ts';
import { fromUtf8 } from './characters.ts';
import { toUtf8 } from './encoding.ts';
import { createXmlEnvelope, proveXmlToken, takeXmlToken, type XmlEnvelope } from './envelope.ts';
import { XmlFault } from './fault.ts';
import { decodeAttribute, decodeCdata, decodeText } from './text.ts';
import { nextXmlToken, type XmlAttribute, type XmlToken } from './tokens.ts';

/** Names are as written, without their prefix. An empty element is a start and an end. */
export type XmlEvent =
  | { readonly kind: 'start'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string };

export interface XmlEventOptions {
  /** The longest tag or comment, in bytes. Longer text comes in several events. */
  readonly maxTokenBytes: number;
  readonly maxDepth: number;
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/** Throws XmlFault. To be left in the middle at any time. */
export async function* readXmlEvents(
  source: AsyncIterable<Buffer>,
  options: XmlEventOptions,
): AsyncGenerator<readonly XmlEvent[], void, undefined> {
  const window = new ByteWindow(toUtf8(source));
  const envelope = createXmlEnvelope();
  try {
    while (await window.more()) {
      const text = window.view.toString('latin1');
      const { events, end } = takeEvents(text, envelope, window.offset, options);
      window.advance(end);
      if (events.length > 0) yield events;
      if (window.view.length > options.maxTokenBytes) {
        throw new XmlFault('E_RECORD_TOO_LARGE', `a tag has more than ${String(options.maxTokenBytes)} bytes`);
      }
    }
    const isWhole = envelope.root !== undefined && envelope.open.length === 0 && window.view.length === 0;
    if (!isWhole)
      throw new XmlFault('E_RECORD_TRUNCATED', `it ends after ${String(window.offset)} bytes with elements open`);
  } finally {
    await window.close();
  }
}

function takeEvents(text: string, envelope: XmlEnvelope, offset: number, { maxDepth }: XmlEventOptions) {
  const events: XmlEvent[] = [];
  let at = 0;
  for (;;) {
    const found = nextXmlToken(text, at);
    if (found === 'more') return { events, end: at };
    if ('broken' in found) throw new XmlFault('E_RECORD_SYNTAX', `${found.broken} at byte ${String(offset + at)}`);
    const raw = text.slice(at, found.end);
    takeXmlToken(envelope, found, raw, offset + at, maxDepth);
    proveXmlToken(found, raw, offset + at);
    addEvents(events, found, raw);
    at = found.end;
  }
}

function addEvents(events: XmlEvent[], { kind, name, attributes }: XmlToken, raw: string): void {
  switch (kind) {
    case 'start':
    case 'empty':
      events.push({
        kind: 'start',
        name: localPart(name),
        attributes: attributes.length === 0 ? NO_ATTRIBUTES : decoded(attributes),
      });
      if (kind === 'empty') events.push({ kind: 'end', name: localPart(name) });
      return;
    case 'end':
      events.push({ kind: 'end', name: localPart(name) });
      return;
    case 'text':
      events.push({ kind: 'text', text: decodeText(fromUtf8(raw)) });
      return;
    case 'cdata':
      events.push({ kind: 'text', text: decodeCdata(fromUtf8(raw.slice('<![CDATA['.length, -']]>'.length))) });
      return;
    case 'comment':
    case 'instruction':
    case 'doctype':
  }
}

function decoded(attributes: readonly XmlAttribute[]): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const [name, value] of attributes) all.set(fromUtf8(name), decodeAttribute(fromUtf8(value)));
  return all;
}

function localPart(name: string): string {
  return fromUtf8(name.slice(name.indexOf(':') + 1));
}
