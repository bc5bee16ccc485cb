/** The records of a JSON document, streamed. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readJsonItems } from '../src/formats/json/items.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { recordBytes, recordDepth } from './arguments/record-limits.ts';

const argsSchema = z.strictObject({
  max_record_bytes: recordBytes,
  max_depth: recordDepth,
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const json = defineReader<Args>({
  type: 'json',
  version: 2,
  summary: 'The items of a JSON array, or one JSON object',
  description:
    'Streams with bounded memory, whatever the size and the indentation. A broken record is rejected and reading goes on behind it where the bytes tell a safe place. A document that is not closed at its end is truncated and fails the run. A number that a double cannot hold (an integer beyond 2^53, 1e400, 1e-400) keeps its digits, as text.',
  args: argsSchema,
  examples: [
    { title: 'Without args', args: {} },
    { title: 'Records of up to 64 MiB', args: { max_record_bytes: 67_108_864 } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readJsonItems(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    maxRecordBytes: args.max_record_bytes,
    maxDepth: args.max_depth,
    ...(context.recognise === undefined ? {} : { recognise: context.recognise }),
    onOddity: (message) => {
      context.warn({ code: 'W_JSON_SEPARATOR', message });
    },
  });
}
