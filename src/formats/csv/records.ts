/**
 * The records of a table: objects by the names of its first row, or its rows as lists. A bad row does not affect
 * others.
 */
import { isUtf8 } from 'node:buffer';
import { SourceError } from '../../errors.ts';
import type { ReadItem } from '../../records/entry.ts';
import { ByteWindow } from '../bytes/byte-window.ts';
import { parseCells, type Cell } from './cells.ts';
import type { CsvDialect } from './dialect.ts';
import { toUtf8Bytes } from './encoding.ts';
import { toDialectBytes } from './row-scan.ts';
import { readCsvRows, type CsvRow } from './rows.ts';
import { fill, skipByteOrderMark } from '../json/open-json.ts';
import { recordFailure } from '../json/record.ts';
import { CONTENT_TEXTS, firstBytes, sniffContent } from '../bytes/sniff-content.ts';

export interface CsvRecordsOptions {
  readonly name: string;
  /** Rows before this position are counted but neither parsed nor yielded. */
  readonly from: number;
  readonly asObjects: boolean;
  readonly dialect: CsvDialect;
  /** Whether a row may lack blank cells at its end, or have further ones. */
  readonly allowsRaggedRows: boolean;
  /** A label from `toEncodingLabel`. */
  readonly encoding: string | undefined;
  readonly maxRecordBytes: number;
  /** If a name occurs twice in the first row, the last of its columns counts. */
  onRepeatedColumn(name: string): void;
}

const MOST_ROWS = 100;
const MOST_BYTES = 256 * 1024;
const SNIFFED = 1024;

export async function* readCsvRecords(
  source: AsyncIterable<Buffer>,
  options: CsvRecordsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const window = new ByteWindow(toUtf8Bytes(source, options.encoding, options.name));
  try {
    await refuseOtherFormats(window, options.name);
    const { maxRecordBytes } = options;
    const delimiter = takeSeparatorLine(window);
    const dialect = delimiter === undefined ? options.dialect : { ...options.dialect, delimiter };
    const line = delimiter === undefined ? 1 : 2;
    const rows = readCsvRows(window, { dialect: toDialectBytes(dialect), maxRecordBytes, line });
    const table = { ...options, dialect };
    const header = options.asObjects ? await readHeader(rows, table) : undefined;
    if (options.asObjects && header === undefined) return;
    yield* readBatches(rows, header, table);
  } finally {
    await window.close();
  }
}

