/**
 * The records of a JSON lines resource: one value in each line; a line that holds an array gives its items, as
 * InvenioRDM reads it. A bad line costs that line alone. Positions count items, so that they rise with every item
 * also where lines hold arrays; messages name the line.
 */
import { SourceError } from '../../errors.ts';
import type { ReadItem, Recognise } from '../../records/entry.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { isSpace } from './layout.ts';
import { fill, notJson, skipByteOrderMark } from './open-json.ts';
import { RAW_BYTES, parseRecord, recordFailure, type RecordPlace, type UnparsedRecord } from './record.ts';
import { createStructureScanner, scanStructure } from './structure.ts';
import { CONTENT_TEXTS, isUtf16, sniffContent } from '../bytes/sniff-content.ts';

export interface JsonLinesOptions {
  readonly name: string;
  readonly from: number;
  readonly maxLineBytes: number;
  readonly maxDepth: number;
  /** Asked about each line that holds one record. */
  readonly recognise?: Recognise;
}

interface Reading {
  readonly window: ByteWindow;
  readonly options: JsonLinesOptions;
  readonly batch: ItemBatch;
  /** How many lines were taken, and how many items. */
  lines: number;
  position: number;
}

/** From `start` to `end` of `bytes`, without its line break; the beginning alone of a line that is too long. */
interface Line {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** The place in the stream of `bytes[0]`. */
  readonly offset: number;
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
    const reading: Reading = { window, options, batch, lines: 0, position: 0 };
    yield* withRest(batch, readLines(reading));
  } finally {
    await window.close();
  }
}

async function* readLines(reading: Reading): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const { window, options, batch } = reading;
  for (;;) {
    const isFull = takeLinesInView(reading);
    if (isFull) yield batch.take();
    else {
      const line = await nextLine(window, options.maxLineBytes);
      if (line === undefined) return;
      if (takeLine(reading, line)) yield batch.take();
    }
  }
}

