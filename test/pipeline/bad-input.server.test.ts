/** Whatever a source holds: the code that its fixture is named by, a sentence, and nothing lost or half published. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/error-codes.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { formatFixtures } from '../support/format-fixtures.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const PARSERS: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  zip: [{ type: 'zip', args: { regex: '.' } }, { type: 'json' }],
  gzip: [{ type: 'gzip' }, { type: 'json' }],
  json: [{ type: 'json' }],
  jsonl: [{ type: 'jsonl' }],
};

/** Fixtures that are about one limit alone: another one, or the parser, would speak first. */
const SPECIAL: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  'E_ARCHIVE_SIZE.declares-a-terabyte.zip': [
    { type: 'zip', args: { regex: '.', max_ratio: 1e12, max_entry_bytes: 1e9 } },
    { type: 'json' },
  ],
};
const NOT_JSON_INSIDE = new Set(['E_ARCHIVE_RATIO.bomb.gz']);

const PUBLISHED = '{"id":"a","v":1}\n{"id":"b","v":1}\n';

describeWithPostgres('a bad source', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
    await runJobOnce(test.steps, linesJob(test.file('good.jsonl', PUBLISHED)));
  });
  afterAll(async () => {
    await test.close();
  });

  const run = (path: string, parsers: readonly Record<string, unknown>[], overrides: Record<string, unknown> = {}) =>
    runJobOnce(test.steps, linesJob(path, { readers: [{ type: 'file', args: { path } }, ...parsers], ...overrides }));

  const leftovers = async (): Promise<number> => {
    const { rows } = await test.pool.query<{ n: number }>(
      `SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'vocab_sync' AND tablename ~ '^(stage|plan)_')
         + (SELECT count(*) FROM vocab_sync.partition) AS n`,
    );
    return rows[0]?.n ?? -1;
  };

  describe.each(Object.keys(PARSERS))('in %s', (format) => {
    const fixtures = formatFixtures(format, 'bad').filter(({ name }) => !NOT_JSON_INSIDE.has(name));
    const isRecordCode = (code: string): boolean => ERROR_CODES[code as keyof typeof ERROR_CODES].kind === 'record';

    it.each(fixtures.filter(({ code }) => !isRecordCode(code)))(
      '$name fails the run and leaves the table as it was',
      async ({ name, path, code }) => {
        const before = await readTable(test.pool, 'lines');
        const failure: unknown = await run(path, SPECIAL[name] ?? PARSERS[format] ?? []).catch(
          (error: unknown) => error,
        );
        expect(failure).toMatchObject({ code });
        // A sentence of some length that says more than the code does.
        expect((failure as Error).message).toMatch(/^[A-Za-z].{30,}/s);
        expect(await readTable(test.pool, 'lines')).toEqual(before);
        expect(await leftovers()).toBe(0);
      },
    );

    it.each(fixtures.filter(({ code }) => isRecordCode(code)))(
      '$name loses only the bad records, with origin and raw text',
      async ({ name, path, code }) => {
        const writers = [{ type: 'postgres', args: { table: 'bad_records', on_missing: 'keep' } }];
        const report = await run(path, PARSERS[format] ?? [], { id: 'bad-records', writers });
        expect(report.outcome).toBe('partial');
        const { counts, targets } = report.tasks[0] ?? {};
        expect(counts?.read).toBe((counts?.staged ?? 0) + (counts?.duplicates ?? 0) + (counts?.rejected ?? 0));
        expect((targets?.[0]?.inserted ?? 0) + (targets?.[0]?.unchanged ?? 0) + (targets?.[0]?.updated ?? 0)).toBe(
          counts?.staged,
        );
        const { rows } = await test.pool.query<{ code: string; origin: string; raw: string | null }>(
          'SELECT code, origin, raw FROM vocab_sync.rejection WHERE run_id = $1',
          [report.run],
        );
        expect(rows.map((row) => row.code)).toContain(code);
        for (const row of rows)
          expect(row.origin).toMatch(new RegExp(`^file:${name.replaceAll('.', '\\.')}.* > \\w+:\\d+$`));
      },
    );
  });

  const records: readonly { readonly what: string; readonly text: string; readonly code: string }[] = [
    { what: 'a record that is no object', text: '7', code: 'E_RECORD_TYPE' },
    { what: 'a record that is a text', text: '"text"', code: 'E_RECORD_TYPE' },
    { what: 'a record without id', text: '{"v":2}', code: 'E_RECORD_NO_ID' },
    { what: 'an id of the wrong type', text: '{"id":7}', code: 'E_RECORD_NO_ID' },
    { what: 'an id that only a prototype has', text: '{"__proto__":{"id":"polluted"}}', code: 'E_RECORD_NO_ID' },
    { what: 'a NUL', text: '{"id":"nul","v":"a\\u0000b"}', code: 'E_RECORD_TEXT' },
    { what: 'half a surrogate pair', text: '{"id":"half","v":"\\udc00"}', code: 'E_RECORD_TEXT' },
    { what: 'a NUL in a key', text: '{"id":"key","\\u0000":1}', code: 'E_RECORD_TEXT' },
    { what: 'a record of 50 MB', text: `{"id":"large","v":"${'x'.repeat(50 << 20)}"}`, code: 'E_RECORD_TOO_LARGE' },
  ];

  it.each(records)('$what is one rejection among good records', async ({ text, code }) => {
    const path = test.file('records.json', `[\n    {"id":"a","v":1},\n    ${text},\n    {"id":"b","v":1}\n]`);
    const report = await run(path, [{ type: 'json' }]);
    expect(report).toMatchObject({ outcome: 'partial', tasks: [{ counts: { read: 3, staged: 2, rejected: 1 } }] });
    const { rows } = await test.pool.query('SELECT code FROM vocab_sync.rejection WHERE run_id = $1', [report.run]);
    expect(rows).toEqual([{ code }]);
    expect((await readTable(test.pool, 'lines')).map(({ id, withdrawn }) => [id, withdrawn])).toEqual([
      ['a', false],
      ['b', false],
    ]);
  });

  it('stops at a gzip bomb inside of what looks like JSON', async () => {
    const bomb = test.file('bomb.json.gz', gzipSync(`[${' '.repeat(64 << 20)}]`));
    await expect(run(bomb, PARSERS['gzip'] ?? [])).rejects.toMatchObject({ code: 'E_ARCHIVE_RATIO' });
    expect(await leftovers()).toBe(0);
  });

  it('keeps a __proto__ key as data', async () => {
    const path = test.file('proto.json', '[{"id":"p","__proto__":{"polluted":true}}]');
    const writers = [{ type: 'postgres', args: { table: 'proto' } }];
    expect((await run(path, [{ type: 'json' }], { id: 'proto', writers })).outcome).toBe('success');
    const { rows } = await test.pool.query<{ text: string }>('SELECT record::text AS text FROM vocabularies.proto');
    expect(rows[0]?.text).toContain('"__proto__": {"polluted": true}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('counts the earlier of two records with one id as a duplicate and publishes the later', async () => {
    const path = test.file('twice.json', '[{"id":"a","v":1},{"id":"b","v":1},{"id":"a","v":9}]');
    const writers = [{ type: 'postgres', args: { table: 'twice' } }];
    const report = await run(path, [{ type: 'json' }], { id: 'twice', writers });
    expect(report.tasks[0]).toMatchObject({
      counts: { read: 3, staged: 2, duplicates: 1 },
      targets: [{ inserted: 2 }],
    });
    expect((await readTable(test.pool, 'twice')).map(({ record }) => record['v'])).toEqual([9, 1]);
  });

  it('fails on an empty array and on half a dump without its end', async () => {
    await expect(run(test.file('empty.json', '[]'), [{ type: 'json' }])).rejects.toMatchObject({
      code: 'E_SOURCE_EMPTY',
    });
    const half = '[\n    {"id":"a","v":1},\n    {"id":"b","v"';
    await expect(run(test.file('half.json', half), [{ type: 'json' }])).rejects.toMatchObject({
      code: 'E_JSON_TRUNCATED',
    });
    expect((await readTable(test.pool, 'lines')).map(({ id, withdrawn }) => [id, withdrawn])).toEqual([
      ['a', false],
      ['b', false],
    ]);
  });
});
