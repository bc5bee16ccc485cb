/**
 * Finds the tokens of XML one at a time, with their start and end. It is used for records that the fast parser
 * declines, for the text around the records, and to find the end of an element. It works on bytes as a string with one
 * character for each.
 */

import { isXmlDeclaration, isXmlName } from './characters.ts';

type XmlTokenKind = 'text' | 'start' | 'empty' | 'end' | 'comment' | 'cdata' | 'instruction' | 'doctype';

export type XmlAttribute = readonly [name: string, value: string];

export interface XmlToken {
  readonly kind: XmlTokenKind;
  /** The index after it. Text may continue after the view. */
  readonly end: number;
  /** The name of a tag, as written. */
  readonly name: string;
  /** Those of a start tag, as they are written. */
  readonly attributes: readonly XmlAttribute[];
  /** True if a DOCTYPE has declarations. */
  readonly hasDeclarations: boolean;
}

/** Why there is no token, and the name of the start tag that it should have been. */
export interface BrokenToken {
  readonly broken: string;
  readonly name: string;
  /** The index after the tag, where it ends with `/>`: then the element is known to end there. */
  readonly emptyEnd?: number;
}

/** `more` means that the token continues after the view. */
export type XmlTokenResult = XmlToken | BrokenToken | 'more';

export function nextXmlToken(text: string, at: number): XmlTokenResult {
  if (at >= text.length) return 'more';
  if (text[at] !== '<') {
    const less = text.indexOf('<', at);
    return less < 0 ? openText(text, at) : token('text', less);
  }
  const second = text[at + 1];
  if (second === undefined) return 'more';
  if (second === '/') return endTag(text, at);
  if (second === '?') return instruction(text, at);
  if (second === '!') return declaration(text, at);
  return startTag(text, at);
}

/** Text up to the end of the view, without the start of a "]]>", a character or a reference that may continue there. */
function openText(text: string, at: number): XmlTokenResult {
  let end = text.length - cutCharacter(text);
  while (end > at && end > text.length - 2 && text[end - 1] === ']') end--;
  const reference = text.lastIndexOf('&');
  const isCut = reference >= at && text.length - reference < LONGEST_REFERENCE && !text.includes(';', reference);
  if (isCut) end = Math.min(end, reference);
  return end <= at ? 'more' : token('text', end);
}

/** An & that no ; follows for longer begins no reference. */
const LONGEST_REFERENCE = 128;

/** How many bytes at the end begin a character of UTF-8 and do not end it. */
function cutCharacter(text: string): number {
  for (let count = 1; count <= 3; count++) {
    const code = text.charCodeAt(text.length - count);
    if (code < 0x80) return 0;
    if (code >= 0xc0) return (code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2) > count ? count : 0;
  }
  return 0;
}

function broken(reason: string, name = ''): BrokenToken {
  return { broken: reason, name };
}

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];

function token(
  kind: XmlTokenKind,
  end: number,
  name = '',
  attributes: readonly XmlAttribute[] = NO_ATTRIBUTES,
  hasDeclarations = false,
): XmlToken {
  return { kind, end, name, attributes, hasDeclarations };
}

function delimited(text: string, kind: XmlTokenKind, from: number, close: string): XmlTokenResult {
  const found = text.indexOf(close, from);
  return found < 0 ? 'more' : token(kind, found + close.length);
}

/** `<?xml …?>` is one too; whether it has its place there, the caller says. */
function instruction(text: string, at: number): XmlTokenResult {
  const found = delimited(text, 'instruction', at + 2, '?>');
  if (found === 'more' || 'broken' in found) return found;
  const target = /^[^ \t\r\n?]*/.exec(text.slice(at + 2, found.end - 2))?.[0] ?? '';
  if (target === 'xml')
    return isXmlDeclaration(text.slice(at, found.end)) ? found : broken('an XML declaration that is not well-formed');
  const after = text[at + 2 + target.length];
  const isNamed =
    isXmlName(target) && !/^xml$/i.test(target) && (after !== '?' || at + 2 + target.length === found.end - 2);
  return isNamed ? found : broken(`a processing instruction without a valid name`);
}

/** Two hyphens may only end a comment. */
function comment(text: string, at: number): XmlTokenResult {
  const hyphens = text.indexOf('--', at + 4);
  if (hyphens < 0 || hyphens + 2 >= text.length) return 'more';
  if (text[hyphens + 2] === '>') return token('comment', hyphens + 3);
  return broken('"--" inside a comment');
}

function declaration(text: string, at: number): XmlTokenResult {
  if (text.startsWith('<!--', at)) return comment(text, at);
  if (text.startsWith('<![CDATA[', at)) return delimited(text, 'cdata', at + 9, ']]>');
  if (text.startsWith('<!DOCTYPE', at)) return doctype(text, at);
  const isCut = ['<!--', '<![CDATA[', '<!DOCTYPE'].some((mark) => mark.startsWith(text.slice(at)));
  return isCut ? 'more' : broken(`${JSON.stringify(text.slice(at, at + 12))} begins nothing that XML knows`);
}

