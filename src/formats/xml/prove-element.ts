/**
 * Proves that one element is well-formed, token by token, and writes it down for fast-xml-parser. The copy has what is
 * kept and nothing else: no comments, instructions, declarations of namespaces or elements that are not wanted.
 *
 * Three things differ from the source, because fast-xml-parser would read them in another way:
 * - Names begin with NAME_MARK, so that none is one that it renames or refuses, such as `constructor`.
 * - The two letters that are white space to JavaScript are replaced in names.
 * - A text is one piece, and a long one is a CDATA section: of other text it makes one string for each character.
 */
import { fromUtf8 } from './characters.ts';
import { XmlFault } from './fault.ts';
import { isDeclaration, localName, type WantedElements } from './object.ts';
import { decodeAttribute, decodeCdata, decodeText, refuseReferences } from './text.ts';
import { nextXmlToken, type XmlAttribute, type XmlToken } from './tokens.ts';

interface OpenElement {
  /** As bytes. */
  readonly name: string;
  readonly wanted: WantedElements | undefined;
  /** Nothing of it is kept. Its tags and references are checked all the same. */
  readonly isSkipped: boolean;
}

/** A part of the copy, as a document. Together the parts take little memory as trees, whatever the size of the element. */
export interface ProvenPart {
  readonly document: string;
  /** How many elements, from the root inwards, began in an earlier part. Each is the first node of the one around it. */
  readonly continued: number;
  /** How many elements, from the root inwards, end in a later part. Each is the last node of the one around it. */
  readonly unfinished: number;
}

interface Copy {
  parts: string[];
  length: number;
  continued: number;
  /** The text since the last tag that is kept, with references in place of what CDATA sections hold. */
  text: string | undefined;
}

/** As a tree of fast-xml-parser, short elements take 20 times as much memory. */
const PART_CHARACTERS = 64 * 1024;

/** The copy of the one element that `bytes` is: UTF-8, one character each. Throws XmlFault where it is not well-formed. */
export function* proveElement(
  bytes: string,
  wanted: WantedElements | undefined,
): Generator<ProvenPart, void, undefined> {
  const open: OpenElement[] = [];
  const copy: Copy = { parts: [], length: 0, continued: 0, text: undefined };
  for (let at = 0; at < bytes.length;) {
    const token = tokenAt(bytes, at);
    const raw = bytes.slice(at, token.end);
    at = token.end;
    if (token.kind === 'start' || token.kind === 'empty') open.push(openElement(copy, token, open.at(-1), wanted));
    const top = open.at(-1);
    if (top === undefined) throw new XmlFault('E_RECORD_SYNTAX', 'it is not one element');
    takeContent(copy, top, token, raw);
    if (token.kind === 'end' || token.kind === 'empty') open.pop();
    if (token.kind === 'end' && !top.isSkipped) write(copy, `</${writtenName(fromUtf8(token.name))}>`);
    if (open.length === 0 && at < bytes.length) throw new XmlFault('E_RECORD_SYNTAX', 'it is not one element');
    if (open.length === 0 || copy.length >= PART_CHARACTERS) yield takePart(copy, open);
    if (open.length === 0) return;
  }
  throw new XmlFault('E_RECORD_SYNTAX', 'it ends in the middle');
}

/** Ends the part: the elements that are open are closed in it, and opened in the next one. */
function takePart(copy: Copy, open: readonly OpenElement[]): ProvenPart {
  const names = open.filter(({ isSkipped }) => !isSkipped).map(({ name }) => writtenName(fromUtf8(name)));
  const ends = names.map((name) => `</${name}>`).reverse();
  const part = {
    document: [...copy.parts, ...ends].join(''),
    continued: copy.continued,
    unfinished: names.length,
  };
  copy.parts = names.map((name) => `<${name}>`);
  copy.length = 0;
  copy.continued = names.length;
  return part;
}

function tokenAt(bytes: string, at: number): XmlToken {
  const token = nextXmlToken(bytes, at);
  if (token === 'more') throw new XmlFault('E_RECORD_SYNTAX', 'it ends in the middle');
  if ('broken' in token) throw new XmlFault('E_RECORD_SYNTAX', token.broken);
  return token;
}

function takeContent(copy: Copy, element: OpenElement, token: XmlToken, raw: string): void {
  if (token.kind === 'text') {
    if (element.isSkipped) refuseReferences(raw);
    else addText(copy, proven(raw, decodeText));
  }
  if (token.kind === 'cdata' && !element.isSkipped)
    addText(copy, proven(raw.slice(9, -3), decodeCdata).replaceAll('&', '&amp;').replaceAll('<', '&lt;'));
  if (token.kind === 'comment' || token.kind === 'instruction') refuseCharacters(raw, token.kind);
  if (token.kind === 'end' && element.name !== token.name)
    throw new XmlFault('E_RECORD_SYNTAX', 'its tags do not match');
}

