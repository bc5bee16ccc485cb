/**
 * The bare pipeline that the framework is held against: the same scanner and mapping, then COPY of new documents into
 * one table. No validation, no counts, no checkpoints, no change log, no Temporal. Prints its seconds.
 * Usage: bare-pipeline.ts URL DUMP
 */
import { createHash } from 'node:crypto';
import { readChain } from '../../src/pipeline/stage/read-chain.ts';
import { copyRows } from '../../src/postgres/copy.ts';
import { inTransaction, openPool } from '../../src/postgres/pool.ts';
import { createSpool } from '../../src/spool/create-spool.ts';
import { fileResource } from '../../src/spool/file-resource.ts';
import { hashFile } from '../../src/spool/hash-file.ts';
import type { ContainerReader, ParserReader } from '../../src/component/reader.ts';
import { catalog } from '../../src/cli/catalog.ts';
import { silentLogger } from '../support/silent-logger.ts';

const [url = '', dump = ''] = process.argv.slice(2);
const logger = silentLogger();
const signal = new AbortController().signal;
const zip = (await catalog.readers.load('zip')) as ContainerReader;
const json = (await catalog.readers.load('json')) as ParserReader;
const mapping = await catalog.transformers.load('ror-affiliations');
if (mapping === undefined) throw new Error('no ror-affiliations in the catalog');
const map = mapping.create(mapping.args.parse({}), { logger });
const started = performance.now();
const { bytes, digest } = await hashFile(dump, { signal });

const pool = openPool({ url });
await inTransaction(pool, async (client) => {
  await client.query('DROP TABLE IF EXISTS public.bare');
  await client.query('CREATE TABLE public.bare (id text PRIMARY KEY, record jsonb NOT NULL, hash bytea NOT NULL)');
  const batches = readChain({
    source: { type: 'file', resources: [fileResource({ name: 'dump.zip', path: dump, bytes, digest })] },
    links: [
      { reader: zip, args: zip.args.parse({ regex: '-ror-data\\.json$' }) },
      { reader: json, args: json.args.parse({}) },
    ],
    signal,
    services: {
      http: {} as never,
      api: {} as never,
      s3: {} as never,
      sftp: {} as never,
      bundles: {} as never,
      spool: createSpool('.'),
      logger,
    },
    since: undefined,
    warn: () => undefined,
  });
  let writing: Promise<void> = Promise.resolve();
  for await (const batch of batches) {
    const rows = batch.items.map((item) => {
      if (!('value' in item)) throw item.error;
      const record = map(item.value, { origin: () => '', warn: () => undefined }) as { id: string };
      const text = JSON.stringify(record);
      return [record.id, text, `\\x${createHash('sha256').update(text).digest('hex')}`] as const;
    });
    await writing;
    writing = copyRows(client, 'public.bare (id, record, hash)', rows);
  }
  await writing;
});
await pool.end();
console.log(((performance.now() - started) / 1000).toFixed(3));