/** Its end is searched after quoted text; the text between brackets is not parsed. */
function doctype(text: string, at: number): XmlTokenResult {
  for (let i = at + 9; i < text.length; i++) {
    const char = text[i];
    if (char === '"' || char === "'") {
      i = text.indexOf(char, i + 1);
      if (i < 0) return 'more';
    } else if (char === '[') return token('doctype', i + 1, '', NO_ATTRIBUTES, true);
    else if (char === '>')
      return isDoctype(text.slice(at, i)) ? token('doctype', i + 1) : broken('a DOCTYPE that is not well-formed');
  }
  return 'more';
}

const DOCTYPE =
  /^<!DOCTYPE[ \t\r\n]+([^ \t\r\n"'<>]+)(?:[ \t\r\n]+(?:SYSTEM|PUBLIC[ \t\r\n]+(?:"[-a-zA-Z0-9 \r\n'()+,./:=?;!*#@$_%]*"|'[-a-zA-Z0-9 \r\n()+,./:=?;!*#@$_%]*'))[ \t\r\n]+(?:"[^"]*"|'[^']*'))?[ \t\r\n]*$/;

/** One that declares nothing, without its `>`. */
function isDoctype(raw: string): boolean {
  return isXmlName(DOCTYPE.exec(raw)?.[1] ?? '');
}

function endTag(text: string, at: number): XmlTokenResult {
  const close = text.indexOf('>', at);
  if (close < 0) return 'more';
  let end = close;
  while (end > at + 2 && isSpace(text.charCodeAt(end - 1))) end--;
  const name = text.slice(at + 2, end);
  if (isXmlName(name)) return token('end', close + 1, name);
  return broken(`${JSON.stringify(text.slice(at, Math.min(close + 1, at + 60)))} is no end tag`);
}

/** A `<` has no place in a tag, quoted or not: where one is left open, the search for its end stops there. */
function startTag(text: string, at: number): XmlTokenResult {
  const found = readStartTag(text, at);
  if (found === 'more' || !('broken' in found)) return found;
  const close = text.indexOf('>', at);
  const less = text.indexOf('<', at + 1);
  if (close < 0 && less < 0) return 'more';
  const isEmpty = close >= 0 && (less < 0 || close < less) && text[close - 1] === '/';
  return isEmpty ? { ...found, emptyEnd: close + 1 } : found;
}

function readStartTag(text: string, at: number): XmlTokenResult {
  const name = nameAt(text, at + 1);
  let i = at + 1 + name.length;
  if (i >= text.length) return 'more';
  if (!isXmlName(name)) return broken('a < that begins no tag', beginsName(name) ? name : '');
  const fault = (reason: string): BrokenToken => broken(`${reason} in the tag <${name.slice(0, 60)}`, name);
  const unclosed = broken(`the tag <${name.slice(0, 60)} is not closed before the next <`, name);
  // One search for the whole tag: no value may hold a <.
  const less = text.indexOf('<', i);
  const attributes: XmlAttribute[] = [];
  for (;;) {
    const gap = spaceAt(text, i);
    i += gap;
    const char = text[i];
    if (char === undefined || (char === '/' && i + 1 >= text.length)) return 'more';
    if (char === '>') return token('start', i + 1, name, attributes);
    if (char === '/' && text[i + 1] === '>') return token('empty', i + 2, name, attributes);
    if (char === '<') return unclosed;
    const attribute = nameAt(text, i);
    if (i + attribute.length >= text.length) return 'more';
    if (gap === 0) return fault('no white space before an attribute');
    if (!isXmlName(attribute))
      return text[i + attribute.length] === '<' ? unclosed : fault('an invalid name of an attribute');
    i += attribute.length;
    i += spaceAt(text, i);
    if (text[i] === undefined) return 'more';
    if (text[i] === '<') return unclosed;
    if (text[i] !== '=') return fault('an attribute without a value');
    i += 1;
    i += spaceAt(text, i);
    const quote = text[i];
    if (quote === undefined) return 'more';
    if (quote !== '"' && quote !== "'") return quote === '<' ? unclosed : fault('a value without quotes');
    const close = text.indexOf(quote, i + 1);
    if (less >= 0 && (close < 0 || less < close)) return unclosed;
    if (close < 0) return 'more';
    attributes.push([attribute, text.slice(i + 1, close)]);
    i = close + 1;
  }
}

function nameAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && !ENDS_NAME.has(text.charCodeAt(end))) end++;
  return text.slice(at, end);
}

function spaceAt(text: string, at: number): number {
  let end = at;
  while (isSpace(text.charCodeAt(end))) end++;
  return end - at;
}

/** White space of XML alone: of names beyond ASCII, some bytes are white space to a regular expression. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

const ENDS_NAME: ReadonlySet<number> = new Set(Array.from(' \t\r\n/>="\'<', (char) => char.charCodeAt(0)));

/** A tag that was meant to have a name, so that the record that it begins is known by it. */
function beginsName(name: string): boolean {
  return /^[A-Za-z_\x80-\xff]/.test(name);
}
