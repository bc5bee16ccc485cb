/** Sources with few valid records: the number of stored rejections is limited, and the counts are exact. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('a source of many rejected records', () => {
  let test: TestEngine;
  beforeAll(async () => {
    test = await openTestEngine();
  });
  afterAll(async () => {
    await test.close();
  });

  const lines = (count: number, line: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');

  it('keeps 10,000 rejections of a code and counts all', async () => {
    const path = test.file(
      'many.jsonl',
      `${lines(12_000, () => '0')}\n${lines(5_000, (i) => `{"id":"r${String(i)}"}`)}`,
    );
    const report = await runJobOnce(test.steps, linesJob(path, { id: 'many' }), { approve: true });
    expect(report.tasks[0]?.counts).toMatchObject({ read: 17_000, rejected: 12_000, staged: 5_000 });
    const { rows } = await test.pool.query('SELECT count(*) AS n FROM vocab_sync.rejection WHERE run_id = $1', [
      report.run,
    ]);
    expect(rows).toEqual([{ n: 10_000 }]);
  });

  it('withdraws nothing when ids of rejected records were not kept', async () => {
    const job = (path: string) =>
      linesJob(path, {
        id: 'unkept',
        writers: [{ type: 'postgres', args: { table: 'unkept', on_missing: 'withdraw' } }],
        transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id' } }, unmapped: 'keep' } }],
      });
    await runJobOnce(
      test.steps,
      job(
        test.file(
          'first.jsonl',
          lines(10_500, (i) => `{"id":"r${String(i)}"}`),
        ),
      ),
    );
    // The same ids, but each with a text that no database takes: rejected, not gone.
    const bad = lines(10_500, (i) => `{"id":"r${String(i)}","text":"\\u0000"}`);
    await runJobOnce(test.steps, job(test.file('second.jsonl', `${bad}\n{"id":"new"}`)), { approve: true });
    const rows = await readTable(test.pool, 'unkept');
    expect(rows.filter(({ withdrawn }) => withdrawn)).toEqual([]);
    expect(rows.length).toBe(10_501);
  });

  it('is not read to its end when hardly anything can be used', async () => {
    const path = test.file('zeros.jsonl', '0\n'.repeat(300_000));
    await expect(runJobOnce(test.steps, linesJob(path, { id: 'zeros' }))).rejects.toMatchObject({
      code: 'E_TOO_MANY_REJECTED',
    });
  });
});
