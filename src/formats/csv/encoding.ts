/** The bytes of a table in UTF-8, whatever it is written in. */
import { SourceError, messageOf } from '../../errors.ts';
import { isUtf16 } from '../bytes/sniff-content.ts';
import { decodeWestern } from '../xml/encoding.ts';

const HEAD = 4;

/** Python's names of encodings as the web knows them. Undefined for an unknown one. */
export function toEncodingLabel(name: string): string | undefined {
  const label = name
    .trim()
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(utf-16)-([bl]e)$/, '$1$2');
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
    if (head !== undefined) decode = createDecoder(encoding ?? markOf(bytes), name);
    head = undefined;
    yield decode === undefined ? bytes : decode(bytes, false);
  }
  if (head !== undefined) {
    decode = createDecoder(encoding ?? markOf(head), name);
    yield decode === undefined ? head : decode(head, false);
  }
  if (decode !== undefined) yield decode(Buffer.alloc(0), true);
}

function markOf(head: Buffer): string | undefined {
  const hasMark = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (!hasMark || !isUtf16(head)) return undefined;
  return head[0] === 0xff ? 'utf-16le' : 'utf-16be';
}

function createDecoder(label: string | undefined, name: string) {
  if (label === undefined || label === 'utf-8') return undefined;
  if (label === 'windows-1252') return decodeWestern;
  const decoder = new TextDecoder(label, { fatal: true });
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
