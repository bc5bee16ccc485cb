/**
 * Yields the items of a YAML list one by one. A block list is split at the lines that begin its items, so memory is
 * bounded by an item and a broken item loses only itself. YAML allows no line inside an item to start as far left as
 * its dash. Other forms (a list in brackets) are read as a whole, up to the same limit.
 */
import { isUtf8 } from 'node:buffer';
import { SourceError } from '../../errors.ts';
import type { ReadItem } from '../../records/entry.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { RAW_BYTES, recordFailure, type RecordPlace } from '../json/record.ts';
import { fill, skipByteOrderMark } from '../json/open-json.ts';
import { CONTENT_TEXTS, firstBytes, isUtf16, sniffContent } from '../bytes/sniff-content.ts';
import { parseYaml, type YamlLimits } from './value.ts';

export interface YamlItemsOptions {
  readonly name: string;
  /** Items before this position are counted but neither parsed nor yielded. */
  readonly from: number;
  readonly maxRecordBytes: number;
  readonly maxDepth: number;
}

/** The lines of an item, or the lines before the first one. */
interface Block {
  /** Complete lines with their line ends: a separate buffer for each line would need a hundred bytes more. */
  readonly chunks: Buffer[];
  /** The last lines, without their ends. */
  lines: Buffer[];
  blankLines: number;
  readonly byte: number;
  /** From 1. */
  readonly line: number;
  bytes: number;
}

const NEWLINE = 0x0a;
const SNIFFED = 1024;
/** Real lists of records have about five bytes for each name, value and sign; this limits abnormal ones. */
const BYTES_PER_PART = 16;
const LEAST_PARTS = 100_000;
/** In one item. The parser makes an object of each. */
const MOST_BLANK_LINES = 100_000;
const LINES_OF_CHUNK = 1024;
const END_OF_LINE = Buffer.from('\n');

export async function* readYamlItems(
  source: AsyncIterable<Buffer>,
  options: YamlItemsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const window = new ByteWindow(source);
  try {
    await refuseOtherFormats(window, options.name);
    const batch = createItemBatch();
    yield* withRest(batch, readBlocks(window, options, batch));
  } finally {
    await window.close();
  }
}

async function refuseOtherFormats(window: ByteWindow, name: string): Promise<void> {
  await fill(window, SNIFFED);
  const start = Buffer.from(window.view.subarray(0, SNIFFED));
  const found = start.length === 0 ? undefined : sniffContent(start);
  if (isUtf16(start) || (found !== undefined && found !== 'json' && found !== 'blank')) {
    throw notAList(name, CONTENT_TEXTS[found ?? 'utf16'], start, 1);
  }
  skipByteOrderMark(window);
}

async function* readBlocks(
  window: ByteWindow,
  options: YamlItemsOptions,
  batch: ItemBatch,
): AsyncGenerator<readonly ReadItem[]> {
  const state = { block: undefined as Block | undefined, position: 0, indent: -1, line: 0, isEnded: false };
  const finish = (block: Block): ReadItem | undefined => {
    const position = state.position++;
    return position < options.from ? undefined : toItem(block, position, options);
  };
  try {
    for (;;) {
      const byte = window.offset;
      const text = await nextLine(window, options.maxRecordBytes);
      if (text === undefined) break;
      state.line++;
      const kind = kindOf(text, state.indent);
      if (kind === 'blank' && state.block === undefined) continue;
      if (state.indent < 0) {
        if (kind === 'start' || kind === 'end') continue;
        const dash = dashOf(text);
        if (dash === undefined) {
          yield* readWhole(text, window, state.line, options);
          return;
        }
        state.indent = dash;
      } else if (kind === 'end' || kind === 'start') {
        state.isEnded = true;
        continue;
      } else if (state.isEnded && kind !== 'blank') {
        throw secondDocument(options.name, state.line);
      }
      const isItem = dashOf(text) === state.indent;
      if (!isItem && kind === 'outside') throw notAList(options.name, 'something else behind a list', text, state.line);
      if (isItem) {
        const item = state.block === undefined ? undefined : finish(state.block);
        if (item !== undefined && batch.add(item, state.block?.bytes ?? 0)) yield batch.take();
        state.block = { chunks: [], lines: [], blankLines: 0, byte, line: state.line, bytes: 0 };
      }
      if (state.block !== undefined) addLine(state.block, text, options.maxRecordBytes);
    }
  } catch (error) {
    // The items before the fault are still read.
    if (!batch.isEmpty) yield batch.take();
    throw error;
  }
  const last = state.block === undefined ? undefined : finish(state.block);
  if (last !== undefined) batch.add(last, 0);
}

/** Bytes beyond the limit are counted and dropped. */
function addLine(block: Block, text: Buffer, most: number): void {
  block.bytes += text.length + 1;
  if (text.length === 0 && ++block.blankLines > MOST_BLANK_LINES) return;
  if (block.bytes > most + 1 && block.chunks.length + block.lines.length > 0) return;
  block.lines.push(text);
  if (block.lines.length === LINES_OF_CHUNK) packLines(block);
}

function packLines(block: Block): void {
  block.chunks.push(Buffer.concat(block.lines.flatMap((line) => [line, END_OF_LINE])));
  block.lines = [];
}

/** The beginning alone of a line that is longer than `most`, which is more than an item may have. */
async function nextLine(window: ByteWindow, most: number): Promise<Buffer | undefined> {
  let searched = 0;
  for (;;) {
    const { view } = window;
    const end = view.indexOf(NEWLINE, searched);
    if (end >= 0) return take(window, end, end + 1);
    if (view.length > most + 1) return skipLongLine(window, most);
    searched = view.length;
    if (await window.more()) continue;
    return searched === 0 ? undefined : take(window, searched, searched);
  }
}

