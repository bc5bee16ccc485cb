/**
 * The records of a JSON resource: the items of a top-level array, or the one top-level object. Memory is bounded by
 * the record limit, whatever the size and the indentation. A broken or oversized item is one failure and reading goes
 * on behind it where the bytes tell a safe place; an array that is never closed is a SourceError, and the record in
 * which the bytes end is never reported as if it were broken.
 *
 * Most records take the fast way: their end is guessed from the layout and proven by JSON.parse (a slice that parses
 * is exactly the value that begins there). Everything else goes through the structure scanner, which gives the same.
 */
import { SourceError } from '../../errors.ts';
import type { ReadItem, ReadRecord, Recognise } from '../../records/entry.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { findItemEnd, skipLargeItem, type ItemEnds } from './item-end.ts';
import { createJsonLayout, type JsonLayout } from './layout.ts';
import { openJson, skipSpace } from './opening.ts';
import { RAW_BYTES, parseRecord, rawText, recordFailure, type UnparsedRecord } from './record.ts';
import { createStructureScanner } from './structure.ts';
import { firstBytes } from '../bytes/sniff-content.ts';

export interface JsonItemsOptions {
  /** The resource, for messages. */
  readonly name: string;
  /** Items before this position are counted but neither parsed nor yielded. */
  readonly from: number;
  readonly maxRecordBytes: number;
  readonly maxDepth: number;
  /** A slice that is known by its digest is proven without JSON.parse: the same bytes were parsed before. */
  readonly recognise?: Recognise;
  /** Told of separators that are missing or doubled, where no record is lost. */
  onOddity(message: string): void;
}

interface Reading {
  readonly window: ByteWindow;
  readonly layout: JsonLayout;
  readonly ends: ItemEnds;
  readonly options: JsonItemsOptions;
  position: number;
}

export async function* readJsonItems(
  source: AsyncIterable<Buffer>,
  options: JsonItemsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const window = new ByteWindow(source);
  try {
    const { shape, space } = await openJson(window, options.name);
    const reading = startReading(window, options);
    reading.layout.learnOpening(space);
    if (shape === 'array') {
      const batch = createItemBatch();
      yield* withRest(batch, readArray(reading, batch));
    } else yield* readSingleObject(reading);
    await expectEnd(window, shape, options.name);
  } finally {
    await window.close();
  }
}

function startReading(window: ByteWindow, options: JsonItemsOptions): Reading {
  const layout = createJsonLayout();
  const ends: ItemEnds = {
    window,
    layout,
    scanner: createStructureScanner(),
    maxRecordBytes: options.maxRecordBytes,
    truncated: () => truncated(reading),
    noSafePlace: (reason) => noSafePlace(reading, reason),
  };
  const reading: Reading = { window, layout, ends, options, position: 0 };
  return reading;
}

async function* readArray(reading: Reading, batch: ItemBatch): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const { window, options } = reading;
  for (let isBehindItem = false; ;) {
    const byte = nextByte(window) ?? (await nextByteOfStream(window));
    if (byte === undefined) throw truncated(reading);
    if (byte === 0x2c) {
      if (!isBehindItem) oddity(reading, 'a comma with no record before it');
      isBehindItem = false;
      window.advance(1);
      continue;
    }
    if (byte === 0x5d) {
      if (!isBehindItem && reading.position > 0) oddity(reading, 'a comma behind the last record');
      window.advance(1);
      break;
    }
    if (isBehindItem) oddity(reading, `no comma before record ${String(reading.position)}`);
    const start = window.offset;
    const item = guessItem(reading) ?? (await readItem(reading));
    isBehindItem = true;
    if (reading.position++ < options.from || item === undefined) continue;
    if (batch.add(item, window.offset - start)) yield batch.take();
  }
}

/** The item at the beginning of the view by its likely end; undefined where the exact way has to be gone. */
function guessItem({ window, layout, options, position }: Reading): ReadItem | undefined {
  if (!layout.guesses || position < options.from) return undefined;
  const { view } = window;
  const end = layout.likelyEnd(view, 0);
  if (end <= 0 || end > options.maxRecordBytes) return undefined;
  const item = toItem(view.subarray(0, end), position, options);
  const isRight = 'value' in item;
  layout.judge(isRight);
  if (!isRight) return undefined;
  window.advance(end);
  return item;
}

