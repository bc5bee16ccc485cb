/** The reader of Parquet: exact values, row groups, and files that are not what they say. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { parquet } from '../../readers/parquet.ts';
import { readParquetRecords } from '../../src/formats/parquet/records.ts';
import { withinTime } from '../../src/formats/parquet/within-time.ts';
import { isFailure } from '../../src/records/entry.ts';
import { tempDir } from '../support/temp-dir.ts';
import { bytesResource, errorOf, readRecords, testContext } from '../support/read-resource.ts';

interface Column {
  readonly name: string;
  readonly elements: readonly SchemaElement[];
  readonly data: readonly unknown[];
}

function column(element: SchemaElement, data: readonly unknown[], children: readonly SchemaElement[] = []): Column {
  return { name: element.name, elements: [{ repetition_type: 'OPTIONAL', ...element }, ...children], data };
}

function build(columns: readonly Column[], rowGroupSize = 1000): Buffer {
  const writer = new ByteWriter();
  const schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)];
  const file = new ParquetWriter({ writer, schema });
  void file.write({ columnData: columns.map(({ name, data }) => ({ name, data: [...data] })), rowGroupSize });
  void file.finish();
  return Buffer.from(writer.getBuffer());
}

const read = (content: Buffer, args: object = {}, context = testContext()) =>
  readRecords(parquet, bytesResource(content, undefined, 'data.parquet'), args, context);

async function valuesOf(columns: readonly Column[], args: object = {}): Promise<unknown[]> {
  return (await read(build(columns), args)).map((item) =>
    isFailure(item) ? [item.error.code, item.error.message] : item.value,
  );
}

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;

describe('values', () => {
  it.each<readonly [string, Omit<SchemaElement, 'name'>, unknown, unknown]>([
    ['a text', text, 'Zürich 😀', 'Zürich 😀'],
    ['bytes that are text', { type: 'BYTE_ARRAY' }, Buffer.from('ä'), 'ä'],
    ['a small integer', { type: 'INT64' }, 7n, 7],
    ['a large integer', { type: 'INT64' }, 9223372036854775807n, '9223372036854775807'],
    ['a boolean', { type: 'BOOLEAN' }, false, false],
    ['a float', { type: 'FLOAT' }, Math.fround(0.1), 0.1],
    ['a double', { type: 'DOUBLE' }, 0.30000000000000004, 0.30000000000000004],
    ['a decimal', { type: 'INT64', converted_type: 'DECIMAL', scale: 2, precision: 18 }, -5n, '-0.05'],
    [
      'a long decimal',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', scale: 10, precision: 38 },
      12345678901234567890123456789012345678n,
      '1234567890123456789012345678.9012345678',
    ],
    ['a date', { type: 'INT32', converted_type: 'DATE' }, new Date('1969-12-31'), '1969-12-31'],
    [
      'a time of day',
      { type: 'INT64', logical_type: { type: 'TIME', isAdjustedToUTC: false, unit: 'MICROS' } },
      45296000001n,
      '12:34:56.000001',
    ],
    [
      'a time in nanoseconds',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } },
      1764500000123456789n,
      '2025-11-30T10:53:20.123456789Z',
    ],
    [
      'a local time before 1970',
      { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MICROS' } },
      -1n,
      '1969-12-31T23:59:59.999999',
    ],
    [
      'a UUID',
      { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
      '00112233-4455-6677-8899-aabbccddeeff',
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
    ['fixed bytes', { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 3 }, Buffer.from([255, 0, 1]), '/wAB'],
  ])('%s', async (_what, element, stored, value) => {
    expect(await valuesOf([column({ name: 'x', ...element }, [stored, null])])).toEqual([{ x: value }, {}]);
  });

  it('JSON keeps the digits of its numbers', async () => {
    const element = { name: 'x', type: 'BYTE_ARRAY', logical_type: { type: 'JSON' } } as const;
    const values = await valuesOf([column(element, [Buffer.from('{"a":[9007199254740993]}'), Buffer.from('{')])]);
    expect(values).toEqual([
      { x: { a: ['9007199254740993'] } },
      ['E_CELL_INVALID', expect.stringContaining('not JSON')],
    ]);
  });

  it('lists and structures are lists and objects, to the last decimal', async () => {
    const list = column(
      { name: 'l', converted_type: 'LIST', num_children: 1 },
      [[1n, null], [], null],
      [
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        {
          name: 'element',
          type: 'INT64',
          converted_type: 'DECIMAL',
          scale: 1,
          precision: 18,
          repetition_type: 'OPTIONAL',
        },
      ],
    );
    const struct = column(
      { name: 's', num_children: 2 },
      [{ a: 'x', n: 9007199254740993n }, { a: null, n: 1n }, null],
      [
        { name: 'a', ...text, repetition_type: 'OPTIONAL' },
        { name: 'n', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
    );
    expect(await valuesOf([list, struct])).toEqual([
      { l: ['0.1', null], s: { a: 'x', n: '9007199254740993' } },
      { l: [], s: { a: null, n: 1 } },
      {},
    ]);
  });

  it('what JSON cannot hold rejects its row alone', async () => {
    const numbers = column({ name: 'n', type: 'DOUBLE' }, [1, NaN, Infinity]);
    const bytes = column({ name: 'b', type: 'BYTE_ARRAY' }, [Buffer.from([0xff]), Buffer.from('b'), Buffer.from('c')]);
    expect(await valuesOf([numbers, bytes])).toEqual([
      ['E_CELL_INVALID', expect.stringContaining('"b"')],
      ['E_CELL_INVALID', expect.stringContaining('NaN')],
      ['E_CELL_INVALID', expect.stringContaining('Infinity')],
    ]);
    expect(await valuesOf([numbers, bytes], { columns: ['b'] })).toHaveLength(3);
  });
});

describe('files', () => {
  const ids = Array.from({ length: 2500 }, (_, i) => `id-${String(i)}`);
  const good = build([
    column({ name: 'id', ...text }, ids),
    column(
      { name: 'n', type: 'INT32' },
      ids.map((_, i) => i),
    ),
  ]);

  it('are read by groups, from any row', async () => {
    for (const from of [0, 1, 999, 1000, 2499, 2500]) {
      const items = await read(good, {}, testContext({ from }));
      expect(items.map(({ position }) => position)).toEqual(ids.map((_, i) => i).slice(from));
      expect(items.at(-1)).toEqual(from < 2500 ? { position: 2499, value: { id: 'id-2499', n: 2499 } } : undefined);
    }
  });

  it('have only the columns that are wanted', async () => {
    expect((await read(good, { columns: ['n'] }))[7]).toEqual({ position: 7, value: { n: 7 } });
    const error = await errorOf(read(good, { columns: ['name'] }));
    expect([error.code, error.message]).toEqual(['E_PARQUET_STRUCTURE', expect.stringContaining('"id", "n"')]);
  });

  it('with a row group that is too large are refused', async () => {
    const error = await errorOf(read(good, { max_group_bytes: 1000 }));
    expect([error.code, error.message]).toEqual(['E_SOURCE_TOO_LARGE', expect.stringContaining('max_group_bytes')]);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'empty'],
    ['CSV', Buffer.from('id,name\n1,a\n'), 'something else'],
    ['a zip', Buffer.from('PK\x03\x04 and more', 'latin1'), 'zip'],
    ['a file that is cut off', good.subarray(0, good.length - 10), 'truncated'],
    ['an encrypted one', Buffer.from('PARE............PARE'), 'encrypted'],
    ['a footer without an end', Buffer.from('PAR1....\xff\xff\xff\x7fPAR1', 'latin1'), 'footer'],
    [
      'a footer of zeros',
      Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(100), Buffer.from([100, 0, 0, 0]), Buffer.from('PAR1')]),
      'footer',
    ],
  ])('%s is refused', async (_what, content, words) => {
    const error = await errorOf(read(content));
    expect([error.code, error.message]).toEqual(['E_PARQUET_STRUCTURE', expect.stringContaining(words)]);
  });

  it('with a wrong bit in a page header are read to an end', async () => {
    const content = build([column({ name: 'id', ...text }, ['a', 'b', 'c', 'a', 'b', 'zzz'])]);
    const path = join(tempDir(), 'damaged.parquet');
    const faults: string[] = [];
    for (let bit = 10 * 8; bit < 11 * 8; bit++) {
      const damaged = Buffer.from(content);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      await writeFile(path, damaged);
      const handle = await open(path);
      const options = { name: 'x', handle, from: 0, columns: undefined, maxGroupBytes: 1e6, mostMilliseconds: 100 };
      try {
        for await (const items of readParquetRecords(options)) expect(items).not.toEqual([]);
      } catch (error) {
        faults.push(String(error));
      }
      await handle.close();
    }
    expect(faults.filter((fault) => !fault.includes('should be a Parquet file'))).toEqual([]);
    // Without a look at the header of the page, these never end.
    expect(faults.filter((fault) => fault.includes('a page would have')).length).toBeGreaterThan(0);
  });

  it('whose column would never end are given up', () => {
    const endless = (): never => {
      for (;;);
    };
    expect(() => withinTime(endless, 50)).toThrow('takes longer than 0.1 seconds');
  });
});
