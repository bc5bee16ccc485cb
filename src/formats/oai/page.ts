/**
 * An answer of an OAI-PMH server, taken apart without reading what is inside of its records: each record is cut out as it
 * was sent, with the namespaces that were declared around it, and is a document of its own. Works on bytes as a string of
 * one character each; what leaves it as text was UTF-8, or a fault. Throws XmlFault for what is not well-formed.
 */
import { createXmlEnvelope, takeXmlToken, type XmlEnvelope } from '../xml/envelope.ts';
import { XmlFault } from '../xml/fault.ts';
import { decodeAttribute, decodeCdata, decodeText } from '../xml/text.ts';
import { nextXmlToken, type XmlToken } from '../xml/tokens.ts';

export interface OaiError {
  /** `noRecordsMatch`, `badResumptionToken`, … */
  readonly code: string;
  readonly message: string;
}

interface OaiHeader {
  readonly identifier: string;
  readonly datestamp: string;
  readonly set_spec: readonly string[];
  /** `deleted`, or nothing. */
  readonly status?: string;
}

export interface OaiEntry {
  readonly header: OaiHeader;
  /** One character for each byte, like what was given. */
  readonly xml: string;
  /** What keeps this record from being told apart; its header is empty then. */
  readonly fault?: XmlFault;
}

export interface OaiPage {
  readonly errors: readonly OaiError[];
  readonly entries: readonly OaiEntry[];
  /** Returns the texts of the elements of `Identify` and the like that contain only text. */
  readonly facts: ReadonlyMap<string, string>;
  /** The token of the next page; undefined at the end of the list. */
  readonly token?: string;
  readonly listSize?: number;
}

const MAX_DEPTH = 512;
/**
 * Inside a record, which is not parsed here. The reader of the record has its own limit and rejects only that record.
 */
const DEEPEST_RECORD = 200_000;
/** How far the declarations around records, which each of them gets, may make a page grow. Those of real ones double it. */
const MOST_GROWTH = 16;

/** Undefined where the root element is not that of OAI-PMH. */
export function parseOaiPage(text: string): OaiPage | undefined {
  const page = { errors: [] as OaiError[], entries: [] as OaiEntry[], facts: new Map<string, string>() };
  let rest: Pick<OaiPage, 'token' | 'listSize'> = {};
  const envelope = createXmlEnvelope();
  const spaces: ReadonlyMap<string, string>[] = [];
  let left = MOST_GROWTH * text.length;
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at);
    const depth = envelope.open.length;
    const name = localName(token.name);
    const isElement = token.kind === 'start' || token.kind === 'empty';
    if (isElement && depth === 0 && name !== 'OAI-PMH') return undefined;
    if (isElement && isLeaf(name, envelope)) {
      const end = endOfElement(text, at);
      const raw = text.slice(at, end);
      if (name === 'record' || name === 'header') {
        const entry = toEntry(raw, name, spaces);
        left -= entry.xml.length;
        if (left < 0) throw new XmlFault('E_RECORD_SYNTAX', 'it declares too many namespaces around its records');
        page.entries.push(entry);
      } else if (name === 'error') page.errors.push({ code: attributeOf(raw, 'code'), message: textOf(raw) });
      else if (name === 'resumptionToken') rest = toRest(raw);
      else page.facts.set(name, textOf(raw));
      at = end;
      continue;
    }
    take(envelope, token, text, at);
    if (token.kind === 'start') spaces.push(declarationsOf(text.slice(at, token.end)));
    if (token.kind === 'end') spaces.pop();
    at = token.end;
  }
  if (envelope.root === undefined) return undefined;
  if (envelope.open.length > 0) throw truncated();
  return { ...page, ...rest };
}

/** What is taken as a whole: `<error>` and the like below the root, records and facts below the verb. */
function isLeaf(name: string, { open }: XmlEnvelope): boolean {
  if (open.length === 1) return ['error', 'responseDate', 'request'].includes(name);
  return open.length === 2;
}

function take(envelope: XmlEnvelope, token: XmlToken, text: string, at: number, maxDepth = MAX_DEPTH): void {
  takeXmlToken(envelope, token, text.slice(at, token.end), at, maxDepth);
}

function tokenAt(text: string, at: number): XmlToken {
  const found = nextXmlToken(text, at);
  if (found === 'more') throw truncated();
  if ('broken' in found) throw new XmlFault('E_RECORD_SYNTAX', `${found.broken} at byte ${String(at)}`);
  return found;
}

function truncated(): XmlFault {
  return new XmlFault('E_RECORD_SYNTAX', 'it ends in the middle');
}

