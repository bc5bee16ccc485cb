/** The checks for plug-ins find what they are for: each fault of a component fails the check that names it. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineReader, type ParserReader, type Reader } from '../../src/component/reader.ts';
import { defineTransformer, type Transformer } from '../../src/component/transformer.ts';
import { defineWriter, type Writer } from '../../src/component/writer.ts';
import { readAll, readerChecks, transformerChecks, writerChecks, type Check } from '../../src/plug-in/testing.ts';

async function failing(checks: readonly Check[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, run } of checks) await run().catch(() => failed.push(name));
  return failed;
}

const lines: ParserReader = {
  type: 'lines',
  version: 1,
  summary: 'Each line as a record',
  args: z.strictObject({}),
  examples: [{ title: 'Without args', args: {} }],
  coverage: 'full',
  accepts: 'bytes',
  emits: 'records',
  async *read(input, _args, { signal }) {
    let position = 0;
    let text = '';
    for await (const chunk of input.stream()) {
      signal.throwIfAborted();
      text += chunk.toString();
    }
    yield text.split('\n').map((value) => ({ position: position++, value }));
  },
};
const sample = { content: 'a\nb\nc', values: ['a', 'b', 'c'] };

describe('readerChecks', () => {
  it('pass a good reader', async () => {
    expect(await failing(readerChecks(defineReader(lines), sample))).toEqual([]);
  });

  const everyTwo: ParserReader['read'] = async function* (input, args, context) {
    for await (const batch of lines.read(input, args, context))
      yield batch.map((item) => ({ ...item, position: item.position * 2 }));
  };
  const noAbort: ParserReader['read'] = (input, args, context) =>
    lines.read(input, args, { ...context, signal: new AbortController().signal });
  it.each<[string, Partial<ParserReader>, RegExp]>([
    ['a name in capitals', { type: 'Lines' }, /complete definition/],
    ['no example', { examples: [] }, /complete definition|argument that it does not know/],
    ['a loose object of args', { args: z.object({}) }, /does not know|each with a sentence/],
    [
      'an argument without a description',
      { args: z.strictObject({ limit: z.int().optional() }) },
      /each with a sentence/,
    ],
    ['positions with gaps', { read: everyTwo }, /rising positions|in the middle/],
    ['a deaf ear for an abort', { read: noAbort }, /aborted/],
    ['other items from bytes at hand', { readContent: () => [] }, /bytes at hand/],
  ])('find %s', async (_fault, change, name) => {
    const failed = await failing(readerChecks({ ...lines, ...change }, sample));
    expect(failed.length).toBeGreaterThan(0);
    for (const one of failed) expect(one).toMatch(name);
  });
});

describe('transformerChecks', () => {
  const upper: Transformer = defineTransformer({
    type: 'upper',
    version: 1,
    summary: 'Writes the text in capitals.',
    args: z.strictObject({}),
    examples: [{ title: 'A word', args: {}, input: { text: 'tree' }, output: 'TREE' }],
    create: () => (value) => String((value as { text?: unknown } | null)?.text).toUpperCase(),
  });
  it.each<[string, Partial<Transformer>, RegExp]>([
    [
      'a wrong example',
      { examples: [{ title: 'A word', args: {}, input: { text: 'a' }, output: 'B' }] },
      /example shows/,
    ],
    [
      'a changed input',
      {
        create: () => (value) => {
          if (typeof value === 'object' && value !== null) Object.assign(value, { text: 'TREE' });
          return 'TREE';
        },
      },
      /never changes/,
    ],
    [
      'memory between records',
      {
        create: () => {
          let count = 0;
          return () => (count++ === 0 ? 'TREE' : 'LEAF');
        },
      },
      /gives the same/,
    ],
    [
      'a TypeError',
      { create: () => (value) => (value as { text: string }).text.toUpperCase() },
      /nothing but a RecordError/,
    ],
  ])('find %s', async (_fault, change, name) => {
    expect(await failing(transformerChecks(upper))).toEqual([]);
    const failed = await failing(transformerChecks({ ...upper, ...change }));
    expect(failed.length).toBeGreaterThan(0);
    for (const one of failed) expect(one).toMatch(name);
  });
});

describe('writerChecks', () => {
  const table: Writer = defineWriter({
    type: 'board',
    version: 1,
    summary: 'Puts terms on a board.',
    args: z.strictObject({ on_missing: z.enum(['keep', 'withdraw']).default('keep').describe('What happens.') }),
    examples: [{ title: 'Plain', args: {} }],
    receives: 'table',
    table: () => 'terms',
    targetName: () => 'board:terms',
    onMissing: ({ on_missing }) => on_missing,
  });
  it.each<[string, object, RegExp]>([
    ['a target that is named without its type', { targetName: () => 'terms' }, /names its target/],
    ['a name that changes', { targetName: () => `board:${String(Math.random())}` }, /names its target/],
    ['what is withdrawn unasked', { onMissing: () => 'withdraw' }, /keeps what is missing/],
    ['a table with a space', { table: () => 'my terms' }, /names its target/],
  ])('find %s', async (_fault, change, name) => {
    expect(await failing(writerChecks(table))).toEqual([]);
    const failed = await failing(writerChecks({ ...table, ...change }));
    expect(failed.length).toBeGreaterThan(0);
    for (const one of failed) expect(one).toMatch(name);
  });
});

it('readAll refuses a reader that emits bytes', async () => {
  await expect(readAll({ ...lines, emits: 'bytes' } as unknown as Reader, 'a')).rejects.toThrow('emits bytes');
});
