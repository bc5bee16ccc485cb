/** The rows of a Parquet file, one row group after the other. */
import type { FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { AsyncBuffer, AsyncRowGroup, ColumnData, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { clip, quote } from '../../clip.ts';
import { LimitError, RecordError, SourceError, VocabSyncError, messageOf } from '../../errors.ts';
import { RAW_LIMIT, type ReadItem } from '../../records/entry.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { readStart } from '../bytes/file-range.ts';
import { describeContent } from '../bytes/sniff-content.ts';
import { bounded } from './bounded-compressors.ts';
import { loadPageReader, readPages } from './pages.ts';
import { checkStruct } from './thrift.ts';
import { columnMilliseconds, withinTime } from './within-time.ts';
import { RAW_PARSERS, ValueFault, toJsonOf, withoutConversions, type ToJson } from './values.ts';

export interface ParquetRecordsOptions {
  readonly name: string;
  readonly handle: FileHandle;
  /** Rows before this position are not yielded; groups of such rows are not read. */
  readonly from: number;
  /** Undefined = all. */
  readonly columns: readonly string[] | undefined;
  /** The most bytes of a row group, unpacked; it is held in memory. */
  readonly maxGroupBytes: number;
  /** The longest time that a column of a row group may take. Depends on its size if undefined. */
  readonly mostMilliseconds?: number;
}

/** Footers list each column of each group. Those of large files have some MB. */
const MOST_FOOTER_BYTES = 64 * 1024 * 1024;
/** What a value takes in memory at least, however well it is packed. */
const VALUE_BYTES = 4;

interface Column {
  readonly name: string;
  readonly toJson: ToJson;
}

interface OpenFile {
  readonly options: ParquetRecordsOptions;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: readonly Column[];
  readonly compressors: Compressors;
  readonly batch: ItemBatch;
}

export async function* readParquetRecords(
  options: ParquetRecordsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const open = await openParquet(options);
  yield* withRest(open.batch, readGroups(open));
}

async function openParquet(options: ParquetRecordsOptions): Promise<OpenFile> {
  const { name, handle } = options;
  const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const { size } = await handle.stat();
  await refuseOtherFormats(options, size);
  const file: AsyncBuffer = { byteLength: size, slice: (start, end) => readSlice(handle, start, end ?? size, size) };
  try {
    await checkFooter(file);
    const stored = await parquetMetadataAsync(file, { parsers: RAW_PARSERS, geoparquet: false });
    const columns = toColumns(parquetSchema(stored), options);
    const { compressors } = await import('hyparquet-compressors');
    return {
      options,
      file,
      metadata: withoutConversions(stored),
      columns,
      compressors: bounded({
        ...compressors,
        GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
        BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
      }),
      batch: createItemBatch(),
    };
  } catch (error) {
    throw error instanceof VocabSyncError
      ? error
      : broken(name, `its footer cannot be read: ${messageOf(error)}`, error);
  }
}

async function refuseOtherFormats({ name, handle }: ParquetRecordsOptions, size: number): Promise<void> {
  const start = await readStart(handle, 1024);
  const end = Buffer.alloc(8);
  if (size >= 12) await handle.read(end, 0, 8, size - 8);
  const [first, last] = [start.toString('latin1', 0, 4), end.toString('latin1', 4)];
  if (first === 'PARE' || last === 'PARE') throw broken(name, 'it is encrypted; ask for a file without encryption');
  if (first !== 'PAR1') throw broken(name, `it is ${describeContent(start) ?? 'something else'}`);
  if (last !== 'PAR1') throw broken(name, 'its end is missing: it is truncated');
  if (end.readUInt32LE(0) > Math.min(size - 12, MOST_FOOTER_BYTES)) {
    throw broken(name, `its footer would have ${String(end.readUInt32LE(0))} bytes`);
  }
}

async function checkFooter({ byteLength: size, slice }: AsyncBuffer): Promise<void> {
  const length = new DataView(await slice(size - 8, size)).getUint32(0, true);
  checkStruct(new DataView(await slice(size - 8 - length, size - 8)), 0);
}

async function readSlice(handle: FileHandle, start: number, end: number, size: number): Promise<ArrayBuffer> {
  const isInside = start >= 0 && start <= end && end <= size;
  if (!isInside) throw new Error(`the bytes ${String(start)} to ${String(end)} are not in it`);
  const length = end - start;
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, start + read);
    if (bytesRead === 0) throw new Error(`it ends at byte ${String(start + read)}`);
    read += bytesRead;
  }
  return bytes.buffer;
}

