/**
 * The tokens of XML, one at a time: where each begins and ends, and no more. For what the fast parser declines, for
 * what stands around the records, and for finding the end of an element. Works on bytes as a string of one character each.
 */

export type XmlTokenKind = 'text' | 'start' | 'empty' | 'end' | 'comment' | 'cdata' | 'instruction' | 'doctype';

export interface XmlToken {
  readonly kind: XmlTokenKind;
  /** The index behind it. Text may go on behind the end of what is in view. */
  readonly end: number;
  /** Of tags: as it is written. */
  readonly name: string;
  readonly attributes: number;
  /** Of a DOCTYPE: it declares something itself. */
  readonly hasDeclarations: boolean;
}

/** Why there is no token, and the name of the start tag that it should have been. */
export interface BrokenToken {
  readonly broken: string;
  readonly name: string;
}

/** `more` = the token goes on behind what is in view. */
export type XmlTokenResult = XmlToken | BrokenToken | 'more';

const NAME = /[^\s/>="'<]+/y;

export function nextXmlToken(text: string, at: number): XmlTokenResult {
  if (at >= text.length) return 'more';
  if (text[at] !== '<') {
    const less = text.indexOf('<', at);
    return token('text', less < 0 ? text.length : less);
  }
  const second = text[at + 1];
  if (second === undefined) return 'more';
  if (second === '/') return endTag(text, at);
  if (second === '?') return delimited(text, 'instruction', at + 2, '?>');
  if (second === '!') return declaration(text, at);
  return startTag(text, at);
}

function broken(reason: string, name = ''): BrokenToken {
  return { broken: reason, name };
}

function token(kind: XmlTokenKind, end: number, more: Partial<XmlToken> = {}): XmlToken {
  return { kind, end, name: '', attributes: 0, hasDeclarations: false, ...more };
}

function delimited(text: string, kind: XmlTokenKind, from: number, close: string): XmlTokenResult {
  const found = text.indexOf(close, from);
  return found < 0 ? 'more' : token(kind, found + close.length);
}

function declaration(text: string, at: number): XmlTokenResult {
  if (text.startsWith('<!--', at)) return delimited(text, 'comment', at + 4, '-->');
  if (text.startsWith('<![CDATA[', at)) return delimited(text, 'cdata', at + 9, ']]>');
  if (text.startsWith('<!DOCTYPE', at)) return doctype(text, at);
  const isCut = ['<!--', '<![CDATA[', '<!DOCTYPE'].some((mark) => mark.startsWith(text.slice(at)));
  return isCut ? 'more' : broken(`${JSON.stringify(text.slice(at, at + 12))} begins nothing that XML knows`);
}

/** Its end is looked for behind quoted texts; what is between brackets is never read. */
function doctype(text: string, at: number): XmlTokenResult {
  for (let i = at + 9; i < text.length; i++) {
    const char = text[i];
    if (char === '"' || char === "'") {
      i = text.indexOf(char, i + 1);
      if (i < 0) return 'more';
    } else if (char === '[') return token('doctype', i + 1, { hasDeclarations: true });
    else if (char === '>') return token('doctype', i + 1);
  }
  return 'more';
}

function endTag(text: string, at: number): XmlTokenResult {
  const close = text.indexOf('>', at);
  if (close < 0) return 'more';
  const name = text.slice(at + 2, close).trimEnd();
  if (isName(name)) return token('end', close + 1, { name });
  return broken(`${JSON.stringify(text.slice(at, Math.min(close + 1, at + 60)))} is no end tag`);
}

/** A `<` has no place in a tag, quoted or not: where one is left open, the search for its end stops there. */
function startTag(text: string, at: number): XmlTokenResult {
  NAME.lastIndex = at + 1;
  const name = NAME.exec(text)?.[0];
  if (name === undefined || !isName(name)) return broken('a < that begins no tag');
  let attributes = 0;
  let quote: string | undefined;
  for (let i = at + 1 + name.length; i < text.length; i++) {
    const char = text[i];
    if (char === '<') return broken(`the tag <${name.slice(0, 60)} is not closed before the next <`, name);
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
    } else if (char === '"' || char === "'") {
      quote = char;
      attributes++;
    } else if (char === '>') return token(text[i - 1] === '/' ? 'empty' : 'start', i + 1, { name, attributes });
  }
  return 'more';
}

/** No more than that: what else a name may not hold is found by the strict parser. */
function isName(name: string): boolean {
  return /^[A-Za-z_:\u0080-\u00ff][^\s/>="'<&]*$/.test(name);
}
