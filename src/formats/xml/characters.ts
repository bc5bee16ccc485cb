/**
 * The names and the declaration of XML 1.0, fifth edition. Views of documents have one character for each byte of
 * UTF-8.
 */
import { isUtf8 } from 'node:buffer';

const START = String.raw`A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\u{10000}-\u{effff}`;
const MORE = String.raw`.\-0-9\u00b7\u0300-\u036f\u203f\u2040`;
const NAME = new RegExp(`^[:${START}][:${START}${MORE}]*$`, 'u');
const PREFIXED = new RegExp(`^(?:[${START}][${START}${MORE}]*:)?[${START}][${START}${MORE}]*$`, 'u');
const BEYOND_ASCII = /[\x80-\xff]/;
const ASCII_NAME = /^[A-Za-z_:][A-Za-z0-9_:.-]*$/;

/** Returns whether bytes are a valid XML name. */
export function isXmlName(bytes: string): boolean {
  if (ASCII_NAME.test(bytes)) return true;
  if (!BEYOND_ASCII.test(bytes)) return false;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) && NAME.test(buffer.toString('utf8'));
}

/** Whether a text of a config names an element, with a prefix or without. */
export function isElementName(text: string): boolean {
  return PREFIXED.test(text);
}

/** Bytes that are known to be UTF-8, as text. */
export function fromUtf8(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

const EQUALS = String.raw`[ \t\r\n]*=[ \t\r\n]*`;
const DECLARATION = new RegExp(
  `^<\\?xml[ \\t\\r\\n]+version${EQUALS}(?:"1\\.[0-9]+"|'1\\.[0-9]+')` +
    `(?:[ \\t\\r\\n]+encoding${EQUALS}(?:"[A-Za-z][A-Za-z0-9._-]*"|'[A-Za-z][A-Za-z0-9._-]*'))?` +
    `(?:[ \\t\\r\\n]+standalone${EQUALS}(?:"(?:yes|no)"|'(?:yes|no)'))?[ \\t\\r\\n]*\\?>$`,
);

export function isXmlDeclaration(raw: string): boolean {
  return DECLARATION.test(raw);
}
