/** The rows of a Parquet file. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readParquetRecords } from '../src/formats/parquet/records.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { openLocally } from './arguments/open-locally.ts';

const argsSchema = z.strictObject({
  columns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('The columns to read. Others are not unpacked. Default: all columns.'),
  max_group_bytes: z
    .int()
    .positive()
    .default(256 * 1024 ** 2)
    .describe(
      'The maximum size of the columns of one row group in bytes, uncompressed. A value counts as four bytes at least. A group is kept in memory as a whole, which takes several times as much.',
    ),
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const parquet = defineReader<Args>({
  type: 'parquet',
  version: 1,
  summary: 'The rows of a Parquet file',
  description: `Each row becomes an object whose keys are the names of the columns. A null is an absent field. Row groups are read one after the other, and only
the requested columns are read. Lists, maps and structures become lists and objects, and a column of the type JSON becomes the value in its text. Decimals, and integers beyond 2^53, are texts with
all their digits. Dates and times are texts of ISO 8601, with \`Z\` where the type says UTC. Binary columns are text if they are UTF-8; those of a fixed length are Base64.

A value that JSON cannot represent (NaN, bytes that are not UTF-8) rejects its row. Encrypted files are refused.`,
  args: argsSchema,
  examples: [
    { title: 'All columns', args: {} },
    { title: 'Some columns', args: { columns: ['id', 'name', 'aliases'] } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

async function* read(
  input: Resource,
  args: Args,
  context: ReadContext,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  context.signal.throwIfAborted();
  const file = await openLocally(input, context);
  try {
    const handle = await file.open();
    try {
      const { columns, max_group_bytes: maxGroupBytes } = args;
      const records = readParquetRecords({ name: input.name, handle, from: context.from, columns, maxGroupBytes });
      yield* abortable(records, context.signal);
    } finally {
      await handle.close();
    }
  } finally {
    await file.release();
  }
}
