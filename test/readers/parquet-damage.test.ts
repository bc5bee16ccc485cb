/** Damaged Parquet files: each ends with its records or a coded error, whatever sizes, counts and run lengths it claims. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { VocabSyncError } from '../../src/errors.ts';
import { readParquetRecords } from '../../src/formats/parquet/records.ts';
import { tempDir } from '../support/temp-dir.ts';

const ROWS = 400;
/** Of a process that reads ten kilobytes. */
const MOST_MEGABYTES = 200;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
const rows = Array.from({ length: ROWS }, (_, i) => i);

/** Texts with and without a dictionary, numbers, nulls, booleans and lists. */
function goodFile(): Buffer {
  const writer = new ByteWriter();
  const list: readonly SchemaElement[] = [
    { name: 'names', converted_type: 'LIST', repetition_type: 'OPTIONAL', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', ...text },
  ];
  const columns: readonly (Pick<ColumnSource, 'name' | 'encoding'> & { elements: readonly SchemaElement[] })[] = [
    { name: 'id', elements: [{ name: 'id', ...text, repetition_type: 'REQUIRED' }], encoding: 'PLAIN' },
    { name: 'kind', elements: [{ name: 'kind', ...text }] },
    { name: 'key', elements: [{ name: 'key', ...text }], encoding: 'DELTA_BYTE_ARRAY' },
    {
      name: 'n',
      elements: [{ name: 'n', type: 'INT32', repetition_type: 'OPTIONAL' }],
      encoding: 'DELTA_BINARY_PACKED',
    },
    {
      name: 'x',
      elements: [{ name: 'x', type: 'DOUBLE', repetition_type: 'OPTIONAL' }],
      encoding: 'BYTE_STREAM_SPLIT',
    },
    { name: 'ok', elements: [{ name: 'ok', type: 'BOOLEAN', repetition_type: 'OPTIONAL' }] },
    { name: 'names', elements: list },
  ];
  const values: Readonly<Record<string, (i: number) => unknown>> = {
    id: (i) => `id-${String(i)}`,
    kind: (i) => (i < 300 ? 'a' : i % 7 === 0 ? null : 'b'),
    key: (i) => (i % 5 === 0 ? null : `https://example.org/terms/${String(i)}`),
    n: (i) => (i % 3 === 0 ? null : i * 7),
    x: (i) => i / 3,
    ok: (i) => i % 2 === 0,
    names: (i) => (i % 4 === 0 ? null : [`n${String(i)}`, 'same']),
  };
  const schema = [{ name: 'root', num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)];
  const file = new ParquetWriter({ writer, schema });
  const columnData = columns.map(({ name, encoding }) => ({
    name,
    data: rows.map((i) => values[name]?.(i)),
    ...(encoding === undefined ? {} : { encoding }),
  }));
  void file.write({ columnData, rowGroupSize: ROWS });
  void file.finish();
  return Buffer.from(writer.getBuffer());
}

/** Small and repeatable. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A bit, a byte, a number that claims billions, a piece that is copied elsewhere, or a piece that is missing. */
function damage(good: Buffer, seed: number): Buffer {
  const next = random(seed);
  const made = Buffer.from(good);
  for (let i = next(3); i >= 0; i--) {
    const at = 4 + next(made.length - 16);
    switch (next(5)) {
      case 0:
        made.writeUInt8(made.readUInt8(at) ^ (1 << next(8)), at);
        break;
      case 1:
        made.writeUInt8(next(256), at);
        break;
      case 2:
        made.write(
          ['\xff\xff\xff\xff\x07', '\xfe\xff\xff\xff\x0f', '\x80\x80\x80\x80\x08'][next(3)] ?? '',
          at,
          'latin1',
        );
        break;
      case 3:
        made.copyWithin(at, 4 + next(made.length - 16), 4 + next(made.length - 16));
        break;
      default:
        made.fill(0, at, at + next(12));
    }
  }
  // Of a file without its mark nothing is read.
  made.write('PAR1', 0, 'latin1');
  made.write('PAR1', made.length - 4, 'latin1');
  return made;
}

async function read(content: Buffer, directory: string): Promise<number | string> {
  const path = join(directory, 'damaged.parquet');
  await writeFile(path, content);
  const handle = await open(path);
  const options = { name: 'x', handle, from: 0, columns: undefined, maxGroupBytes: 1_000_000, mostMilliseconds: 200 };
  try {
    let records = 0;
    for await (const items of readParquetRecords(options)) records += items.length;
    return records;
  } catch (error) {
    if (error instanceof VocabSyncError) return error.code;
    throw error;
  } finally {
    await handle.close();
  }
}

describe('a damaged Parquet file', () => {
  const good = goodFile();

  it(
    'ends with its records or a coded error, in bounded memory, whatever is damaged',
    { timeout: 120_000 },
    async () => {
      const directory = tempDir();
      expect(await read(good, directory)).toBe(ROWS);
      const before = process.memoryUsage().rss;
      const ends = new Map<number | string, number>();
      for (let seed = 1; seed <= 200; seed++) {
        const end = await read(damage(good, seed), directory);
        ends.set(end, (ends.get(end) ?? 0) + 1);
        const grown = (process.memoryUsage().rss - before) / 1024 ** 2;
        expect(grown, `megabytes after seed ${String(seed)}`).toBeLessThan(MOST_MEGABYTES);
      }
      expect(
        [...ends.keys()].filter((end) => !['E_PARQUET_STRUCTURE', 'E_SOURCE_TOO_LARGE', ROWS].includes(end)),
      ).toEqual([]);
      expect(ends.get('E_PARQUET_STRUCTURE')).toBeGreaterThan(50);
      expect(ends.get(ROWS)).toBeGreaterThan(10);
    },
  );
});
