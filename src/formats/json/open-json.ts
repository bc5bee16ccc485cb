/** Reads the first bytes of a JSON resource: an array or an object. Otherwise the error says what it is instead. */
import { SourceError } from '../../errors.ts';
import type { ByteWindow } from '../bytes/byte-window.ts';
import { isSpace } from './layout.ts';
import { firstBytes, isUtf16, describeContent } from '../bytes/sniff-content.ts';

export interface JsonOpening {
  readonly shape: 'array' | 'object';
  /** The white space after the opening bracket of an array, as far as it matters for the layout. */
  readonly space: Buffer;
}

/** Enough of the beginning to recognise what it is. */
const SNIFFED = 512;
const SPACE_KEPT = 1024;

/** Goes to the first item of an array, or to the brace of an object. Throws SourceError for anything else. */
export async function openJson(window: ByteWindow, name: string): Promise<JsonOpening> {
  const shape = await findBracket(window, name);
  if (shape === 'object') return { shape, space: Buffer.alloc(0) };
  window.advance(1);
  return { shape, space: await skipSpace(window) };
}

/** Goes to the bracket or brace that opens the document. Throws SourceError where it begins with anything else. */
export async function findBracket(window: ByteWindow, name: string): Promise<JsonOpening['shape']> {
  await fill(window, SNIFFED);
  const start = Buffer.from(window.view.subarray(0, SNIFFED));
  if (isUtf16(start)) throw notJson(name, start, 'UTF-16 text');
  skipByteOrderMark(window);
  await skipSpace(window);
  if (window.view[0] === 0x7b) return 'object';
  if (window.view[0] !== 0x5b) throw notJson(name, start, describeContent(start));
  return 'array';
}

export function skipByteOrderMark(window: ByteWindow): void {
  const { view } = window;
  if (view[0] === 0xef && view[1] === 0xbb && view[2] === 0xbf) window.advance(3);
}

/** Reads on until the view has `count` bytes or the stream ends. */
export async function fill(window: ByteWindow, count: number): Promise<void> {
  while (window.view.length < count && (await window.more()));
}

/** Goes to the next byte that is no white space, or to the end. Gives the end of what it went over. */
export async function skipSpace(window: ByteWindow): Promise<Buffer> {
  let space: Buffer = Buffer.alloc(0);
  for (;;) {
    const { view } = window;
    let i = 0;
    while (i < view.length && isSpace(view[i])) i++;
    if (i > 0) space = Buffer.concat([space, view.subarray(0, i)]).subarray(-SPACE_KEPT);
    const isOver = i < view.length;
    window.advance(i);
    if (isOver || !(await window.more())) return space;
  }
}

export function notJson(name: string, start: Buffer, found: string | undefined): SourceError {
  const what = found === undefined ? `something that begins with ${firstBytes(start)}` : describe(found, start);
  return new SourceError(
    'E_JSON_NOT_JSON',
    `${name} should be JSON in UTF-8, an array or an object, but it is ${what}. Check what its address or archive really holds.`,
    { details: { resource: name, found: found ?? null, firstBytes: firstBytes(start) } },
  );
}

function describe(found: string, start: Buffer): string {
  return start.length === 0 ? found : `${found}: it begins with ${firstBytes(start)}`;
}
