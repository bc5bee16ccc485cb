/** Parquet and gzip of the file writer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../src/records/document.ts';
import { file } from '../../writers/file.ts';
import { noS3 } from '../support/no-services.ts';
import { errorOf } from '../support/read-resource.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { tempDir } from '../support/temp-dir.ts';

async function publish(args: object, batches: readonly (readonly Document[])[]): Promise<string> {
  const { signal } = new AbortController();
  const context = { run: 'run-1', job: 'job-a', logger: silentLogger(), buckets: noS3.target, signal };
  const sink = await file.open(file.args.parse(args), context);
  try {
    for (const batch of batches) await sink.write(batch);
    return (await sink.commit()).digest;
  } finally {
    await sink.close();
  }
}

async function readParquet(path: string): Promise<{ readonly rows: unknown[]; readonly groups: number }> {
  const bytes = Uint8Array.from(readFileSync(path));
  return {
    rows: await parquetReadObjects({
      file: bytes.buffer,
      parsers: { jsonFromBytes: (json) => Buffer.from(json).toString() },
    }),
    groups: parquetMetadata(bytes.buffer).row_groups.length,
  };
}

const documents: readonly Document[] = [
  { id: 'a', name: 'Zürich', n: 7, big: '9007199254740993', x: 0.1, on: true, list: ['ä', ''], nested: { a: [1] } },
  { id: 'b', list: [], name: null },
];

describe('parquet', () => {
  it('has the types that are asked for, and nothing for what a record lacks', async () => {
    const path = join(tempDir(), 'out.parquet');
    const columns = ['id', 'name', 'n', 'big', 'x', 'on', 'list', 'nested'];
    const column_types = { n: 'integer', big: 'integer', x: 'number', on: 'boolean', list: 'texts' };
    await publish({ path, columns, column_types }, [documents]);
    const { rows } = await readParquet(path);
    expect(rows).toEqual(
      [
        {
          ...{ id: 'a', name: 'Zürich', n: 7n, big: 9007199254740993n, x: 0.1, on: true },
          ...{ list: ['ä', ''], nested: '{"a":[1]}' },
        },
        { ...{ id: 'b', name: null, n: null, big: null, x: null, on: null, list: [], nested: null } },
      ].map(
        (row) =>
          expect.objectContaining(
            Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
          ) as unknown,
      ),
    );
  });

  it('holds whole records without columns, in groups that do not depend on the batches', async () => {
    const many = Array.from({ length: 60_000 }, (_, i) => ({
      id: String(i).padStart(6, '0'),
      text: `text ${String(i)}`,
    }));
    const [one, other] = [join(tempDir(), 'out.parquet'), join(tempDir(), 'out.parquet')];
    const digest = await publish({ path: one }, [many]);
    const batches = Array.from({ length: 100 }, (_, i) => many.slice(i * 600, (i + 1) * 600));
    expect(await publish({ path: other }, batches)).toBe(digest);
    const { rows, groups } = await readParquet(one);
    expect(groups).toBe(2);
    expect(rows.length).toBe(many.length);
    expect(rows[59_999]).toEqual({ id: '059999', record: JSON.stringify(many[59_999]) });
  });

  it('is a valid file without records', async () => {
    const path = join(tempDir(), 'out.parquet');
    await publish({ path }, []);
    expect((await readParquet(path)).rows).toEqual([]);
  });

  it.each([
    ['integer', 1.5],
    ['integer', '9223372036854775808'],
    ['number', '1'],
    ['boolean', 'true'],
    ['texts', ['a', 1]],
  ])('fails the run for a value that is no %s: %j', async (type, value) => {
    const path = join(tempDir(), 'out.parquet');
    const args = { path, columns: ['id', 'x'], column_types: { x: type } };
    const error = await errorOf(publish(args, [[{ id: 'the-record', x: value }]]));
    expect([error.code, error.message]).toEqual(['E_ARGUMENTS_INVALID', expect.stringContaining('the-record')]);
    expect(existsSync(path)).toBe(false);
  });
});

describe('gzip', () => {
  it.each(['jsonl', 'csv', 'yaml'])('%s is what it is without, compressed, whatever the batches', async (format) => {
    const columns = format === 'csv' ? { columns: ['id', 'text'] } : {};
    const many = Array.from({ length: 20_000 }, (_, i) => ({ id: String(i), text: `text ${String(i * 7919)}` }));
    const [plain, one, other] = ['plain', 'one', 'other'].map((name) => join(tempDir(), `${name}.${format}`));
    await publish({ path: plain, ...columns }, [many]);
    const digest = await publish({ path: `${String(one)}.gz`, compress: 'gzip', ...columns }, [many]);
    const batches = Array.from({ length: 2_000 }, (_, i) => many.slice(i * 10, (i + 1) * 10));
    expect(await publish({ path: `${String(other)}.gz`, compress: 'gzip', ...columns }, batches)).toBe(digest);
    expect(gunzipSync(readFileSync(`${String(one)}.gz`)).equals(readFileSync(String(plain)))).toBe(true);
  });
});
