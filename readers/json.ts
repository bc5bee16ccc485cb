/** The records of a JSON document, streamed. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readJsonItems } from '../src/formats/json/items.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { parsePointer, toPointer } from '../src/job/pointer.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { pointerArg } from './arguments/pointer-arg.ts';
import { recordBytes, recordDepth } from './arguments/record-limits.ts';
import { splitArg, readSplit } from './arguments/split.ts';

const argsSchema = z.strictObject({
  items: pointerArg
    .optional()
    .describe(
      'A JSON pointer to the list that holds the records, such as `/data/items`. Without it, the document is the list, or one record. The rest of the document is not held in memory.',
    ),
  split: splitArg,
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
    'Streams with bounded memory, regardless of size and indentation. `items` names a list inside an envelope. If a document is read as one record although it holds one long list, the run warns (`W_JSON_ENVELOPE`). A broken record is rejected, and reading continues after it if there is a safe position. A document that is not closed at its end is truncated, and the run fails. A number that a double cannot represent (an integer beyond 2^53, 1e400, 1e-400) becomes text.',
  args: argsSchema,
  examples: [
    { title: 'Without args', args: {} },
    { title: 'A list in an envelope', args: { items: '/data/items' } },
    {
      title: 'Several records in each item, with the rest of the item',
      args: { items: '/countries', split: { list: '/organisations', parent: 'country' } },
    },
    { title: 'Records of up to 64 MiB', args: { max_record_bytes: 67_108_864 } },
  ],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readSplit(args.split, context, (reading) => readItems(input, args, reading));
}

function readItems(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readJsonItems(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    maxRecordBytes: args.max_record_bytes,
    maxDepth: args.max_depth,
    ...(context.recognise === undefined ? {} : { recognise: context.recognise }),
    ...(args.items === undefined ? {} : { items: parsePointer(args.items) }),
    onOddity: (message) => {
      context.warn({ code: 'W_JSON_SEPARATOR', message });
    },
    onLongList: (steps, length) => {
      if (args.split !== undefined) return;
      const pointer = toPointer(steps);
      const message = `${input.name} is one object and was read as one record, although its list at ${pointer} has ${String(length)} items. If these are the records, set "items": "${pointer}".`;
      context.warn({ code: 'W_JSON_ENVELOPE', message });
    },
  });
}
