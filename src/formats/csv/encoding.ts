/** Converts the bytes of a table from any encoding to UTF-8. */
import { SourceError, messageOf } from '../../errors.ts';
import { decodeWestern } from '../xml/encoding.ts';

const HEAD = 4;

/** In the order of the mark of UTF-32, which begins like that of UTF-16. */
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-32le', [0xff, 0xfe, 0x00, 0x00]],
  ['utf-32be', [0x00, 0x00, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['utf-8', [0xef, 0xbb, 0xbf]],
];

/**
 * Maps Python's encoding names to those of the web. `utf-16` and `utf-32` mean both byte orders. Returns undefined for
 * an unknown name.
 */
export function toEncodingLabel(name: string): string | undefined {
  const label = name
    .trim()
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(?:utf-?|u)(16|32)(?:-?([bl]e))?$/, 'utf-$1$2');
  if (/^utf-(?:16|32(?:[bl]e)?)$/.test(label)) return label;
  if (/^(utf-?8(-sig)?|u8)$/.test(label)) return 'utf-8';
  if (/^(latin-?1|l1|iso-?8859-1|cp1252|windows-1252)$/.test(label)) return 'windows-1252';
  try {
    return new TextDecoder(label.replace(/^cp(\d+)$/, 'windows-$1')).encoding;
  } catch {
    return undefined;
  }
}

/** `encoding` is a label; without one a byte order mark tells, and without that it is UTF-8, which is not looked at. */
export async function* toUtf8Bytes(
  source: AsyncIterable<Buffer>,
  encoding: string | undefined,
  name: string,
): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let decode: ((chunk: Buffer, isLast: boolean) => Buffer) | undefined;
  for await (const chunk of source) {
    const bytes: Buffer = head === undefined ? chunk : Buffer.concat([head, chunk]);
    if (head !== undefined && bytes.length < HEAD) {
      head = bytes;
      continue;
    }
    if (head !== undefined) decode = createDecoder(chooseEncoding(encoding, bytes, name), name);
    head = undefined;
    yield decode === undefined ? bytes : decode(bytes, false);
  }
  if (head !== undefined) {
    decode = createDecoder(chooseEncoding(encoding, head, name), name);
    yield decode === undefined ? head : decode(head, false);
  }
  if (decode !== undefined) yield decode(Buffer.alloc(0), true);
}

/** The byte order mark decides; a declared encoding that contradicts it is refused. */
function chooseEncoding(declared: string | undefined, head: Buffer, name: string): string | undefined {
  const marked = MARKS.find(([, mark]) => mark.every((byte, i) => head[i] === byte))?.[0];
  if (declared === undefined) return marked;
  const isUnicode = /^utf-/.test(declared);
  if (marked !== undefined && isUnicode) {
    if (marked.startsWith(declared)) return marked;
    throw new SourceError(
      'E_CSV_STRUCTURE',
      `${name} should be text in ${declared}, but its byte order mark says ${marked}. Correct the "encoding" of the reader, or leave it out.`,
      { details: { resource: name, encoding: declared, marked } },
    );
  }
  if (declared === 'utf-16') return head[0] === 0 && head[1] !== 0 ? 'utf-16be' : 'utf-16le';
  if (declared === 'utf-32') return head[0] === 0 ? 'utf-32be' : 'utf-32le';
  return declared;
}

function createDecoder(label: string | undefined, name: string) {
  if (label === undefined || label === 'utf-8') return undefined;
  if (label === 'windows-1252') return decodeWestern;
  const decoder = label.startsWith('utf-32') ? createUtf32Decoder(label) : new TextDecoder(label, { fatal: true });
  return (chunk: Buffer, isLast: boolean): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: !isLast }), 'utf8');
    } catch (cause) {
      throw new SourceError(
        'E_CSV_STRUCTURE',
        `${name} should be text in ${label}, but it holds other bytes: ${messageOf(cause)}. Correct the "encoding" of the reader.`,
        { cause, details: { resource: name, encoding: label } },
      );
    }
  };
}

/** With the interface of TextDecoder, which does not know UTF-32. The mark is dropped. */
function createUtf32Decoder(label: string): { decode(chunk: Buffer, options: { stream: boolean }): string } {
  const isLittle = label === 'utf-32le';
  let rest = Buffer.alloc(0);
  let isStart = true;
  return {
    decode(chunk, { stream }) {
      const bytes = Buffer.concat([rest, chunk]);
      const end = bytes.length - (bytes.length % 4);
      rest = bytes.subarray(end);
      if (!stream && rest.length > 0) throw new TypeError('it ends within a character');
      const parts: string[] = [];
      for (let i = 0; i < end; i += 4) {
        const point = isLittle ? bytes.readUInt32LE(i) : bytes.readUInt32BE(i);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
          throw new TypeError('it holds an invalid character');
        if (!isStart || point !== 0xfeff) parts.push(String.fromCodePoint(point));
        isStart = false;
      }
      return parts.join('');
    },
  };
}