function toColumns({ children }: SchemaTree, { name, columns }: ParquetRecordsOptions): readonly Column[] {
  const names = children.map(({ element }) => element.name);
  const missing = columns?.find((column) => !names.includes(column));
  if (missing !== undefined) {
    const all = clip(names.map((one) => quote(one)).join(', '), 1000);
    throw broken(name, `it has no column ${quote(missing)}; it has ${all}. Correct "columns" of the reader`);
  }
  return children
    .filter(({ element }) => columns?.includes(element.name) !== false)
    .map((tree) => {
      try {
        return { name: tree.element.name, toJson: toJsonOf(tree) };
      } catch (error) {
        if (!(error instanceof ValueFault)) throw error;
        throw broken(
          name,
          `its column ${quote(tree.element.name)} ${error.message}. Name the others in "columns" of the reader`,
        );
      }
    });
}

async function* readGroups(open: OpenFile): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const { metadata, options } = open;
  let start = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (!Number.isSafeInteger(rows) || rows < 0) throw broken(options.name, `a group has ${String(rows)} rows`);
    if (start + rows > options.from && rows > 0) yield* readGroup(open, group, start, rows);
    start += rows;
  }
  if (String(start) !== String(metadata.num_rows)) {
    throw broken(
      options.name,
      `its groups have ${String(start)} rows and the file declares ${String(metadata.num_rows)}`,
    );
  }
}

async function* readGroup(
  open: OpenFile,
  group: FileMetaData['row_groups'][number],
  start: number,
  rows: number,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const { options, columns, batch } = open;
  const isWanted = new Set(columns.map(({ name }) => name));
  const sizes = group.columns.flatMap(({ meta_data: column }) =>
    column === undefined || !isWanted.has(column.path_in_schema[0] ?? '')
      ? []
      : [{ bytes: Number(column.total_uncompressed_size), values: Number(column.num_values) }],
  );
  const short = sizes.find(({ values }) => !(values >= rows));
  if (short !== undefined) {
    const fault = `a column has ${String(short.values)} values in the ${String(rows)} rows from ${String(start)} on`;
    throw broken(options.name, fault);
  }
  const bytes = sizes.reduce((sum, size) => sum + Math.max(size.bytes, size.values * VALUE_BYTES), 0);
  if (!(bytes <= options.maxGroupBytes)) throw groupTooLarge(options, bytes);
  const values = await readColumns(open, start, rows);
  const perRow = Math.ceil(bytes / rows);
  for (let row = Math.max(0, options.from - start); row < rows; row++) {
    if (batch.add(toItem(columns, values, start + row, row), perRow)) yield batch.take();
  }
}

/** By column, the values of all rows of a group. */
type Values = readonly (readonly unknown[])[];

async function readColumns(open: OpenFile, start: number, rows: number): Promise<Values> {
  const { columns, options } = open;
  let chunks: readonly ColumnData[];
  try {
    chunks = await readChunks(open, start, rows);
  } catch (error) {
    throw broken(options.name, `its rows from ${String(start)} on cannot be read: ${messageOf(error)}`, error);
  }
  return columns.map(({ name }) => {
    const values: unknown[] = new Array<unknown>(rows);
    let count = 0;
    for (const { columnName, columnData, rowStart } of chunks) {
      if (columnName !== name) continue;
      for (let i = 0; i < columnData.length; i++) values[rowStart - start + i] = (columnData as ArrayLike<unknown>)[i];
      count += columnData.length;
    }
    // The library reads a column that is too short without an error.
    if (count === rows && values.length === rows) return values;
    throw broken(
      options.name,
      `its column ${quote(name)} has ${String(count)} of the ${String(rows)} rows from ${String(start)} on`,
    );
  });
}

/**
 * What `parquetRead` of the library does, with a limit on the time of each column: where a page header or a run length
 * is damaged, the loops of the library do not end.
 */
