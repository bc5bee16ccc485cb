/** The records of a JSON lines document, streamed. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readJsonLines } from '../src/formats/json/lines.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { recordBytes, recordDepth } from './arguments/record-limits.ts';
import { splitArg, readSplit } from './arguments/split.ts';

const argsSchema = z.strictObject({
  split: splitArg,
  max_line_bytes: recordBytes.describe(
    'The maximum number of bytes in one line. A longer line is rejected without being kept, and reading continues with the next. This limits the memory of the reader.',
  ),
  max_depth: recordDepth,
  origin: ignoredOrigin,
  mode: ignoredMode,
  since: ignoredSince,
});

type Args = z.infer<typeof argsSchema>;

export const jsonl = defineReader<Args>({
  type: 'jsonl',
  version: 2,
  summary: 'The lines of a JSON lines document',
  description:
    'Each line has one value. Blank lines are skipped, and a line with an array yields its items. A bad line is rejected, and only that line is lost. If the last line ends inside its value, the document is truncated and the run fails. A number that a double cannot represent (an integer beyond 2^53, 1e400, 1e-400) becomes text.',
  args: argsSchema,
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readSplit(args.split, context, (reading) => readLines(input, args, reading));
}

function readLines(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readJsonLines(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    maxLineBytes: args.max_line_bytes,
    maxDepth: args.max_depth,
    ...(context.recognise === undefined ? {} : { recognise: context.recognise }),
  });
}