/** Binary formats, markup and pretty-printed JSON would otherwise be one bad line after the other. */
async function refuseOtherFormats(window: ByteWindow, name: string): Promise<void> {
  await fill(window, 512);
  const start = Buffer.from(window.view.subarray(0, 512));
  const found = start.length === 0 ? undefined : sniffContent(start);
  if (isUtf16(start) || (found !== undefined && found !== 'json' && found !== 'blank')) {
    throw notJson(name, start, CONTENT_TEXTS[found ?? 'utf16']);
  }
  skipByteOrderMark(window);
  if (/^\s*[[{]\s*\n/.test(start.toString('latin1').replace(/^ï»¿/, ''))) {
    throw notJson(name, start, 'JSON over several lines (use the reader "json")');
  }
}

/**
 * Takes the lines that end in the view already, without waiting; true when the batch is full. The common case: no
 * buffer is made for a line, only its place in the view.
 */
function takeLinesInView(reading: Reading): boolean {
  const { window } = reading;
  const { view, offset } = window;
  const max = reading.options.maxLineBytes;
  let start = 0;
  let isFull = false;
  while (!isFull) {
    const end = view.indexOf(NEWLINE, start);
    if (end < 0) break;
    const line =
      end - start > max
        ? longLine(startOf(view.subarray(start, end), max), offset + start, true)
        : { bytes: view, start, end, offset, isTooLong: false, isTerminated: true };
    isFull = takeLine(reading, line);
    start = end + 1;
  }
  window.advance(start);
  return isFull;
}

/** The line that does not end in the view. */
async function nextLine(window: ByteWindow, maxBytes: number): Promise<Line | undefined> {
  const { offset } = window;
  let searched = 0;
  for (;;) {
    const { view } = window;
    const end = view.indexOf(NEWLINE, searched);
    if (end < 0 && view.length > maxBytes) return skipLongLine(window, maxBytes);
    searched = view.length;
    if (end < 0 && (await window.more())) continue;
    if (searched === 0) return undefined;
    window.advance(end < 0 ? view.length : end + 1);
    if (end > maxBytes) return longLine(startOf(view, maxBytes), offset, true);
    return {
      bytes: view,
      start: 0,
      end: end < 0 ? view.length : end,
      offset,
      isTooLong: false,
      isTerminated: end >= 0,
    };
  }
}

async function skipLongLine(window: ByteWindow, maxBytes: number): Promise<Line> {
  const { offset } = window;
  const bytes = startOf(window.view, maxBytes);
  for (;;) {
    const end = window.view.indexOf(NEWLINE);
    window.advance(end < 0 ? window.view.length : end + 1);
    if (end >= 0) return longLine(bytes, offset, true);
    if (!(await window.more())) return longLine(bytes, offset, false);
  }
}

function longLine(bytes: Buffer, offset: number, isTerminated: boolean): Line {
  return { bytes, start: 0, end: bytes.length, offset, isTooLong: true, isTerminated };
}

/** A copy: the window moves on. */
function startOf(view: Buffer, maxBytes: number): Buffer {
  return Buffer.from(view.subarray(0, Math.min(maxBytes, RAW_BYTES)));
}

/** Puts the items of a line into the batch; true when that is full. A blank line has none. */
function takeLine(reading: Reading, line: Line): boolean {
  const { bytes } = line;
  let { start, end } = line;
  reading.lines += 1;
  if (line.isTooLong) return takeFailure(reading, line, tooLong(reading.options), bytes);
  while (start < end && isSpace(bytes[start])) start++;
  while (end > start && isSpace(bytes[end - 1])) end--;
  if (start === end) return false;
  const { options, batch, position } = reading;
  const isArray = bytes[start] === OPEN_LIST;
  if (position < options.from && !isArray) {
    reading.position += 1;
    return false;
  }
  const recognised = isArray ? undefined : options.recognise?.(bytes.subarray(start, end));
  if (recognised?.isKnown === true) {
    reading.position += 1;
    return batch.add({ position, value: undefined, digest: recognised.digest, isKnown: true }, end - start);
  }
  const parsed = parseRecord(bytes, options.maxDepth, start, end);
  if (!('value' in parsed)) {
    const slice = bytes.subarray(start, end);
    if (!line.isTerminated && endsInside(slice)) throw truncated(placeOf(reading, line), slice, options.name);
    return takeFailure(reading, line, parsed, slice);
  }
  if (isArray) return takeArray(reading, parsed.value, end - start);
  const { value } = parsed;
  reading.position += 1;
  return batch.add(
    recognised === undefined ? { position, value } : { position, value, digest: recognised.digest },
    end - start,
  );
}

function tooLong({ maxLineBytes }: JsonLinesOptions): UnparsedRecord {
  const reason = `it has more than max_line_bytes, ${String(maxLineBytes)} bytes`;
  return { code: 'E_RECORD_TOO_LARGE', reason };
}

function takeFailure(reading: Reading, line: Line, { code, reason }: UnparsedRecord, bytes: Buffer): boolean {
  const place = placeOf(reading, line);
  reading.position += 1;
  if (place.position < reading.options.from) return false;
  return reading.batch.add(recordFailure(code, reason, place, bytes), bytes.length);
}

function placeOf({ position, lines }: Reading, { offset, start }: Line): Required<RecordPlace> {
  return { position, byte: offset + start, line: lines };
}

function takeArray(reading: Reading, value: unknown, bytes: number): boolean {
  const first = reading.position;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  reading.position = first + values.length;
  let isFull = false;
  for (const [i, item] of values.entries()) {
    const position = first + i;
    if (position >= reading.options.from) isFull = reading.batch.add({ position, value: item }, bytes) || isFull;
  }
  return isFull;
}

/** Whether the bytes are the beginning of something well-formed. */
function endsInside(bytes: Buffer): boolean {
  return scanStructure(createStructureScanner(), bytes, 0, bytes.length) === 'more';
}

function truncated({ position, line, byte }: Required<RecordPlace>, bytes: Buffer, name: string): SourceError {
  return new SourceError(
    'E_JSON_TRUNCATED',
    `${name} ends inside line ${String(line)}, at byte ${String(byte + bytes.length)}. It is truncated: fetch it again.`,
    { details: { resource: name, line, position, byte } },
  );
}
