/**
 * The pages of a column chunk, one after the other by the library, each checked before. A damaged size, count or run length
 * may claim billions of values, for which the library would allocate memory. Nothing is allocated that the bytes of the
 * page and the count of values in the footer do not cover.
 */
import type { ColumnDecoder, DecodedArray, Encoding, PageHeader } from 'hyparquet/src/types.js';
import { checkStruct } from './thrift.ts';

export interface ColumnPages {
  /** The bytes of the chunk. */
  readonly view: DataView;
  readonly decoder: ColumnDecoder;
  /** As the footer says. */
  readonly rows: number;
  readonly values: number;
  /** The most bytes of all pages, unpacked. */
  readonly mostBytes: number;
}

/** The modules of the library, which are loaded on demand. */
export async function loadPageReader() {
  const [{ parquetHeader, readPage }, { decompressPage }, { convert }, { deltaBinaryUnpack }, encoding, schema] =
    await Promise.all([
      import('hyparquet/src/column.js'),
      import('hyparquet/src/datapage.js'),
      import('hyparquet/src/convert.js'),
      import('hyparquet/src/delta.js'),
      import('hyparquet/src/encoding.js'),
      import('hyparquet/src/schema.js'),
    ]);
  return { parquetHeader, readPage, decompressPage, convert, deltaBinaryUnpack, ...encoding, ...schema };
}

type PageReader = Awaited<ReturnType<typeof loadPageReader>>;

