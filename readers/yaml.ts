/** The items of a YAML list. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { recordBytes, recordDepth } from './arguments/record-limits.ts';
import { readSplit, splitArg } from './arguments/split.ts';

const argsSchema = z.strictObject({
  split: splitArg,
  max_record_bytes: recordBytes.describe(
    'The most bytes of one item, or of a whole list that is written in brackets. A larger item is rejected without being held. This is what bounds the memory of the reader.',
  ),
  max_depth: recordDepth,
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const yaml = defineReader<Args>({
  type: 'yaml',
  version: 2,
  summary: 'The items of a YAML list',
  description:
    'YAML 1.2: `no`, `on` and dates are texts. Reads item by item, so that a file may be of any size, and a broken item is rejected alone. An alias must be in the same item as its anchor. Repeated keys, tags, further documents and aliases that multiply are refused. A number that PyYAML reads otherwise, or that a double cannot hold, is a text, and so is every key.',
  args: argsSchema,
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readSplit(args.split, context, (reading) => readItems(input, args, reading));
}

/** A parser of YAML takes as long to load as the rest of a command, so it comes when it is needed. */
async function* readItems(input: Resource, args: Args, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  const { readYamlItems } = await import('../src/formats/yaml/items.ts');
  yield* readYamlItems(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    maxRecordBytes: args.max_record_bytes,
    maxDepth: args.max_depth,
  });
}
