/**
 * The bytes of an XML document in UTF-8, whatever it is written in. The encoding is that of its byte order mark, else
 * the declared one, else UTF-8; a mark and a declaration that contradict one another are refused, as are bytes that are
 * not what is declared. Bytes that are UTF-8 already pass through; whether they really are is seen with each record.
 */
import { TextDecoder } from 'node:util';
import { XmlFault } from './fault.ts';

/** Longer declarations are nobody's. */
const HEAD = 1024;

interface Encoding {
  /** In lower case. */
  readonly name: string;
  /** Bytes of the byte order mark. */
  readonly mark: number;
}

/**
 * `onBlank` is called where white space comes before the XML declaration: it is left out, for a declaration has to come
 * first. Throws XmlFault E_XML_ENCODING.
 */
export async function* toUtf8(
  source: AsyncIterable<Buffer>,
  onBlank?: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let decode: Decode | undefined;
  const begin = (all: Buffer): Buffer => {
    const start = withoutBlank(all);
    if (start !== all) onBlank?.();
    const encoding = detect(start);
    decode = createDecoder(encoding.name);
    const rest = start.subarray(encoding.mark);
    return decode === undefined ? rest : decode(rest, false);
  };
  for await (const chunk of source) {
    if (head === undefined) {
      yield decode === undefined ? chunk : decode(chunk, false);
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (!isEnough(head)) continue;
    yield begin(head);
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield begin(head);
  if (decode !== undefined) yield decode(Buffer.alloc(0), true);
}

/** The warning for `onBlank`. */
export function blankBefore(name: string): { readonly code: string; readonly message: string } {
  return {
    code: 'W_XML_BLANK_START',
    message: `${name} has white space before its XML declaration, which XML does not allow. It is left out.`,
  };
}

/** White space before a declaration is of a template, a few lines. */
const MOST_BLANK = 64 * 1024;

function isEnough(head: Buffer): boolean {
  if (head.length >= MOST_BLANK) return true;
  const first = head.findIndex((byte) => !isBlankByte(byte));
  return first >= 0 && (head.length - first >= HEAD || head.includes('>', first));
}

/** Skips a byte order mark and white space, in one byte or two. */
function isBlankByte(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0 || byte >= 0xbb;
}

/** A mark, white space and another mark, before the declaration, as bytes of one character each. */
const BLANK = /^(\xef\xbb\xbf)?[ \t\r\n]+(\xef\xbb\xbf)?(?=<\?xml[ \t\r\n])|^(\xef\xbb\xbf){2,}/;
const BLANK_LE = /^(\xff\xfe)?(?:[ \t\r\n]\0)+(\xff\xfe)?(?=<\0\?\0x\0m\0l\0)/;
const BLANK_BE = /^(\xfe\xff)?(?:\0[ \t\r\n])+(\xfe\xff)?(?=\0<\0\?\0x\0m\0l)/;

/** The same bytes where nothing comes before the declaration; the mark stays. */
function withoutBlank(head: Buffer): Buffer {
  const text = head.toString('latin1');
  const found = BLANK.exec(text) ?? BLANK_LE.exec(text) ?? BLANK_BE.exec(text);
  if (found === null) return head;
  const mark = found[1] ?? found[2] ?? found[3] ?? '';
  return Buffer.concat([Buffer.from(mark, 'latin1'), head.subarray(found[0].length)]);
}

function detect(head: Buffer): Encoding {
  const found = byMark(head);
  const text = found === undefined ? head.toString('latin1', 0, HEAD) : startAs(head, found);
  const declared = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.:-]*)["']/
    .exec(text.replace(/^\ufeff/, ''))?.[1]
    ?.toLowerCase();
  if (found === undefined) {
    if (declared?.startsWith('utf-16') === true) throw contradiction(declared, 'not written in two bytes a character');
    return { name: declared ?? 'utf-8', mark: 0 };
  }
  const family = found.name.startsWith('utf-16') ? /^utf-16(le|be)?$/ : /^utf-?8$/;
  if (declared !== undefined && !family.test(declared))
    throw contradiction(declared, `marked as ${found.name.toUpperCase()}`);
  return found;
}

/** By the byte order mark, or by how `<?` is written in two bytes each. */
function byMark(head: Buffer): Encoding | undefined {
  const start = head.toString('hex', 0, 4);
  if (start === 'fffe0000' || start === '0000feff') {
    throw encodingFault('it is written in UTF-32, which is not read');
  }
  if (start.startsWith('efbbbf')) return { name: 'utf-8', mark: 3 };
  if (start.startsWith('fffe')) return { name: 'utf-16le', mark: 2 };
  if (start.startsWith('feff')) return { name: 'utf-16be', mark: 2 };
  if (start === '3c003f00') return { name: 'utf-16le', mark: 0 };
  if (start === '003c003f') return { name: 'utf-16be', mark: 0 };
  return undefined;
}

function startAs(head: Buffer, { name, mark }: Encoding): string {
  const even = head.subarray(mark, mark + HEAD - (HEAD % 2));
  return new TextDecoder(name).decode(even);
}

function contradiction(declared: string, found: string): XmlFault {
  return encodingFault(`it declares the encoding ${declared}, but it is ${found}`);
}

type Decode = (chunk: Buffer, isLast: boolean) => Buffer;

/** Undefined where the bytes are UTF-8 already. */
function createDecoder(name: string): Decode | undefined {
  if (name === 'utf-8' || name === 'utf8') return undefined;
  if (name === 'us-ascii' || name === 'ascii') return decodeAscii;
  if (/^(iso-8859-1|iso8859-1|latin1|windows-1252|cp1252)$/.test(name)) return decodeWestern;
  const decoder = createTextDecoder(name);
  return (chunk, isLast) => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: !isLast }), 'utf8');
    } catch (error) {
      throw encodingFault(`it holds bytes that are not ${name}, its encoding`, error);
    }
  };
}

function createTextDecoder(name: string): TextDecoder {
  try {
    return new TextDecoder(name, { fatal: true });
  } catch (error) {
    throw encodingFault(`it declares the encoding ${name.slice(0, 60)}, which is not known`, error);
  }
}

function decodeAscii(chunk: Buffer): Buffer {
  if (chunk.every((byte) => byte < 0x80)) return chunk;
  throw encodingFault('it declares the encoding us-ascii, but it holds bytes above 127');
}

/** What Windows-1252 has where ISO-8859-1 has control characters that nobody writes: the dashes and quotes of Windows. */
const WESTERN = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Not TextDecoder: releases of Node differ in what they make of the bytes from 0x80 to 0x9f. */
export function decodeWestern(chunk: Buffer): Buffer {
  const text = chunk.toString('latin1');
  return Buffer.from(
    text.replace(/[\u0080-\u009f]/g, (character) => WESTERN.charAt(character.charCodeAt(0) - 0x80)),
    'utf8',
  );
}

function encodingFault(reason: string, cause?: unknown): XmlFault {
  const fault = new XmlFault('E_XML_ENCODING', reason, cause);
  fault.endsDocument = true;
  return fault;
}
