/** A small catalog for tests of job files: one component of every kind, none of which does anything. */
import { z } from 'zod';
import { createCatalog, type Catalog } from '../../src/component/catalog.ts';
import {
  defineReader,
  type ContainerReader,
  type ParserReader,
  type Reader,
  type RecordSourceReader,
  type SourceReader,
} from '../../src/component/reader.ts';
import { defineTransformer, type Transformer } from '../../src/component/transformer.ts';
import { defineWriter, type Writer } from '../../src/component/writer.ts';

const idle = { version: 1, summary: 'Stands in for a test.', examples: [] };

function never(): never {
  throw new Error('a fake component was asked to work');
}

function source(type: string, args: z.ZodType, coverage: 'full' | 'incremental' = 'full'): SourceReader {
  return defineReader({
    ...idle,
    type,
    args,
    coverage,
    accepts: 'nothing',
    emits: 'bytes',
    locate: never,
    fetch: never,
  });
}

function container(type: string, args: z.ZodType): ContainerReader {
  return defineReader({ ...idle, type, args, coverage: 'full', accepts: 'bytes', emits: 'bytes', read: never });
}

function parser(type: string): ParserReader {
  const args = z.strictObject({ max_record_bytes: z.int().min(1).default(1_000_000) });
  return defineReader({ ...idle, type, args, coverage: 'full', accepts: 'bytes', emits: 'records', read: never });
}

function recordSource(type: string, args: z.ZodType): RecordSourceReader {
  const works = { locate: never, fetch: never, read: never };
  return defineReader({ ...idle, ...works, type, args, coverage: 'incremental', accepts: 'nothing', emits: 'records' });
}

const fileSourceArgs = z.strictObject({
  path: z.string().min(1),
  coverage: z.enum(['full', 'incremental']).default('full'),
});

export const fakeReaders: readonly Reader[] = [
  {
    ...source('file', fileSourceArgs),
    covers: (args) => (args as z.infer<typeof fileSourceArgs>).coverage,
  },
  source(
    'http',
    z.strictObject({
      url: z.url(),
      headers: z.record(z.string(), z.string()).default({}),
      token: z.string().min(3).optional(),
    }),
  ),
  source('ror-http', z.strictObject({ since: z.string().optional() })),
  source('changes-http', z.strictObject({ since: z.string().optional() }), 'incremental'),
  recordSource('changes-feed', z.strictObject({ url: z.url() })),
  container(
    'zip',
    z.strictObject({
      regex: z.string().optional(),
      max_ratio: z.number().default(200),
      mode: z.enum(['r', 'rb']).optional(),
    }),
  ),
  container('gzip', z.strictObject({})),
  parser('json'),
  parser('jsonl'),
];

const fakeTransformers: readonly Transformer[] = [
  defineTransformer({
    ...idle,
    type: 'ror-affiliations',
    args: z.strictObject({ statuses: z.array(z.enum(['active', 'inactive', 'withdrawn'])).optional() }),
    create: never,
  }),
  defineTransformer({ ...idle, type: 'ror-funders', args: z.strictObject({}), create: never }),
];

const postgresArgs = z.strictObject({
  table: z.string().min(1),
  on_missing: z.enum(['keep', 'withdraw']).default('keep'),
});
const fileArgs = z.strictObject({ path: z.string().min(1), format: z.enum(['jsonl', 'csv', 'yaml']).default('jsonl') });

const fakeWriters: readonly Writer[] = [
  defineWriter({
    ...idle,
    type: 'postgres',
    args: postgresArgs,
    receives: 'table',
    table: (args) => args.table,
    targetName: (args) => `postgres:${args.table}`,
    onMissing: (args) => args.on_missing,
  }),
  defineWriter({
    ...idle,
    type: 'file',
    args: fileArgs,
    receives: 'snapshot',
    targetName: (args) => `file:${args.path}`,
    onMissing: () => 'withdraw',
    open: never,
  }),
];

export const fakeCatalog: Catalog = createCatalog({
  plugins: [{ readers: fakeReaders, transformers: fakeTransformers, writers: fakeWriters }],
});