function take(window: ByteWindow, end: number, next: number): Buffer {
  const line = Buffer.from(window.view.subarray(0, end));
  window.advance(next);
  return line;
}

async function skipLongLine(window: ByteWindow, most: number): Promise<Buffer> {
  const start = Buffer.from(window.view.subarray(0, most + 2));
  for (;;) {
    const end = window.view.indexOf(NEWLINE);
    window.advance(end < 0 ? window.view.length : end + 1);
    if (end >= 0 || !(await window.more())) return start;
  }
}

/** U+0085, U+2028 or U+2029 as bytes of UTF-8: after it PyYAML does not indent the rest of a text. */
const YAML_1_1_BREAK = /^(?:\xc2\x85|\xe2\x80[\xa8\xa9])/;

/** `start`: `---` or a directive; `end`: `...`; `outside`: text that is further left than the items. */
function kindOf(line: Buffer, indent: number): 'blank' | 'start' | 'end' | 'outside' | 'inside' {
  if (line.length === 0) return 'blank';
  const start = line.toString('latin1', 0, 200);
  if (/^\s*(#.*)?$/.test(start)) return 'blank';
  if (/^---(\s+(#.*)?)?$/.test(start) || (indent < 0 && start.startsWith('%'))) return 'start';
  if (/^\.\.\.(\s+(#.*)?)?$/.test(start)) return 'end';
  if (YAML_1_1_BREAK.test(start)) return 'inside';
  return start.search(/[^ ]/) <= indent ? 'outside' : 'inside';
}

/** Returns the indentation of the dash of an item, or undefined if the line does not begin one. */
function dashOf(line: Buffer): number | undefined {
  const found = /^( *)-(\s|$)/.exec(line.toString('latin1', 0, 200));
  return found?.[1]?.length;
}

function toItem(block: Block, position: number, options: YamlItemsOptions): ReadItem {
  const place: RecordPlace = { position, byte: block.byte, line: block.line };
  packLines(block);
  const bytes = Buffer.concat(block.chunks);
  if (block.blankLines > MOST_BLANK_LINES) {
    const reason = `it has more than ${String(MOST_BLANK_LINES)} blank lines`;
    return recordFailure('E_RECORD_TOO_LARGE', reason, place, bytes.subarray(0, RAW_BYTES));
  }
  if (block.bytes > options.maxRecordBytes + 1) {
    const reason = `it has more than max_record_bytes, ${String(options.maxRecordBytes)} bytes`;
    return recordFailure('E_RECORD_TOO_LARGE', reason, place, bytes.subarray(0, RAW_BYTES));
  }
  if (!isUtf8(bytes)) return recordFailure('E_RECORD_SYNTAX', 'it holds bytes that are not UTF-8', place, bytes);
  const parsed = parseYaml(bytes.toString('utf8'), limitsOf(options));
  if (!('value' in parsed)) return recordFailure(parsed.code, parsed.reason, place, bytes);
  const list = parsed.value;
  if (Array.isArray(list) && list.length === 1) return { position, value: list[0] as unknown };
  return recordFailure('E_RECORD_SYNTAX', 'it is no item of a list', place, bytes);
}

function limitsOf({ maxDepth, maxRecordBytes }: YamlItemsOptions): YamlLimits {
  return {
    maxDepth: maxDepth + 1,
    maxParts: Math.max(LEAST_PARTS, Math.floor(maxRecordBytes / BYTES_PER_PART)),
    maxCharacters: maxRecordBytes,
  };
}

/** A document that is no block list: it has to be a list all the same, and within the limit. */
async function* readWhole(
  first: Buffer,
  window: ByteWindow,
  line: number,
  options: YamlItemsOptions,
): AsyncGenerator<readonly ReadItem[]> {
  const { name, maxRecordBytes } = options;
  while (window.view.length <= maxRecordBytes && (await window.more()));
  const bytes = Buffer.concat([first, Buffer.from('\n'), window.view]);
  if (bytes.length > maxRecordBytes) {
    throw notAList(
      name,
      `not a list with an item in each "- ", and larger than max_record_bytes, ${String(maxRecordBytes)} bytes`,
      first,
      line,
    );
  }
  const parsed = isUtf8(bytes) ? parseYaml(bytes.toString('utf8'), limitsOf(options)) : undefined;
  if (parsed === undefined) throw notAList(name, 'not UTF-8', first, line);
  if (!('value' in parsed)) throw notAList(name, `broken: ${parsed.reason}`, first, line);
  if (!Array.isArray(parsed.value)) throw notAList(name, 'not a list', first, line);
  const items = (parsed.value as unknown[]).map((value, position) => ({ position, value }));
  const wanted = items.filter(({ position }) => position >= options.from);
  for (let at = 0; at < wanted.length; at += 100) yield wanted.slice(at, at + 100);
}

function notAList(name: string, found: string, start: Buffer, line: number): SourceError {
  return new SourceError(
    'E_YAML_STRUCTURE',
    `${name} should be YAML in UTF-8 with a list at its top, but in line ${String(line)} it is ${found}: ${firstBytes(start)}. Check what the file really holds.`,
    { details: { resource: name, line } },
  );
}

function secondDocument(name: string, line: number): SourceError {
  return new SourceError(
    'E_YAML_STRUCTURE',
    `${name} should hold one YAML document, but in line ${String(line)} another one begins. Split the file.`,
    { details: { resource: name, line } },
  );
}
