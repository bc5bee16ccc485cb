/**
 * Yields the records of a JSON resource: the items of a top-level array, the items of an inner list that a pointer
 * names, or the only top-level object. Memory is bounded by the record limit, regardless of the size and the
 * indentation. A broken or oversized item is one failure, and reading continues after it if the bytes show a safe
 * position. An array that is never closed is a SourceError, and the record in which the bytes end is not reported as
 * broken.
 *
 * Most records take the fast path: their end is guessed from the layout and proven by JSON.parse (a slice that parses
 * is exactly the value that begins there). All others go through the structure scanner, which gives the same result.
 */
import { SourceError } from '../../errors.ts';
import type { ReadItem, ReadRecord, Recognise } from '../../records/entry.ts';
import { isJsonObject } from '../../records/json-object.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { enterList, leaveList, type Envelope } from './envelope.ts';
import { findItemEnd, skipLargeItem, type ItemEnds } from './item-end.ts';
import { createJsonLayout, type JsonLayout } from './layout.ts';
import { findBracket, openJson, skipSpace } from './open-json.ts';
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
  /** The steps of a pointer to the list that holds the records, unescaped. `[]` = the document is the list. */
  readonly items?: readonly string[] | undefined;
  /** Called with separators that are missing or doubled, if no record is lost. */
  onOddity(message: string): void;
  /** Called once with the bytes that the list of `items` takes up, its brackets included. */
  readonly onList?: ((span: { readonly start: number; readonly end: number }) => void) | undefined;
  /** Called where the document was read as one record and holds one long list, with the steps to it and its length. */
  readonly onLongList?: ((steps: readonly string[], length: number) => void) | undefined;
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
    if (options.items !== undefined) {
      yield* readList(window, options, options.items);
      return;
    }
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

async function* readList(
  window: ByteWindow,
  options: JsonItemsOptions,
  steps: readonly string[],
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const shape = await findBracket(window, options.name);
  const reading = startReading(window, options, steps.length > 0);
  const { scanner, truncated } = reading.ends;
  const envelope: Envelope = { window, scanner, name: options.name, steps, truncated };
  const open = await enterList(envelope);
  const start = window.offset;
  window.advance(1);
  reading.layout.learnOpening(await skipSpace(window));
  const batch = createItemBatch();
  yield* withRest(batch, readArray(reading, batch));
  options.onList?.({ start, end: window.offset });
  await leaveList(envelope, open);
  await expectEnd(window, shape, options.name);
}

function startReading(window: ByteWindow, options: JsonItemsOptions, isNested = false): Reading {
  const layout = createJsonLayout(isNested);
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
    const isDocument = options.items === undefined && options.onLongList !== undefined && place.byte === 0;
    const hint = isDocument ? ' (where it is one object around a list of records, name the list with "items")' : '';
    const size = `it has more than max_record_bytes, ${String(options.maxRecordBytes)} bytes${hint}`;
    return isWanted ? recordFailure('E_RECORD_TOO_LARGE', size, place, start) : undefined;
  }
  const slice = window.view.subarray(0, end.end);
  window.advance(end.next);
  if (!isWanted) return undefined;
  if (end.kind === 'broken') return recordFailure(end.code, end.reason, place, slice);
  const item = toItem(slice, position, options);
  return 'value' in item ? item : recordFailure(item.code, item.reason, place, slice);
}

/** A broken object leaves no position to continue from, so the resource is unusable. */
async function* readSingleObject(reading: Reading): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const item = await readItem(reading);
  if (item === undefined) return;
  if ('error' in item && item.error.code === 'E_RECORD_SYNTAX') throw noSafePlace(reading, item.error.message);
  const { onLongList } = reading.options;
  const long = onLongList === undefined || 'error' in item ? undefined : findLongList(item.value);
  if (long !== undefined) onLongList?.(long.steps, long.length);
  yield [item];
}

interface FoundList {
  readonly steps: readonly string[];
  readonly length: number;
}

/** A record has short lists, an envelope one long one. */
const LONG = 10;
const TIMES_THE_NEXT = 5;
const DEEPEST_LIST = 3;

/** The only long list of objects in nested objects; undefined where several could be meant. */
function findLongList(value: unknown): FoundList | undefined {
  const [longest, next] = [...listsIn(value, [])].toSorted((a, b) => b.length - a.length);
  if (longest === undefined || longest.length < LONG) return undefined;
  return next === undefined || longest.length >= TIMES_THE_NEXT * next.length ? longest : undefined;
}

function* listsIn(value: unknown, steps: readonly string[]): Generator<FoundList> {
  if (Array.isArray(value)) {
    if (value.length > 1 && value.every(isJsonObject)) yield { steps, length: value.length };
  } else if (isJsonObject(value) && steps.length < DEEPEST_LIST) {
    for (const [name, inner] of Object.entries(value)) yield* listsIn(inner, [...steps, name]);
  }
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