/** Throws Error with half a sentence for a page that cannot be right, and whatever the library throws. */
export function readPages(library: PageReader, { view, decoder, rows, values, mostBytes }: ColumnPages) {
  const isFlat = library.isFlatColumn(decoder.schemaPath);
  const reader = { view, offset: 0 };
  const chunks: DecodedArray[] = [];
  let dictionary: DecodedArray | undefined;
  let last: DecodedArray | undefined;
  let [readRows, readValues, bytes] = [0, 0, 0];
  while (reader.offset < view.byteLength - 1 && (!isFlat || readRows < rows)) {
    checkStruct(view, reader.offset);
    const header = library.parquetHeader(reader);
    checkSizes(header, view.byteLength - reader.offset);
    bytes += header.uncompressed_page_size;
    if (bytes > mostBytes) throw new Error(`its pages would have more than ${String(mostBytes)} bytes`);
    const packed = new Uint8Array(view.buffer, view.byteOffset + reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    const isDictionary = header.type === 'DICTIONARY_PAGE';
    const count = countOf(header);
    readValues += isDictionary ? 0 : count;
    if (readValues > values) throw new Error(`its pages have more than ${String(values)} values`);
    const page = unpack(library, header, packed, decoder);
    if (isDictionary && count > page.length) throw new Error(`a dictionary would have ${String(count)} values`);
    if (!isDictionary) checkPage(library, header, page, decoder, mostBytes);
    const size = page.length;
    const plain: PageHeader = { ...header, compressed_page_size: size, uncompressed_page_size: size };
    const pageView = new DataView(page.buffer, page.byteOffset, size);
    const unpacked = { ...decoder, codec: 'UNCOMPRESSED' as const };
    const { data } = library.readPage({ view: pageView, offset: 0 }, plain, unpacked, dictionary, last, 0);
    if (isDictionary) dictionary = data === undefined ? undefined : library.convert(data, decoder);
    else if (data !== undefined && data !== last) {
      if (data.length === 0) continue;
      chunks.push(data);
      last = data;
      readRows += data.length;
    }
  }
  return { data: chunks, skipped: 0 };
}

function checkSizes({ compressed_page_size: packed, uncompressed_page_size: size }: PageHeader, left: number): void {
  const isRight = isCount(packed) && packed <= left && isCount(size);
  if (!isRight) throw new Error(`a page would have ${String(packed)} bytes, and ${String(size)} unpacked`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function countOf(header: PageHeader): number {
  const { data_page_header: one, data_page_header_v2: two, dictionary_page_header: dictionary } = header;
  const found = { DATA_PAGE: one, DATA_PAGE_V2: two, DICTIONARY_PAGE: dictionary, INDEX_PAGE: undefined }[header.type];
  const count = found?.num_values;
  if (!isCount(count)) throw new Error(`a page would have ${String(count)} values`);
  return count;
}

/** The levels of the second version are never packed. */
function unpack(library: PageReader, header: PageHeader, packed: Uint8Array, decoder: ColumnDecoder): Uint8Array {
  const { uncompressed_page_size: size, data_page_header_v2: second } = header;
  const { codec, compressors } = decoder;
  if (header.type !== 'DATA_PAGE_V2' || second === undefined) {
    return library.decompressPage(packed, size, codec, compressors);
  }
  const { repetition_levels_byte_length: repetition, definition_levels_byte_length: definition } = second;
  const levels = repetition + definition;
  const areRight = isCount(repetition) && isCount(definition) && levels <= Math.min(size, packed.length);
  if (!areRight || !isCount(second.num_nulls) || second.num_nulls > second.num_values)
    throw new Error('the levels of a page do not fit into it');
  if (second.is_compressed === false || codec === 'UNCOMPRESSED') return packed;
  // Says that what is returned is no longer packed.
  second.is_compressed = false;
  const values = library.decompressPage(packed.subarray(levels), size - levels, codec, compressors);
  const page = new Uint8Array(size);
  page.set(packed.subarray(0, levels));
  page.set(values, levels);
  return page;
}

/** Checks the levels and the values of a data page. */
function checkPage(
  library: PageReader,
  header: PageHeader,
  page: Uint8Array,
  { schemaPath, type, element }: ColumnDecoder,
  mostBytes: number,
): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const { data_page_header: first, data_page_header_v2: second } = header;
  const described = header.type === 'DATA_PAGE_V2' ? second : first;
  const { num_values: count = 0, encoding } = described ?? {};
  const [mostRepetition, mostDefinition] = [
    library.getMaxRepetitionLevel(schemaPath),
    library.getMaxDefinitionLevel(schemaPath),
  ];
  let at = 0;
  const levels = (most: number, length: number | undefined): Run => {
    if (most === 0) return { start: at, end: at };
    if (length === undefined) {
      length = view.getUint32(at, true);
      at += 4;
    }
    const run = { start: at, end: at + length };
    if (run.end > page.length) throw new Error('the levels of a page do not fit into it');
    checkRuns(view, run, 32 - Math.clz32(most), count);
    at = run.end;
    return run;
  };
  levels(mostRepetition, second?.repetition_levels_byte_length);
  const definition = levels(mostDefinition, second?.definition_levels_byte_length);
  if (second !== undefined && header.type === 'DATA_PAGE_V2') {
    at = second.repetition_levels_byte_length + second.definition_levels_byte_length;
  }
  const values = (): number => {
    if (mostDefinition === 0) return count;
    const found: number[] = new Array<number>(count);
    const width = 32 - Math.clz32(mostDefinition);
    const reader = { view, offset: definition.start };
    library.readRleBitPackedHybrid(reader, width, found, definition.end - definition.start);
    return found.reduce((sum, level) => sum + (level === mostDefinition ? 1 : 0), 0);
  };
  checkValues(library, { view, at, count, encoding, present: values, mostBytes }, { type, element });
}

interface StoredValues {
  readonly view: DataView;
  /** Where they begin. */
  readonly at: number;
  /** With those that are null. */
  readonly count: number;
  readonly encoding: Encoding | undefined;
  readonly mostBytes: number;
  /** Counts those that are not null. */
  present(): number;
}

function checkValues(
  library: PageReader,
  { view, at, count, encoding, mostBytes, present }: StoredValues,
  { type, element }: Pick<ColumnDecoder, 'type' | 'element'>,
): void {
  const end = view.byteLength;
  switch (encoding) {
    case 'RLE':
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      if (type === 'BOOLEAN') checkRuns(view, { start: at + 4, end: end }, 1, count);
      else if (at < end) checkRuns(view, { start: at + 1, end: end }, view.getUint8(at), count);
      return;
    case 'BYTE_STREAM_SPLIT': {
      const width = element.type_length ?? 1;
      if (present() * (type === 'FIXED_LEN_BYTE_ARRAY' ? width : 4) > end - at)
        throw new Error('the values of a page do not fit into it');
      return;
    }
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY':
      checkDelta(view, at, end);
      return;
    case 'DELTA_BYTE_ARRAY':
      checkPrefixes(library, view, at, present(), mostBytes);
      return;
    default:
  }
}

interface Run {
  readonly start: number;
  readonly end: number;
}

/** A run of one value repeated has a length of its own, which no byte of the page covers. */
function checkRuns(view: DataView, { start, end }: Run, width: number, count: number): void {
  const valueBytes = (width + 7) >> 3;
  let seen = 0;
  for (let at = start; at < end && seen < count;) {
    const { value: header, next } = varint(view, at);
    if (header % 2 === 1) {
      const groups = (header - 1) / 2;
      seen += groups * 8;
      at = next + groups * width;
      continue;
    }
    const length = header / 2;
    if (length > count)
      throw new Error(`a run would repeat a value ${String(length)} times in a page of ${String(count)}`);
    seen += length;
    at = next + valueBytes;
  }
}

/** Without the overflow of 32 bits. */
function varint(view: DataView, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    const byte = view.getUint8(at + i);
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new Error('a number has too many bytes');
}

/** The head of packed differences: the size of a block and into how many parts it is divided. */
function checkDelta(view: DataView, at: number, end: number): void {
  if (at >= end) return;
  const block = varint(view, at);
  const parts = varint(view, block.next);
  const isRight = block.value > 0 && parts.value > 0 && block.value % parts.value === 0 && parts.value <= end - at;
  if (!isRight) throw new Error('the blocks of a page are damaged');
}

/** A value repeats the beginning of the one before, so that few bytes may stand for many. */
function checkPrefixes(library: PageReader, view: DataView, at: number, count: number, mostBytes: number): void {
  const reader = { view, offset: at };
  const lengths = [0, 1].map(() => {
    checkDelta(view, reader.offset, view.byteLength);
    const found = new Int32Array(count);
    if (count > 0) library.deltaBinaryUnpack(reader, count, found);
    return found;
  });
  const [prefixes, suffixes] = [lengths[0] ?? new Int32Array(), lengths[1] ?? new Int32Array()];
  let [before, bytes] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [prefix, suffix] = [prefixes[i] ?? 0, suffixes[i] ?? 0];
    if (prefix < 0 || suffix < 0 || prefix > before) throw new Error('a value repeats more than there is before it');
    before = prefix + suffix;
    bytes += before;
    if (bytes > mostBytes) throw new Error(`the values of a page would have more than ${String(mostBytes)} bytes`);
  }
}