/** `sep=;` as the first line: Excel writes and reads it, and shows none of it. */
function takeSeparatorLine(window: ByteWindow): string | undefined {
  const found = /^sep=([^\r\n"])(\r\n|\n|\r)/.exec(window.view.toString('latin1', 0, 8));
  if (found?.[1] === undefined) return undefined;
  window.advance(found[0].length);
  return found[1];
}

async function refuseOtherFormats(window: ByteWindow, name: string): Promise<void> {
  await fill(window, SNIFFED);
  skipByteOrderMark(window);
  const start = Buffer.from(window.view.subarray(0, SNIFFED));
  const found = start.length === 0 ? undefined : sniffContent(start);
  if (found === undefined || found === 'json' || found === 'markup' || found === 'blank') return;
  throw unusable(name, `it is ${CONTENT_TEXTS[found]} and begins with ${firstBytes(start)}`);
}

/** Undefined where there is no row at all. */
/** Spreadsheets end at 16,384. Each record becomes an object with a name for each. */
const MOST_COLUMNS = 200_000;

async function readHeader(
  rows: AsyncGenerator<CsvRow, void, undefined>,
  options: CsvRecordsOptions,
): Promise<readonly string[] | undefined> {
  const first = await rows.next();
  if (first.done === true) return undefined;
  const row = first.value;
  const cells = row.fault === undefined && isText(row.bytes) ? parseCells([row], options.dialect)[0] : undefined;
  if (!Array.isArray(cells)) throw unusable(options.name, `its first row cannot be read: ${firstBytes(row.bytes)}`);
  if (cells.length > MOST_COLUMNS) {
    throw unusable(
      options.name,
      `its first row names ${String(cells.length)} columns, more than ${String(MOST_COLUMNS)}`,
    );
  }
  const names = cells.map((cell) => (cell === null ? '' : String(cell)));
  if (options.allowsRaggedRows) while (names.at(-1) === '') names.pop();
  for (const name of repeatedOf(names)) options.onRepeatedColumn(name);
  return names;
}

function repeatedOf(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return repeated;
}

async function* readBatches(
  rows: AsyncIterable<CsvRow>,
  header: readonly string[] | undefined,
  options: CsvRecordsOptions,
): AsyncGenerator<readonly ReadItem[]> {
  let batch: CsvRow[] = [];
  let bytes = 0;
  let position = 0;
  try {
    for await (const row of rows) {
      if (position++ < options.from) continue;
      batch.push(row);
      bytes += row.bytes.length;
      if (batch.length < MOST_ROWS && bytes < MOST_BYTES) continue;
      const taken = batch;
      batch = [];
      bytes = 0;
      yield toItems(taken, position - taken.length, header, options);
    }
  } catch (error) {
    // The records before a fault are seen, as with the other formats.
    if (batch.length > 0) yield toItems(batch, position - batch.length, header, options);
    throw error;
  }
  if (batch.length > 0) yield toItems(batch, position - batch.length, header, options);
}

function toItems(
  rows: readonly CsvRow[],
  first: number,
  header: readonly string[] | undefined,
  options: CsvRecordsOptions,
): ReadItem[] {
  const good = rows.filter(({ fault, bytes }) => fault === undefined && isText(bytes));
  const cells = new Map(parseCells(good, options.dialect).map((parsed, i) => [good[i], parsed]));
  return rows.map((row, i) => toItem(row, first + i, cells.get(row), header, options));
}

function toItem(
  row: CsvRow,
  position: number,
  cells: readonly Cell[] | Error | undefined,
  header: readonly string[] | undefined,
  { allowsRaggedRows, dialect }: CsvRecordsOptions,
): ReadItem {
  const { line, byte, bytes, fault } = row;
  const place = { position, byte, line };
  if (fault !== undefined) return recordFailure(fault.code, fault.reason, place, bytes);
  if (bytes.includes(0)) return recordFailure('E_RECORD_TEXT', 'it holds a NUL character', place, bytes);
  if (cells === undefined) {
    const reason = 'it holds bytes that are not UTF-8; where many rows do, the reader needs the "encoding" of the file';
    return recordFailure('E_RECORD_SYNTAX', reason, place, bytes);
  }
  if (cells instanceof Error) return recordFailure('E_RECORD_SYNTAX', cells.message, place, bytes, cells);
  if (header === undefined) return { position, value: cells };
  const further = cells.slice(header.length);
  const isRagged = further.every(isBlank) && cells.length !== header.length;
  if (cells.length !== header.length && !(isRagged && allowsRaggedRows)) {
    const reason = `it has ${String(cells.length)} cells where the first row names ${String(header.length)} columns${isRagged ? '; where blank cells at the end may be missing or too many, set "ragged_rows": true' : ''}`;
    return recordFailure('E_RECORD_COLUMNS', reason, place, bytes);
  }
  const blank = dialect.unquoted === 'text' ? '' : null;
  return { position, value: Object.fromEntries(header.map((name, i) => [name, i < cells.length ? cells[i] : blank])) };
}

function isBlank(cell: Cell): boolean {
  return cell === null || (typeof cell === 'string' && cell.trim() === '');
}

function isText(bytes: Buffer): boolean {
  return !bytes.includes(0) && isUtf8(bytes);
}

function unusable(name: string, fault: string): SourceError {
  return new SourceError(
    'E_CSV_STRUCTURE',
    `${name} should be a table of text, but ${fault}. Check what the file really holds, its encoding and the csv_options.`,
    { details: { resource: name } },
  );
}