function toItem(slice: Buffer, position: number, options: JsonItemsOptions): ReadRecord | UnparsedRecord {
  const recognised = options.recognise?.(slice);
  if (recognised?.isKnown === true) return { position, value: undefined, digest: recognised.digest, isKnown: true };
  const parsed = parseRecord(slice, options.maxDepth);
  if (!('value' in parsed)) return parsed;
  return { position, value: parsed.value, ...(recognised === undefined ? {} : { digest: recognised.digest }) };
}

/** The item at the beginning of the view, exactly; undefined when it is only counted. */
async function readItem(reading: Reading): Promise<ReadItem | undefined> {
  const { window, options, position } = reading;
  const isWanted = position >= options.from;
  const place = { position, byte: window.offset };
  const end = await findItemEnd(reading.ends);
  if (end.kind === 'large') {
    const start = Buffer.from(window.view.subarray(0, Math.min(options.maxRecordBytes, RAW_BYTES)));
    await skipLargeItem(reading.ends);
    const size = `it has more than max_record_bytes, ${String(options.maxRecordBytes)} bytes`;
    return isWanted ? recordFailure('E_RECORD_TOO_LARGE', size, place, start) : undefined;
  }
  const slice = window.view.subarray(0, end.end);
  window.advance(end.next);
  if (!isWanted) return undefined;
  if (end.kind === 'broken') return recordFailure(end.code, end.reason, place, slice);
  const item = toItem(slice, position, options);
  return 'value' in item ? item : recordFailure(item.code, item.reason, place, slice);
}

/** An object that is broken leaves nothing to go on with, so that it is the resource that is unusable. */
async function* readSingleObject(reading: Reading): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const item = await readItem(reading);
  if (item === undefined) return;
  if ('error' in item && item.error.code === 'E_RECORD_SYNTAX') throw noSafePlace(reading, item.error.message);
  yield [item];
}

async function expectEnd(window: ByteWindow, shape: 'array' | 'object', name: string): Promise<void> {
  await skipSpace(window);
  const { view, offset } = window;
  if (view.length === 0) return;
  const isLines = shape === 'object' && view[0] === 0x7b;
  const hint = isLines ? 'It looks like JSON lines: use the reader "jsonl".' : 'Report it to the source.';
  throw new SourceError(
    'E_JSON_STRUCTURE',
    `${name} should end behind its top-level ${shape}, but at byte ${String(offset)} it goes on with ${firstBytes(view)}. ${hint}`,
    { details: { resource: name, byte: offset } },
  );
}

/** The byte that begins the view once white space in it is consumed; undefined when the view ends before. */
function nextByte(window: ByteWindow): number | undefined {
  const { view } = window;
  let i = 0;
  for (; i < view.length; i++) {
    const byte = view[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  if (i > 0) window.advance(i);
  return window.view[0];
}

async function nextByteOfStream(window: ByteWindow): Promise<number | undefined> {
  await skipSpace(window);
  return window.view[0];
}

function oddity({ options, window }: Reading, what: string): void {
  options.onOddity(`${options.name} has ${what} at byte ${String(window.offset)}. No record was lost by it.`);
}

function truncated({ options, window, position }: Reading): SourceError {
  const bytes = window.offset + window.view.length;
  return new SourceError(
    'E_JSON_TRUNCATED',
    `${options.name} should end with the bracket that closes its JSON, but it ends after ${String(bytes)} bytes, at or in record ${String(position)}. It is truncated: fetch it again.`,
    { details: { resource: options.name, bytes, position, lastBytes: rawText(window.view.subarray(-80)) } },
  );
}

function noSafePlace({ options, window, position }: Reading, reason: string): SourceError {
  return new SourceError(
    'E_JSON_STRUCTURE',
    `${options.name} is broken in record ${String(position)} (${reason}), and nothing behind it tells where the next record begins. Report it to the source.`,
    { details: { resource: options.name, byte: window.offset, position } },
  );
}
