/**
 * The text of a document of RDF: by its byte order mark, else by its XML declaration, else UTF-8. Bytes that do not fit
 * become U+FFFD, and `hasBadBytes` says so: the statements around them are still of use.
 */
import { quote } from '../../clip.ts';
import { isUtf8 } from 'node:buffer';
import { SourceError } from '../../errors.ts';
import { firstBytes } from '../bytes/sniff-content.ts';
import { decodeWestern } from '../xml/encoding.ts';

export interface RdfText {
  /** The first characters, at most a few thousand. */
  readonly start: string;
  /** All the text, the first characters included. To be read once. */
  readonly chunks: AsyncIterable<string>;
  /** Whether bytes were found that are not of the encoding, in what was read so far. */
  hasBadBytes(): boolean;
  /** White space before an XML declaration was left out. */
  readonly hasBlankStart: boolean;
}

const SNIFFED = 4096;
const REPLACEMENT = '\ufffd';

export async function openRdfText(source: AsyncIterable<Buffer>, name: string): Promise<RdfText> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let isEnded = false;
  while (head.length < SNIFFED && !isEnded) {
    const next = await iterator.next();
    if (next.done === true) isEnded = true;
    else head = Buffer.concat([head, next.value]);
  }
  const decoder = decoderOf(head, name);
  const checkUtf8 = decoder.encoding === 'utf-8' ? createUtf8Check() : undefined;
  let isBad = false;
  const decode = (bytes: Buffer, isLast: boolean): string => {
    const text = decoder.decode(bytes, { stream: !isLast });
    isBad ||= checkUtf8 === undefined ? text.includes(REPLACEMENT) : !checkUtf8(bytes, isLast);
    return text;
  };
  const decoded = decode(head, isEnded);
  // White space and a mark have no place before a declaration.
  const first = decoded.replace(/^[\ufeff\s]+(?=<\?xml\s)/, '');
  return {
    start: first.slice(0, SNIFFED),
    chunks: restOf(iterator, first, isEnded, decode),
    hasBadBytes: () => isBad,
    hasBlankStart: first !== decoded,
  };
}

/** Whether bytes are UTF-8, however they are cut: a document may hold U+FFFD by itself. */
function createUtf8Check(): (bytes: Buffer, isLast: boolean) => boolean {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes, isLast) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const end = isLast ? all.length : wholeCharacters(all);
    rest = Buffer.from(all.subarray(end));
    return isUtf8(all.subarray(0, end));
  };
}

/** Returns the length without an incomplete character at the end. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (size > 0) return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

async function* restOf(
  iterator: AsyncIterator<Buffer>,
  first: string,
  isEnded: boolean,
  decode: (bytes: Buffer, isLast: boolean) => string,
): AsyncGenerator<string, void, undefined> {
  try {
    yield first;
    while (!isEnded) {
      const next = await iterator.next();
      if (next.done === true) break;
      yield decode(next.value, false);
    }
    if (!isEnded) yield decode(Buffer.alloc(0), true);
  } finally {
    await iterator.return?.();
  }
}

interface Decoder {
  /** As the web names it. */
  readonly encoding: string;
  decode(bytes: Buffer, options: { readonly stream: boolean }): string;
}

function decoderOf(head: Buffer, name: string): Decoder {
  const label = markOf(head) ?? declaredEncoding(head) ?? 'utf-8';
  try {
    const decoder = new TextDecoder(label);
    if (decoder.encoding !== 'windows-1252') return decoder;
    return { encoding: decoder.encoding, decode: (bytes) => decodeWestern(bytes).toString('utf8') };
  } catch (cause) {
    throw new SourceError(
      'E_RDF_SYNTAX',
      `${name} declares the encoding ${quote(label)}, which is not known; expected one such as UTF-8. It begins with ${firstBytes(head)}. Report it to the source.`,
      { cause, details: { resource: name, encoding: label } },
    );
  }
}

function markOf(head: Buffer): string | undefined {
  const [a, b] = head;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  // An XML document in UTF-16 may leave its mark out: it begins with "<" in two bytes.
  if (a === 0x3c && b === 0) return 'utf-16le';
  return a === 0 && b === 0x3c ? 'utf-16be' : undefined;
}

function declaredEncoding(head: Buffer): string | undefined {
  const declaration = /^(?:\xef\xbb\xbf)?\s*(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\bencoding\s*=\s*["']([^"']+)["']/.exec(
    head.toString('latin1', 0, 400),
  );
  const label = declaration?.[1];
  // Text that declares UTF-16 and can be read here is not in UTF-16.
  return label !== undefined && /^utf-?16/i.test(label) ? undefined : label;
}
