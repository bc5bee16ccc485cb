/**
 * The records of a JSON lines resource: one value in each line; a line that holds an array gives its items, as
 * InvenioRDM reads it. A bad line costs that line alone. Positions count items, so that they rise with every item
 * also where lines hold arrays; messages name the line.
 */
import { SourceError } from '../errors.ts';
import type { ReadItem, Recognise } from '../records/entry.ts';
import { ByteWindow } from './byte-window.ts';
import { createItemBatch } from './item-batch.ts';
import { isSpace } from './json-layout.ts';
import { fill, notJson, skipByteOrderMark } from './json-opening.ts';
import { RAW_BYTES, parseRecord, recordFailure } from './json-record.ts';
import { createStructureScanner, scanStructure } from './json-structure.ts';
import { isUtf16, sniffContent } from './sniff-content.ts';

export interface JsonLinesOptions {
  readonly name: string;
  readonly from: number;
  readonly maxLineBytes: number;
  readonly maxDepth: number;
  /** Asked about each line that holds one record. */
  readonly recognise?: Recognise;
}

interface Line {
  /** Without its line break and the white space around it; the beginning alone of a line that is too long. */
  readonly bytes: Buffer;
  /** From 1. */
  readonly number: number;
  readonly byte: number;
  readonly isTooLong: boolean;
  readonly isTerminated: boolean;
}

const NEWLINE = 0x0a;
const OPEN_LIST = 0x5b;

export async function* readJsonLines(
  source: AsyncIterable<Buffer>,
  options: JsonLinesOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const window = new ByteWindow(source);
  try {
    await refuseOtherFormats(window, options.name);
    const batch = createItemBatch();
    const max = options.maxLineBytes;
    const place = { line: 0, position: 0 };
    for (;;) {
      const line = lineInView(window, place.line + 1, max) ?? (await nextLine(window, place.line + 1, max));
      if (line === undefined) break;
      place.line = line.number;
      if (line.bytes.length === 0) continue;
      const items = readLine(line, place.position, options);
      place.position += items.count;
      for (const item of items.wanted) {
        if (batch.add(item, line.bytes.length)) yield batch.take();
      }
    }
    if (!batch.isEmpty) yield batch.take();
  } finally {
    await window.close();
  }
}

/** Binary formats, markup and pretty-printed JSON would otherwise be one bad line after the other. */
async function refuseOtherFormats(window: ByteWindow, name: string): Promise<void> {
  await fill(window, 512);
  const start = Buffer.from(window.view.subarray(0, 512));
  const found = start.length === 0 ? undefined : sniffContent(start);
  if (isUtf16(start) || (found !== undefined && found !== 'JSON' && !found.startsWith('nothing'))) {
    throw notJson(name, start, found ?? 'UTF-16 text');
  }
  skipByteOrderMark(window);
  if (/^\s*[[{]\s*\n/.test(start.toString('latin1').replace(/^ï»¿/, ''))) {
    throw notJson(name, start, 'JSON over several lines (use the reader "json")');
  }
}

/** The next line where it ends in the view already: the common case, without waiting. */
function lineInView(window: ByteWindow, number: number, maxBytes: number): Line | undefined {
  const { view } = window;
  const end = view.indexOf(NEWLINE);
  if (end < 0) return undefined;
  const isTooLong = end > maxBytes;
  const bytes = isTooLong ? startOf(view, maxBytes) : trim(view.subarray(0, end));
  const line = { bytes, number, byte: window.offset, isTooLong, isTerminated: true };
  window.advance(end + 1);
  return line;
}

async function nextLine(window: ByteWindow, number: number, maxBytes: number): Promise<Line | undefined> {
  const byte = window.offset;
  let searched = 0;
  for (;;) {
    const { view } = window;
    const end = view.indexOf(NEWLINE, searched);
    if (end >= 0) return lineInView(window, number, maxBytes);
    if (view.length > maxBytes) return skipLongLine(window, number, maxBytes);
    searched = view.length;
    if (await window.more()) continue;
    if (searched === 0) return undefined;
    const bytes = trim(window.view);
    window.advance(window.view.length);
    return { bytes, number, byte, isTooLong: false, isTerminated: false };
  }
}

async function skipLongLine(window: ByteWindow, number: number, maxBytes: number): Promise<Line> {
  const byte = window.offset;
  const bytes = startOf(window.view, maxBytes);
  for (;;) {
    const end = window.view.indexOf(NEWLINE);
    window.advance(end < 0 ? window.view.length : end + 1);
    if (end >= 0) return { bytes, number, byte, isTooLong: true, isTerminated: true };
    if (!(await window.more())) return { bytes, number, byte, isTooLong: true, isTerminated: false };
  }
}

/** A copy: the window moves on. */
function startOf(view: Buffer, maxBytes: number): Buffer {
  return Buffer.from(view.subarray(0, Math.min(maxBytes, RAW_BYTES)));
}

function readLine(line: Line, position: number, options: JsonLinesOptions): { count: number; wanted: ReadItem[] } {
  const isArray = line.bytes[0] === OPEN_LIST;
  if (position < options.from && !isArray) return { count: 1, wanted: [] };
  const place = { position, byte: line.byte, line: line.number };
  if (line.isTooLong) {
    const reason = `it has more than max_line_bytes, ${String(options.maxLineBytes)} bytes`;
    return wanted([recordFailure('E_RECORD_TOO_LARGE', reason, place, line.bytes)], options.from);
  }
  const recognised = isArray ? undefined : options.recognise?.(line.bytes);
  if (recognised?.isKnown === true) {
    return { count: 1, wanted: [{ position, value: undefined, digest: recognised.digest, isKnown: true }] };
  }
  const parsed = parseRecord(line.bytes, options.maxDepth);
  if ('value' in parsed) {
    const values: readonly unknown[] = isArray && Array.isArray(parsed.value) ? parsed.value : [parsed.value];
    return wanted(
      values.map((value, i) => ({
        position: position + i,
        value,
        ...(recognised === undefined ? {} : { digest: recognised.digest }),
      })),
      options.from,
    );
  }
  if (!line.isTerminated && endsInside(line.bytes)) throw truncated(line, position, options.name);
  return wanted([recordFailure(parsed.code, parsed.reason, place, line.bytes)], options.from);
}

function wanted(items: readonly ReadItem[], from: number): { count: number; wanted: ReadItem[] } {
  return { count: items.length, wanted: items.filter((item) => item.position >= from) };
}

/** Whether the bytes are the beginning of something well-formed. */
function endsInside(bytes: Buffer): boolean {
  return scanStructure(createStructureScanner(), bytes, 0, bytes.length) === 'more';
}

function trim(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  return bytes.subarray(start, end);
}

function truncated(line: Line, position: number, name: string): SourceError {
  return new SourceError(
    'E_JSON_TRUNCATED',
    `${name} ends inside line ${String(line.number)}, at byte ${String(line.byte + line.bytes.length)}. It is truncated: fetch it again.`,
    { details: { resource: name, line: line.number, position, byte: line.byte } },
  );
}