/** Returns the index after the element that begins at `start`, with its tags in pairs. */
function endOfElement(text: string, start: number): number {
  const inner = createXmlEnvelope();
  for (let at = start; ;) {
    const token = tokenAt(text, at);
    take(inner, token, text, at, DEEPEST_RECORD);
    at = token.end;
    if (inner.open.length === 0) return at;
  }
}

function toEntry(raw: string, name: string, around: readonly ReadonlyMap<string, string>[]): OaiEntry {
  const xml = withDeclarations(name === 'header' ? `<record>${raw}</record>` : raw, around);
  try {
    return { header: parseHeader(name === 'header' ? raw : headerIn(raw)), xml };
  } catch (fault) {
    if (fault instanceof XmlFault) return { header: NO_HEADER, xml, fault };
    throw fault;
  }
}

const NO_HEADER: OaiHeader = { identifier: '', datestamp: '', set_spec: [] };

function headerIn(record: string): string {
  for (let at = tokenAt(record, 0).end; at < record.length;) {
    const token = tokenAt(record, at);
    const isElement = token.kind === 'start' || token.kind === 'empty';
    if (isElement && localName(token.name) === 'header') return record.slice(at, endOfElement(record, at));
    at = isElement ? endOfElement(record, at) : token.end;
  }
  throw new XmlFault('E_RECORD_SYNTAX', 'it has no <header>');
}

function parseHeader(raw: string): OaiHeader {
  const values = new Map<string, string[]>();
  for (let at = tokenAt(raw, 0).end; at < raw.length;) {
    const token = tokenAt(raw, at);
    const end = token.kind === 'start' || token.kind === 'empty' ? endOfElement(raw, at) : token.end;
    const name = localName(token.name);
    if (token.kind === 'start') {
      const texts = values.get(name) ?? [];
      texts.push(textOf(raw.slice(at, end)));
      values.set(name, texts);
    }
    at = end;
  }
  const identifier = values.get('identifier')?.[0]?.trim() ?? '';
  if (identifier === '') throw new XmlFault('E_RECORD_SYNTAX', 'its <header> has no <identifier>');
  const status = attributeOf(raw, 'status');
  return {
    identifier,
    datestamp: values.get('datestamp')?.[0]?.trim() ?? '',
    set_spec: (values.get('setSpec') ?? []).map((spec) => spec.trim()),
    ...(status === '' ? {} : { status }),
  };
}

function toRest(raw: string): Pick<OaiPage, 'token' | 'listSize'> {
  const token = textOf(raw).trim();
  const size = attributeOf(raw, 'completeListSize');
  return { ...(token === '' ? {} : { token }), ...(/^\d{1,15}$/.test(size) ? { listSize: Number(size) } : {}) };
}

/** The text of an element that may hold comments and CDATA sections; elements inside of it are passed over. */
function textOf(raw: string): string {
  let text = '';
  for (let at = 0; at < raw.length;) {
    const token = tokenAt(raw, at);
    const written = raw.slice(at, token.end);
    if (token.kind === 'text') text += decodeText(fromBytes(written));
    else if (token.kind === 'cdata') text += decodeCdata(fromBytes(written.slice(9, -3)));
    at = token.end;
  }
  return text;
}

const ATTRIBUTE = /\s([^\s=<>"']+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Returns the attribute of the first tag; an empty text if it has no attribute of this name. */
function attributeOf(raw: string, name: string): string {
  for (const [, found, double, single] of raw.slice(0, tokenAt(raw, 0).end).matchAll(ATTRIBUTE)) {
    if (found === name) return decodeAttribute(fromBytes(double ?? single ?? ''));
  }
  return '';
}

/** `xmlns:dc` → `"http://…"`, in the quotes in which it was written. */
function declarationsOf(tag: string): ReadonlyMap<string, string> {
  const found = [...tag.matchAll(ATTRIBUTE)].filter(([, name = '']) => /^xmlns(:|$)/.test(name));
  return new Map(
    found.map(([, name = '', double, single]) => [name, double === undefined ? `'${single ?? ''}'` : `"${double}"`]),
  );
}

function withDeclarations(xml: string, around: readonly ReadonlyMap<string, string>[]): string {
  const tag = tokenAt(xml, 0);
  const own = declarationsOf(xml.slice(0, tag.end));
  const inherited = new Map(around.flatMap((declarations) => [...declarations]));
  const missing = [...inherited].filter(([name]) => !own.has(name)).map(([name, value]) => ` ${name}=${value}`);
  const afterName = 1 + tag.name.length;
  return `${xml.slice(0, afterName)}${missing.join('')}${xml.slice(afterName)}`;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Throws XmlFault for bytes that are not UTF-8. */
export function fromBytes(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    throw new XmlFault('E_XML_ENCODING', 'it holds bytes that are not UTF-8', error);
  }
}
