/** Laws of the JSON lines reader. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonLines } from '../../../src/formats/json/lines.ts';
import { isFailure, type ReadItem } from '../../../src/records/entry.ts';
import { bytesResource } from '../../support/read-resource.ts';

async function read(text: string, sizes: readonly number[], from = 0): Promise<unknown[]> {
  const items: ReadItem[] = [];
  const options = { name: 'x.jsonl', from, maxLineBytes: 200, maxDepth: 64 };
  for await (const batch of readJsonLines(bytesResource(text, sizes).stream(), options)) items.push(...batch);
  return items.map((item) =>
    isFailure(item) ? [item.position, item.error.message, item.raw] : [item.position, item.value],
  );
}

const line = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }).map((values) => JSON.stringify(values)),
  fc.constantFrom('', '  ', 'oops', '{"a": 1,}', '[1, 2', `"${'x'.repeat(250)}"`, '\t{"b": 2}  \r'),
);
const document = fc
  .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom('\n', '\r\n'))
  // The first line decides whether the document is JSON lines at all.
  .map(([lines, end]) => ['{"first":0}', ...lines, ''].join(end));
const chunking = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

describe('readJsonLines', () => {
  it('gives the same items for any cut, with positions that rise by one', async () => {
    await fc.assert(
      fc.asyncProperty(document, chunking, async (text, sizes) => {
        const whole = await read(text, [1_000_000]);
        expect(await read(text, sizes)).toEqual(whole);
        expect(whole.map((item) => (item as [number])[0])).toEqual(whole.map((_, i) => i));
      }),
      { numRuns: 500 },
    );
  });

  it('gives exactly the rest from any position', async () => {
    await fc.assert(
      fc.asyncProperty(document, chunking, fc.nat({ max: 12 }), async (text, sizes, from) => {
        expect(await read(text, sizes, from)).toEqual((await read(text, [1_000_000])).slice(from));
      }),
      { numRuns: 500 },
    );
  });
});
