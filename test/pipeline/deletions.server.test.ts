/** What a source says is deleted is withdrawn, and nothing else is. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import { traceRecord } from '../../src/pipeline/trace/trace-record.ts';
import type { RunReport } from '../../src/records/run.ts';
import { changeFeed, changeLines, renameKey } from '../support/change-feed.ts';
import {
  linesJob,
  openTestEngine,
  readTable,
  runJobOnce,
  type RunOptions,
  type TestEngine,
} from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

type Line = { readonly key: string; readonly value: unknown } | { readonly deleted: unknown };

const record = (key: string, value: unknown = 1): Line => ({ key, value });
const gone = (key: string): Line => ({ deleted: { key } });
const COUNTS = { inserted: 0, updated: 0, unchanged: 0, withdrawn: 0, restored: 0, rejected: 0 };

describeWithPostgres('records that the source deleted', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine(undefined, { readers: [changeFeed, changeLines], transformers: [renameKey] });
  });
  afterEach(async () => {
    await test.close();
  });

  const toText = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const job = (lines: readonly Line[], overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
    linesJob('', {
      readers: [{ type: 'change-feed', args: { paths: [test.file('changes.jsonl', toText(lines))] } }],
      transformers: [{ type: 'rename-key' }],
      writers: [{ type: 'postgres', args: { table: 'lines', on_missing: 'keep' } }],
      ...overrides,
    });
  const sync = (lines: readonly Line[], overrides = {}, options: RunOptions = {}): Promise<RunReport> =>
    runJobOnce(test.steps, job(lines, overrides), options);
  const table = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await readTable(test.pool, 'lines')).map(({ id, record: { value }, withdrawn }) => [
        id,
        withdrawn ? 'withdrawn' : value,
      ]),
    );

  it('are withdrawn, counted as filtered by their code, and those that are not named stay', async () => {
    await sync([record('a'), record('b'), record('c')]);
    const report = await sync([gone('a'), record('b', 2), gone('unknown')]);
    expect(report).toMatchObject({
      outcome: 'success',
      tasks: [
        {
          counts: { read: 3, filtered: 2, staged: 1, duplicates: 0, rejected: 0 },
          targets: [{ ...COUNTS, updated: 1, withdrawn: 1 }],
        },
      ],
    });
    expect(await table()).toEqual({ a: 'withdrawn', b: 2, c: 1 });
    expect((await sync([gone('a'), record('b', 3)])).tasks[0]?.targets).toMatchObject([{ ...COUNTS, updated: 1 }]);
    expect((await sync([record('a', 4)])).tasks[0]?.targets).toMatchObject([{ ...COUNTS, restored: 1 }]);
    expect(await table()).toEqual({ a: 4, b: 3, c: 1 });
  });

  it('follow the order of the source: what stands last for an id is what holds', async () => {
    await sync([record('a'), record('b')]);
    const report = await sync([gone('a'), record('a', 2), record('b', 2), gone('b'), record('c'), gone('c')]);
    expect(report.tasks[0]?.counts).toEqual({ read: 6, filtered: 3, duplicates: 2, rejected: 0, staged: 1 });
    expect(report.tasks[0]?.targets).toMatchObject([{ ...COUNTS, updated: 1, withdrawn: 1 }]);
    expect(await table()).toEqual({ a: 2, b: 'withdrawn' });
  });

  it('belong to this job, or are left alone', async () => {
    await sync([record('a')], { id: 'other' });
    await test.pool.query(
      `INSERT INTO vocabularies.lines (id, record, hash) VALUES ('local', '{"id": "local", "value": 0}', '\\x00')`,
    );
    const report = await sync([gone('a'), gone('local'), record('b')]);
    expect(report.tasks[0]?.targets).toMatchObject([{ ...COUNTS, inserted: 1 }]);
    expect(await table()).toEqual({ a: 1, b: 1, local: 0 });
  });

  it('are rejections where nothing tells their id', async () => {
    const report = await sync([record('a'), { deleted: {} }, { deleted: { key: 7 } }]);
    expect(report).toMatchObject({ outcome: 'partial', tasks: [{ counts: { read: 3, rejected: 2, filtered: 0 } }] });
    const { rows } = await test.pool.query('SELECT code FROM vocab_sync.rejection');
    expect(rows).toEqual([{ code: 'E_RECORD_NO_ID' }, { code: 'E_RECORD_NO_ID' }]);
  });

  it('are not checked against the schema of their vocabulary, and transformers are told', async () => {
    const affiliation = { key: 'x', name: 'X', title: { en: 'X' } };
    const vocabulary = 'affiliations';
    expect(await sync([affiliation as unknown as Line, record('y')], { vocabulary })).toMatchObject({
      tasks: [{ counts: { staged: 1, rejected: 1 } }],
    });
    expect(await sync([gone('x')], { vocabulary })).toMatchObject({
      outcome: 'success',
      tasks: [{ counts: { read: 1, filtered: 1, rejected: 0 }, targets: [{ withdrawn: 1 }] }],
    });
  });

  it('count for the guard against shrinking', async () => {
    await sync([record('a'), record('b'), record('c'), record('d')]);
    const guards = { max_shrink_percent: 25 };
    expect(await sync([gone('a'), gone('b')], { guards })).toMatchObject({
      outcome: 'discarded',
      tasks: [
        { trips: [{ guard: 'max_shrink_percent', message: expect.stringContaining('2 gone (50.0 %)') as string }] },
      ],
    });
    expect(await sync([gone('a'), record('e')], { guards })).toMatchObject({ outcome: 'success' });
  });

  it('are withdrawn once where absence withdraws too', async () => {
    const full = (lines: readonly Line[]): Promise<RunReport> =>
      sync(lines, {
        readers: [{ type: 'file', args: { path: test.file('full.jsonl', toText(lines)) } }, { type: 'change-lines' }],
        writers: [{ type: 'postgres', args: { table: 'lines', on_missing: 'withdraw' } }],
      });
    await full([record('a'), record('b'), record('c')]);
    expect((await full([gone('a'), record('b')])).tasks[0]?.targets).toMatchObject([
      { ...COUNTS, unchanged: 1, withdrawn: 2 },
    ]);
    expect(await table()).toEqual({ a: 'withdrawn', b: 1, c: 'withdrawn' });
  });

  it('can be looked up in the change log and traced, and come back by a rollback', async () => {
    await sync([record('a'), record('b')]);
    const { run } = await sync([gone('a')]);
    const { rows } = await test.pool.query('SELECT id, op, before FROM vocab_sync.change WHERE run_id = $1', [run]);
    expect(rows).toEqual([{ id: 'a', op: 'withdraw', before: { id: 'a', value: 1 } }]);
    const [trace] = await traceRecord(test.engine, { run, id: 'a', signal: new AbortController().signal });
    expect(trace).toMatchObject({
      entries: [{ result: { kind: 'filtered', code: 'S_DELETED_AT_SOURCE' } }],
      changes: [{ op: 'withdraw' }],
    });
    await rollbackRun(test.engine, { run, startedBy: 'test', force: false, signal: new AbortController().signal });
    expect(await table()).toEqual({ a: 1, b: 1 });
  });

  it('come to the same table however the changes are cut into runs', async () => {
    const line = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.option(fc.nat({ max: 2 })) });
    let job = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        async (runs) => {
          job += 1;
          const name = `law_${String(job)}`;
          const model = new Map<string, number | null>();
          for (const lines of runs) {
            for (const { key, value } of lines) if (value !== null || model.has(key)) model.set(key, value);
            await sync(
              lines.map(({ key, value }) => (value === null ? gone(key) : record(key, value))),
              { id: name.replace('_', '-'), writers: [{ type: 'postgres', args: { table: name } }] },
              { request: { force: true } },
            );
          }
          // What was only ever deleted within one run was never published.
          const found = await readTable(test.pool, name);
          const published = new Map(
            found.map(({ id, record: { value }, withdrawn }) => [id, withdrawn ? null : value]),
          );
          for (const [key, value] of model)
            if (value !== null || published.has(key)) expect(published.get(key)).toBe(value);
          for (const key of published.keys()) expect(model.has(key)).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });
});
