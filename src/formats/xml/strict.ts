/** One element, by the tokens of XML: slow, for whatever the fast parser does not expect, and the measure of it. */
import { fromUtf8 } from './characters.ts';
import { XmlFault } from './fault.ts';
import {
  addChild,
  attributeKeys,
  finishElement,
  isDeclaration,
  localName,
  type WantedElements,
  type XmlObject,
} from './object.ts';
import { decodeAttribute, decodeCdata, decodeText, refuseReferences } from './text.ts';
import { attributesOf, nextXmlToken, type XmlToken } from './tokens.ts';

interface OpenElement {
  /** As bytes. */
  readonly name: string;
  readonly wanted: WantedElements | undefined;
  /** Nothing of it is kept: its tags and references are proven all the same. */
  readonly isSkipped: boolean;
  object: XmlObject | undefined;
  text: string | undefined;
}

/** The value of the one element that `bytes` is: UTF-8, one character each. Throws XmlFault for what is not well-formed. */
export function parseXmlStrictly(bytes: string, wanted?: WantedElements): unknown {
  const open: OpenElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const token = tokenAt(bytes, at);
    const raw = bytes.slice(at, token.end);
    at = token.end;
    if (token.kind === 'start' || token.kind === 'empty') open.push(openElement(token, raw, open.at(-1), wanted));
    const top = open.at(-1);
    if (top === undefined) throw new XmlFault('E_RECORD_SYNTAX', 'it is not one element');
    if (token.kind === 'text') takeText(top, raw);
    if (token.kind === 'cdata' && !top.isSkipped) top.text = (top.text ?? '') + decodeCdata(fromUtf8(raw.slice(9, -3)));
    if (token.kind === 'comment' || token.kind === 'instruction') refuseCharacters(raw, token.kind);
    if (token.kind === 'end' && top.name !== token.name) throw new XmlFault('E_RECORD_SYNTAX', 'its tags do not match');
    if (token.kind !== 'end' && token.kind !== 'empty') continue;
    const value = close(open);
    if (open.length > 0) continue;
    if (at < bytes.length) throw new XmlFault('E_RECORD_SYNTAX', 'it is not one element');
    return value;
  }
  throw new XmlFault('E_RECORD_SYNTAX', 'it ends in the middle');
}

function takeText(element: OpenElement, raw: string): void {
  if (element.isSkipped) refuseReferences(raw);
  else element.text = (element.text ?? '') + decodeText(fromUtf8(raw));
}

/** Closes the innermost element, and gives its value. */
function close(open: OpenElement[]): unknown {
  const element = open.pop();
  if (element === undefined || element.isSkipped) return undefined;
  const value = finishElement(element.object, element.text);
  const parent = open.at(-1);
  if (parent !== undefined) addChild((parent.object ??= {}), keyOf(element.name), value);
  return value;
}

function tokenAt(bytes: string, at: number): XmlToken {
  const token = nextXmlToken(bytes, at);
  if (token === 'more') throw new XmlFault('E_RECORD_SYNTAX', 'it ends in the middle');
  if ('broken' in token) throw new XmlFault('E_RECORD_SYNTAX', token.broken);
  return token;
}

function openElement(
  token: XmlToken,
  raw: string,
  parent: OpenElement | undefined,
  wantedOfRoot: WantedElements | undefined,
): OpenElement {
  const key = keyOf(token.name);
  const isSkipped =
    parent !== undefined && (parent.isSkipped || (parent.wanted !== undefined && !parent.wanted.children.has(key)));
  const wanted = parent === undefined ? wantedOfRoot : isSkipped ? undefined : parent.wanted?.children.get(key);
  const attributes = toAttributes(raw, !isSkipped);
  const object = wanted !== undefined && !isSkipped ? (attributes ?? {}) : attributes;
  return { name: token.name, wanted, isSkipped, object, text: undefined };
}

function toAttributes(raw: string, isKept: boolean): XmlObject | undefined {
  const written = attributesOf(raw);
  const names = written.map(([name]) => fromUtf8(name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new XmlFault('E_RECORD_SYNTAX', `it has the attribute ${twice.slice(0, 60)} twice in one tag`);
  const kept: (readonly [name: string, value: string])[] = [];
  for (const [i, [, value]] of written.entries()) {
    const name = names[i] ?? '';
    if (!isKept || isDeclaration(name)) refuseReferences(value);
    else kept.push([name, decodeAttribute(fromUtf8(value))]);
  }
  if (kept.length === 0) return undefined;
  const keys = attributeKeys(kept.map(([name]) => name));
  return Object.fromEntries(kept.map(([, value], i) => [keys[i] ?? '', value]));
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

function keyOf(name: string): string {
  return localName(fromUtf8(name));
}
