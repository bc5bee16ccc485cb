/** The records of a JSON lines document, streamed. */
import { z } from 'zod';
import { abortable } from '../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../src/component/reader.ts';
import type { Resource } from '../src/component/resource.ts';
import { readJsonLines } from '../src/formats/json/lines.ts';
import type { ReadItem } from '../src/records/entry.ts';
import { ignoredMode, ignoredOrigin, ignoredSince } from './arguments/ignored.ts';
import { recordBytes, recordDepth } from './arguments/record-limits.ts';

const argsSchema = z.strictObject({
  max_line_bytes: recordBytes.describe(
    'The most bytes of one line. A longer one is rejected without being held, and reading goes on with the next. This is what bounds the memory of the reader.',
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
    'One value in each line; blank lines are passed over, and a line that holds an array gives its items. A bad line is rejected and only that line is lost. A last line that ends inside its value means that the document is truncated, and fails the run. A number that a double cannot hold (an integer beyond 2^53, 1e400, 1e-400) keeps its digits, as text.',
  args: argsSchema,
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

function read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]> {
  return readJsonLines(abortable(input.stream(), context.signal), {
    name: input.name,
    from: context.from,
    maxLineBytes: args.max_line_bytes,
    maxDepth: args.max_depth,
    ...(context.recognise === undefined ? {} : { recognise: context.recognise }),
  });
}
