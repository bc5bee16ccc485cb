/**
 * Parquet: rows are held until a row group is full, then its columns are written. A group ends after a number of rows or
 * of bytes, whichever comes first, so memory is bounded and the same records give the same file.
 */
import { ConfigError } from '../../src/errors.ts';
import { quote } from '../../src/clip.ts';
import type { Document } from '../../src/records/document.ts';
import type { Encoder } from './encoder.ts';
import type { ColumnType, FileArgs } from './file-args.ts';

const MOST_ROWS = 50_000;
/** Of values as JSON text, before compression. */
const MOST_BYTES = 16 * 1024 * 1024;

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  valueOf(document: Document): unknown;
}

export async function openParquet({ columns: names, column_types: types = {} }: FileArgs): Promise<Encoder> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const columns = names === undefined ? wholeRecords() : names.map((name) => toColumn(name, types[name] ?? 'text'));
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema: toSchema(columns), createdBy: 'vocab-sync' });
  let rows: unknown[][] = columns.map(() => []);
  let held = 0;

  const writeGroup = (): void => {
    const size = rows[0]?.length ?? 0;
    if (size === 0) return;
    // The smallest and largest JSON text of a group are useless, and they would be stored whole.
    const columnData = columns.map(({ name, type }, i) => ({ name, data: rows[i] ?? [], statistics: type !== 'json' }));
    void file.write({ columnData, rowGroupSize: size });
    rows = columns.map(() => []);
    held = 0;
  };
  const add = (document: Document): void => {
    for (const [i, column] of columns.entries()) {
      const value = column.valueOf(document);
      rows[i]?.push(value);
      held += sizeOf(value);
    }
    if ((rows[0]?.length ?? 0) >= MOST_ROWS || held >= MOST_BYTES) writeGroup();
  };
  /** The writer keeps growing one buffer; what is taken is copied, and the buffer is used again. */
  const take = (): Promise<Buffer> => {
    const ready = Buffer.from(bytes.getBytes());
    bytes.index = 0;
    return Promise.resolve(ready);
  };

  return {
    encode(documents) {
      for (const document of documents) add(document);
      return take();
    },
    end() {
      writeGroup();
      void file.finish();
      return take();
    },
    close: () => undefined,
  };
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8;
}

function wholeRecords(): readonly Column[] {
  return [
    { name: 'id', type: 'text', valueOf: ({ id }) => id },
    { name: 'record', type: 'json', valueOf: (document) => document },
  ];
}

function toColumn(name: string, type: ColumnType): Column {
  return {
    name,
    type,
    valueOf(document) {
      const value = Object.hasOwn(document, name) ? document[name] : undefined;
      if (value === undefined || value === null) return null;
      const converted = CONVERSIONS[type](value);
      if (converted === undefined) throw wrongType(document, name, type, value);
      return converted;
    },
  };
}

/** Undefined where the value is not of the type. */
const CONVERSIONS: Readonly<Record<ColumnType, (value: unknown) => unknown>> = {
  text: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  json: (value) => value,
  integer: toInteger,
  number: (value) => (typeof value === 'number' ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  texts: (value) => (Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined),
};

/** An integer beyond 2^53 is a text in a record, so that it keeps its digits. */
function toInteger(value: unknown): bigint | undefined {
  const isWhole = Number.isSafeInteger(value) || (typeof value === 'string' && /^-?\d{1,19}$/.test(value));
  if (!isWhole) return undefined;
  const integer = BigInt(value as number | string);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

function wrongType(document: Document, name: string, type: ColumnType, value: unknown): ConfigError {
  return new ConfigError(
    'E_ARGUMENTS_INVALID',
    `Expected a value of the type "${type}" in the column "${name}" of the record ${quote(document.id)}, found ${quote(JSON.stringify(value))}. Give the column the type "text" or "json" in "column_types" of the file writer, or correct the record with a transformer. Nothing was published.`,
    { details: { record: document.id, column: name, type } },
  );
}

interface SchemaElement {
  readonly name: string;
  readonly type?: 'BYTE_ARRAY' | 'INT64' | 'DOUBLE' | 'BOOLEAN';
  readonly converted_type?: 'UTF8' | 'JSON' | 'LIST';
  readonly repetition_type?: 'OPTIONAL' | 'REPEATED' | 'REQUIRED';
  readonly num_children?: number;
}

function toSchema(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.flatMap(toElements)];
}

function toElements({ name, type }: Column): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type) {
    case 'text':
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'json':
      // By this older mark of JSON, DuckDB knows the column, too.
      return [{ ...optional, type: 'BYTE_ARRAY', converted_type: 'JSON' }];
    case 'integer':
      return [{ ...optional, type: 'INT64' }];
    case 'number':
      return [{ ...optional, type: 'DOUBLE' }];
    case 'boolean':
      return [{ ...optional, type: 'BOOLEAN' }];
    case 'texts':
      return [
        { ...optional, converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      ];
  }
}
