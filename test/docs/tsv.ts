/** The rows of a tab-separated table: objects, by the names in its first line. */
import { z } from 'zod';
import { abortable } from '../../src/component/abortable.ts';
import { defineReader, type ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { RecordError, SourceError } from '../../src/errors.ts';
import type { ReadItem } from '../../src/records/entry.ts';

const argsSchema = z.strictObject({
  max_line_characters: z
    .int()
    .positive()
    .default(1_000_000)
    .describe('The longest line. A longer one ends the run: this bounds the memory of the reader.'),
});

type Args = z.infer<typeof argsSchema>;

export const tsv = defineReader<Args>({
  type: 'tsv',
  version: 1,
  summary: 'The rows of a tab-separated table',
  args: argsSchema,
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  read,
});

async function* read(input: Resource, args: Args, context: ReadContext): AsyncGenerator<readonly ReadItem[]> {
  let names: readonly string[] | undefined;
  let position = 0;
  for await (const lines of readLines(input, args.max_line_characters, context.signal)) {
    const rows = names === undefined ? lines.slice(1) : lines;
    names ??= lines[0]?.split('\t') ?? [];
    const columns = names;
    yield rows.map((row) => toItem(row, columns, position++));
  }
}

/** A bad row is yielded as a failure at its position; the others are read all the same. */
function toItem(row: string, names: readonly string[], position: number): ReadItem {
  const cells = row.split('\t');
  if (cells.length === names.length) {
    return { position, value: Object.fromEntries(names.map((name, index) => [name, cells[index]])) };
  }
  const message = `Row ${String(position)} has ${String(cells.length)} cells where the first line names ${String(names.length)}.`;
  return { position, error: new RecordError('E_RECORD_SYNTAX', message), raw: row };
}

async function* readLines(input: Resource, limit: number, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of abortable(input.stream(), signal)) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > limit) {
      throw new SourceError('E_SOURCE_UNEXPECTED', `${input.name} has a line above ${String(limit)} characters.`);
    }
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}