/** The text as it is written, once `decode` has found nothing wrong with it. */
function proven(raw: string, decode: (text: string) => string): string {
  const text = fromUtf8(raw);
  decode(text);
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function openElement(
  copy: Copy,
  token: XmlToken,
  parent: OpenElement | undefined,
  wantedOfRoot: WantedElements | undefined,
): OpenElement {
  const name = fromUtf8(token.name);
  const key = localName(name);
  const isSkipped =
    parent !== undefined && (parent.isSkipped || (parent.wanted !== undefined && !parent.wanted.children.has(key)));
  const wanted = parent === undefined ? wantedOfRoot : isSkipped ? undefined : parent.wanted?.children.get(key);
  const attributes = proveAttributes(token.attributes, !isSkipped);
  if (!isSkipped) write(copy, `<${writtenName(name)}${attributes}${token.kind === 'empty' ? '/>' : '>'}`);
  return { name: token.name, wanted, isSkipped };
}

/** The attributes for the copy. */
function proveAttributes(found: readonly XmlAttribute[], isKept: boolean): string {
  const names = found.map(([name]) => fromUtf8(name));
  if (new Set(names).size < names.length) {
    const twice = names.find((name, i) => names.indexOf(name) !== i) ?? '';
    throw new XmlFault('E_RECORD_SYNTAX', `it has the attribute ${twice.slice(0, 60)} twice in one tag`);
  }
  let attributes = '';
  for (const [i, [, value]] of found.entries()) {
    const name = names[i] ?? '';
    if (!isKept || isDeclaration(name)) {
      refuseReferences(value);
      continue;
    }
    const quote = value.includes('"') ? "'" : '"';
    attributes += ` ${writtenName(name)}=${quote}${proven(value, decodeAttribute)}${quote}`;
  }
  return attributes;
}

/** They are left out, but control characters are not XML there either. */
function refuseCharacters(raw: string, kind: string): void {
  if (/^<\?xml[ \t\r\n]/.test(raw)) throw new XmlFault('E_RECORD_SYNTAX', 'an XML declaration stands inside it');
  try {
    decodeCdata(fromUtf8(raw));
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    throw new XmlFault(error.code, `${error.message}, in ${kind === 'comment' ? 'a comment' : 'an instruction'}`);
  }
}

/** No name of XML begins with it. */
const NAME_MARK = '.';

/** Two letters of XML names that fast-xml-parser treats as white space, and characters that no name contains. */
const OGHAM_SPACE = '\u1680';
const ZERO_WIDTH_SPACE = '\ufeff';
const OGHAM_SUBSTITUTE = '\ue000';
const ZERO_WIDTH_SUBSTITUTE = '\ue001';
const REPLACED = new RegExp(`[${OGHAM_SPACE}${ZERO_WIDTH_SPACE}]`);

function writtenName(name: string): string {
  if (!REPLACED.test(name)) return NAME_MARK + name;
  return NAME_MARK + name.replaceAll(OGHAM_SPACE, OGHAM_SUBSTITUTE).replaceAll(ZERO_WIDTH_SPACE, ZERO_WIDTH_SUBSTITUTE);
}

/** The name in the source, from the one in the copy. */
export function sourceName(written: string): string {
  const name = written.slice(NAME_MARK.length);
  return name.replaceAll(OGHAM_SUBSTITUTE, OGHAM_SPACE).replaceAll(ZERO_WIDTH_SUBSTITUTE, ZERO_WIDTH_SPACE);
}

/** Longer texts are CDATA sections in the copy. */
const LONGEST_PLAIN_TEXT = 256;

function addText(copy: Copy, text: string): void {
  copy.text = (copy.text ?? '') + text;
}

function write(copy: Copy, tag: string): void {
  const { text } = copy;
  if (text !== undefined) {
    copy.text = undefined;
    // Two pieces, such as `]]` and `>` around a comment, may have become the end of a CDATA section.
    const whole = text.includes(']]>') ? text.replaceAll(']]>', ']]&gt;') : text;
    copy.parts.push(whole !== '' && whole.length <= LONGEST_PLAIN_TEXT ? whole : `<![CDATA[${whole}]]>`);
    copy.length += whole.length;
  }
  copy.parts.push(tag);
  copy.length += tag.length;
}