async function readChunks(open: OpenFile, start: number, rows: number): Promise<readonly ColumnData[]> {
  const { file, metadata, compressors, columns, options } = open;
  const [{ parquetSchema }, { DEFAULT_PARSERS }, { parquetPlan }, library, { getTreePath }, { assembleAsync }] =
    await Promise.all([
      import('hyparquet'),
      import('hyparquet/src/convert.js'),
      import('hyparquet/src/plan.js'),
      loadPageReader(),
      import('hyparquet/src/schema.js'),
      import('hyparquet/src/rowgroup.js'),
    ]);
  const parsers = { ...DEFAULT_PARSERS, ...RAW_PARSERS };
  const tree = parquetSchema(metadata);
  const names = columns.map(({ name }) => name);
  const chunks: ColumnData[] = [];
  for (const group of parquetPlan({ file, metadata, columns: names, rowStart: start, rowEnd: start + rows }).groups) {
    const asyncColumns: AsyncRowGroup['asyncColumns'] = [];
    for (const { columnMetadata, range } of group.chunks) {
      const pathInSchema = columnMetadata.path_in_schema;
      const schemaPath = getTreePath(tree, pathInSchema);
      const element = schemaPath.at(-1)?.element;
      if (element === undefined) throw new Error(`the column ${quote(pathInSchema.join('.'))} has no type`);
      const decoder = { ...columnMetadata, compressors, element, parsers, pathInSchema, schemaPath };
      const view = new DataView(await file.slice(range.startByte, range.endByte));
      const most = options.mostMilliseconds ?? columnMilliseconds(Number(columnMetadata.total_uncompressed_size));
      const values = Number(columnMetadata.num_values);
      const chunk = { view, decoder, rows, values, mostBytes: options.maxGroupBytes };
      const pages = withinTime(() => readPages(library, chunk), most);
      asyncColumns.push({ pathInSchema, data: Promise.resolve(pages) });
    }
    const assembled = assembleAsync({ ...group, asyncColumns }, tree, parsers).asyncColumns;
    const data = await Promise.all(assembled.map((column) => column.data));
    for (const [i, { pathInSchema }] of assembled.entries()) {
      let rowStart = group.groupStart + (data[i]?.skipped ?? 0);
      for (const columnData of data[i]?.data ?? []) {
        const rowEnd = rowStart + columnData.length;
        chunks.push({ columnName: pathInSchema[0] ?? '', columnData, rowStart, rowEnd });
        rowStart = rowEnd;
      }
    }
  }
  return chunks;
}

function toItem(columns: readonly Column[], values: Values, position: number, row: number): ReadItem {
  const record: [string, unknown][] = [];
  for (const [i, { name, toJson }] of columns.entries()) {
    try {
      const value = toJson(values[i]?.[row]);
      // What is null in a table is absent in a record.
      if (value !== null) record.push([name, value]);
    } catch (error) {
      if (!(error instanceof ValueFault)) throw error;
      const message = `Row ${String(position)}: the column ${quote(name)} ${error.message}. Report it to the source, or leave the column out with "columns" of the reader.`;
      const details = { position, column: clip(name, 200) };
      const raw = JSON.stringify(Object.fromEntries(record)).slice(0, RAW_LIMIT);
      return { position, error: new RecordError('E_CELL_INVALID', message, { details }), raw };
    }
  }
  return { position, value: Object.fromEntries(record) };
}

function broken(name: string, fault: string, cause?: unknown): SourceError {
  return new SourceError('E_PARQUET_STRUCTURE', `${name} should be a Parquet file, but ${fault}.`, {
    cause,
    details: { resource: name },
  });
}

function groupTooLarge({ name, maxGroupBytes }: ParquetRecordsOptions, bytes: number): LimitError {
  return new LimitError(
    'E_SOURCE_TOO_LARGE',
    `A row group of ${name} has ${String(bytes)} bytes, more than max_group_bytes, ${String(maxGroupBytes)}. Read fewer columns with "columns", have the file written with smaller row groups, or raise the limit.`,
    { details: { resource: name, bytes, limit: maxGroupBytes } },
  );
}
