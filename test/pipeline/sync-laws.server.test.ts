/** The laws of a sync, on random sequences of sources: the table follows a model, counts add up, twice is once. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../support/postgres.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';

interface Line {
  readonly id: string;
  readonly value: number;
}

type SourceLine = Line | 'broken';

const lineArbitrary = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'),
      value: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant('broken' as const) },
);
const sourceArbitrary = fc.array(lineArbitrary, { minLength: 1, maxLength: 30 });

/** Records are recognised by their bytes where they were seen before. */
const FORMATS = {
  jsonl: (texts: readonly string[]) => texts.map((text) => `${text}\n`).join(''),
  json: (texts: readonly string[]) => `[\n${texts.map((text) => `  ${text}`).join(',\n')}\n]`,
};

function toTexts(source: readonly SourceLine[]): readonly string[] {
  return source.map((line) => (line === 'broken' ? '{"id": "a" oops}' : JSON.stringify(line)));
}

/** What the table must hold afterwards: id → value and whether it is withdrawn. */
type Model = Map<string, { value: number; withdrawn: boolean }>;

function step(model: Model, source: readonly SourceLine[]): { expected: Record<string, number>; duplicates: number } {
  const last = new Map(source.filter((line) => line !== 'broken').map((line) => [line.id, line.value]));
  const broken = source.filter((line) => line === 'broken').length;
  const expected = { inserted: 0, updated: 0, unchanged: 0, withdrawn: 0, restored: 0, rejected: 0 };
  for (const [id, value] of last) {
    const before = model.get(id);
    if (before === undefined) expected.inserted += 1;
    else if (before.withdrawn) expected.restored += 1;
    else if (before.value !== value) expected.updated += 1;
    else expected.unchanged += 1;
    model.set(id, { value, withdrawn: false });
  }
  for (const [id, record] of model) {
    if (record.withdrawn || last.has(id) || broken > 0) continue;
    expected.withdrawn += 1;
    model.set(id, { ...record, withdrawn: true });
  }
  return { expected, duplicates: source.length - broken - last.size };
}

describeWithPostgres('a sync', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
  });
  afterAll(async () => {
    await test.close();
  });

  it.each(['jsonl', 'json'] as const)(
    'of %s makes the table what a model says, with the counts of the model, and changes nothing the second time',
    async (format) => {
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(sourceArbitrary, { minLength: 1, maxLength: 4 }), async (sources) => {
          number += 1;
          const table = `lines_${format}_${String(number)}`;
          const writers = [{ type: 'postgres', args: { table, on_missing: 'withdraw' } }];
          const model: Model = new Map();
          for (const [i, source] of sources.entries()) {
            const path = test.file(`${table}-${String(i)}.${format}`, FORMATS[format](toTexts(source)));
            const readers = [{ type: 'file', args: { path } }, { type: format }];
            const config = linesJob(path, { id: `lines-${format}-${String(number)}`, readers, writers });
            const { expected, duplicates } = step(model, source);
            const report = await runJobOnce(test.steps, config, { request: { force: true } });
            const [task] = report.tasks;
            expect(task?.targets[0]).toMatchObject(expected);
            expect(task?.counts.duplicates).toBe(duplicates);
            const rows = await readTable(test.pool, table);
            const found = rows.map(({ id, record, withdrawn }) => [id, { value: record['value'], withdrawn }]);
            expect(found).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));

            const again = await runJobOnce(test.steps, config, { request: { force: true } });
            const changed = again.tasks[0]?.targets[0];
            expect(changed).toMatchObject({ inserted: 0, updated: 0, withdrawn: 0, restored: 0 });
          }
        }),
        { numRuns: 25 },
      );
    },
  );
});
