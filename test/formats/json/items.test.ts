/** Laws of the JSON reader: neither the layout, nor the cut into chunks, nor the place of resumption changes the records. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonExactly } from '../../../src/formats/json/exact-numbers.ts';
import { readJsonItems } from '../../../src/formats/json/items.ts';
import { createStructureScanner, scanStructure } from '../../../src/formats/json/structure.ts';
import { VocabSyncError } from '../../../src/errors.ts';
import { isFailure, type ReadItem } from '../../../src/records/entry.ts';
import { bytesResource } from '../../support/read-resource.ts';

interface Outcome {
  readonly items: readonly unknown[];
  readonly end: string;
}

/** Everything that a reader of the run would see, the end included. */
async function outcomeOf(text: string | Buffer, sizes: readonly number[], from = 0, max = 4096): Promise<Outcome> {
  const items: unknown[] = [];
  const options = { name: 'x.json', from, maxRecordBytes: max, maxDepth: 64, onOddity: () => undefined };
  try {
    for await (const batch of readJsonItems(bytesResource(text, sizes).stream(), options)) {
      items.push(...batch.map(describeItem));
    }
    return { items, end: 'complete' };
  } catch (error) {
    if (!(error instanceof VocabSyncError)) throw error;
    return { items, end: `${error.code} ${JSON.stringify(error.details)}` };
  }
}

function describeItem(item: ReadItem): unknown {
  return isFailure(item) ? [item.position, item.error.code, item.error.message, item.raw] : [item.position, item.value];
}

const chunking = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
const record = fc.oneof(
  { weight: 5, arbitrary: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const records = fc.array(record, { maxLength: 8 });
const layout = fc.constantFrom<(values: readonly unknown[]) => string>(
  (values) => JSON.stringify(values),
  (values) => JSON.stringify(values, null, 1),
  (values) => JSON.stringify(values, null, 4),
  (values) => JSON.stringify(values, null, '\t').replaceAll('\n', '\r\n'),
  (values) => JSON.stringify(values, null, 2).replaceAll(/\n +/g, '\n'),
  (values) => `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]\n`,
  (values) => `\ufeff[\n  ${values.map((value) => JSON.stringify(value)).join('\n  ,')}\n]`,
  (values) => `[ ${values.map((value) => JSON.stringify(value, null, 3)).join(' , ')} ]`,
  (values) => `[\n    ${values.map((value, i) => JSON.stringify(value, null, i % 5)).join(',\n    ')}\n]`,
);
const written = fc.tuple(records, layout).map(([values, write]) => ({ values, text: write(values) }));

/** A document with some of its bytes deleted, doubled or replaced: what a bad disk or a bad program makes. */
const damaged = fc
  .tuple(
    written,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '\n', '0', '\u0000')), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([{ text }, edits]) => {
    let damage = text;
    for (const [at, replacement] of edits) {
      const place = at % Math.max(1, damage.length);
      damage = damage.slice(0, place) + replacement + damage.slice(place + 1);
    }
    return damage;
  });

describe('readJsonItems', () => {
  it('gives what parseJsonExactly gives, for any layout and any cut', async () => {
    await fc.assert(
      fc.asyncProperty(written, chunking, async ({ values, text }, sizes) => {
        // -0 is written as 0, so that the text and not the value is what is compared with.
        const expected = (parseJsonExactly(JSON.stringify(values)) as unknown[]).map((value, i) => [i, value]);
        expect(await outcomeOf(text, sizes)).toEqual({ items: expected, end: 'complete' });
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same for any cut of a damaged document, and says the same about its end', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, chunking, fc.integer({ min: 8, max: 200 }), async (text, sizes, max) => {
        const whole = await outcomeOf(text, [1_000_000], 0, max);
        const cut = await outcomeOf(text, sizes, 0, max);
        if (whole.end === 'complete') expect(cut).toEqual(whole);
        // Where a read ends in an error, the last batch before it may not have been handed on.
        else expect([cut.end.split(' ')[0], cut.items.length]).toEqual([whole.end.split(' ')[0], whole.items.length]);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives exactly the rest from any position, also of a damaged document', async () => {
    await fc.assert(
      fc.asyncProperty(damaged, chunking, fc.nat({ max: 8 }), async (text, sizes, from) => {
        const whole = await outcomeOf(text, [1_000_000]);
        const rest = await outcomeOf(text, sizes, from);
        expect(rest.end.split(' ')[0]).toBe(whole.end.split(' ')[0]);
        if (whole.end === 'complete') {
          expect(rest.items).toEqual(whole.items.filter((item) => (item as [number])[0] >= from));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('never takes the beginning of a document for the whole', async () => {
    await fc.assert(
      fc.asyncProperty(written, fc.nat(), async ({ text }, cut) => {
        const bytes = Buffer.from(text.trimEnd());
        const outcome = await outcomeOf(bytes.subarray(0, cut % bytes.length), [50]);
        expect(outcome.end).toMatch(/^E_JSON_(TRUNCATED|NOT_JSON) /);
        expect(outcome.items.every((item) => (item as unknown[]).length === 2)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('scanStructure', () => {
  it('ends exactly behind any value, and calls no beginning of it broken', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat({ max: 4 }), fc.nat(), (value, indent, cut) => {
        const bytes = Buffer.from(`${JSON.stringify(value, null, indent)},`);
        const scanner = createStructureScanner();
        const half = cut % bytes.length;
        const first = scanStructure(scanner, bytes, 0, half);
        expect(first).not.toBe('broken');
        if (first === 'more') expect(scanStructure(scanner, bytes, half, bytes.length)).toBe('done');
        expect(scanner.position).toBe(bytes.length - 1);
      }),
    );
  });
});
