/**
 * Decodes character data to text. Only the five entities of XML and numeric references are resolved. An entity that a
 * document declares is never expanded.
 */
import { XmlFault } from './fault.ts';

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** A reference, or an ampersand that begins none. */
const REFERENCE = /&(?:([A-Za-z_][\w.-]*)|#([0-9]+)|#x([0-9A-Fa-f]+));|&/g;

/** What XML 1.0 allows in no form: control characters but tab and line breaks, halves of pairs, two non-characters. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Text between tags. Throws XmlFault. */
export function decodeText(raw: string): string {
  const lines = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
  refuseForbidden(lines);
  if (lines.includes(']]>')) throw new XmlFault('E_RECORD_SYNTAX', 'it holds "]]>" in text');
  return lines.includes('&') ? resolveReferences(lines) : lines;
}

/** The value of an attribute: line breaks and tabs as written are spaces there. Throws XmlFault. */
export function decodeAttribute(raw: string): string {
  const value = raw.replace(/\r\n|[\t\n\r]/g, ' ');
  refuseForbidden(value);
  return value.includes('&') ? resolveReferences(value) : value;
}

/** Returns the content of a CDATA section. Throws XmlFault. */
export function decodeCdata(raw: string): string {
  const text = raw.replace(/\r\n?/g, '\n');
  refuseForbidden(text);
  return text;
}

/**
 * Refuses the same references as `decodeText`, except numbers that are not a character. Used for text that is not kept.
 */
export function refuseReferences(raw: string): void {
  if (!raw.includes('&')) return;
  for (const [, name, decimal, hexadecimal] of raw.matchAll(REFERENCE)) {
    if (name !== undefined) namedCharacter(name);
    else if (decimal === undefined && hexadecimal === undefined) throw noReference();
  }
}

function noReference(): XmlFault {
  return new XmlFault('E_RECORD_SYNTAX', 'it holds an & that begins no reference such as &amp;');
}

function refuseForbidden(text: string): void {
  const found = FORBIDDEN.exec(text)?.[0];
  if (found !== undefined)
    throw new XmlFault('E_RECORD_SYNTAX', `it holds ${codePoint(found.charCodeAt(0))}, which XML does not allow`);
}

/** Characters of a piece that is joined at once. */
const PIECE = 64 * 1024;

/**
 * Match by match: `replace` with a function first collects all matches, some hundred bytes for each. A piece becomes a
 * string of its own, because a long chain of parts takes more memory than the text.
 */
function resolveReferences(text: string): string {
  const pieces: string[] = [];
  let parts: string[] = [];
  let end = 0;
  let joined = 0;
  REFERENCE.lastIndex = 0;
  for (let match = REFERENCE.exec(text); match !== null; match = REFERENCE.exec(text)) {
    parts.push(text.slice(end, match.index), resolveReference(match));
    end = REFERENCE.lastIndex;
    if (end - joined < PIECE) continue;
    pieces.push(parts.join(''));
    parts = [];
    joined = end;
  }
  parts.push(text.slice(end));
  pieces.push(parts.join(''));
  return pieces.join('');
}

function resolveReference([whole, name, decimal, hexadecimal]: RegExpExecArray): string {
  if (name !== undefined) return namedCharacter(name);
  if (decimal !== undefined) return numberedCharacter(Number.parseInt(decimal, 10), whole);
  if (hexadecimal !== undefined) return numberedCharacter(Number.parseInt(hexadecimal, 16), whole);
  throw noReference();
}

function namedCharacter(name: string): string {
  const character = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
  if (character !== undefined) return character;
  throw new XmlFault(
    'E_XML_ENTITY',
    `it refers to the entity &${name.slice(0, 60)};, which XML does not define; entities of a document are never expanded`,
  );
}

function numberedCharacter(code: number, written: string): string {
  const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  if (isCharacter && !FORBIDDEN.test(String.fromCodePoint(code))) return String.fromCodePoint(code);
  throw new XmlFault(
    'E_RECORD_SYNTAX',
    `it holds the reference ${written.slice(0, 60)}, which stands for no character of XML`,
  );
}

function codePoint(code: number): string {
  return `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
