/**
 * A source that tells changes and deletions, and reads its own answers: each line of a file is a record, or
 * `{"deleted": …}` with the value that a deletion still tells. `change-lines` reads the same behind a container.
 */
import { basename } from 'node:path';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineReader } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { defineTransformer } from '../../src/component/transformer.ts';
import { RecordError } from '../../src/errors.ts';
import type { ReadItem } from '../../src/records/entry.ts';
import { hashFile } from '../../src/spool/hash-file.ts';

const BATCH = 3;

const common = { version: 1, summary: 'Stands in for a test', examples: [], emits: 'records' } as const;

export const changeFeed = defineReader<{ paths: readonly string[] }>({
  ...common,
  type: 'change-feed',
  args: z.strictObject({ paths: z.array(z.string()) }),
  coverage: 'incremental',
  accepts: 'nothing',
  locate: () => Promise.resolve({ name: 'changes', version: 'changes' }),
  fetch: (_version, { paths }, context) =>
    Promise.all(paths.map(async (path) => ({ name: basename(path), path, ...(await hashFile(path, context)) }))),
  read: (input) => readLines(input),
});

export const changeLines = defineReader<object>({
  ...common,
  type: 'change-lines',
  args: z.strictObject({}),
  coverage: 'full',
  accepts: 'bytes',
  read: (input) => readLines(input),
});

/** Renames the field `key` to `id`, as a mapping does; a deletion holds nothing else. */
export const renameKey = defineTransformer({
  ...common,
  type: 'rename-key',
  args: z.strictObject({}),
  create: () => (value, context) => {
    const { key, ...rest } = value as Record<string, unknown>;
    if (context.isDeleted === true) return { id: key };
    if (rest['value'] === 'broken') throw new RecordError('E_RECORD_TYPE', 'It is broken.', { details: { id: key } });
    return { id: key, ...rest };
  },
});

async function* readLines(input: Resource): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const text = input.path === undefined ? await textOf(input) : readFileSync(input.path, 'utf8');
  const items = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, position): ReadItem => {
      const value = JSON.parse(line) as Record<string, unknown>;
      return 'deleted' in value ? { position, value: value['deleted'], isDeleted: true } : { position, value };
    });
  for (let i = 0; i < items.length; i += BATCH) yield items.slice(i, i + BATCH);
}

async function textOf(input: Resource): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input.stream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
