/** The checks before a source is read: whether the targets can be written, and where the watermark is. */
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesJob, openTestEngine, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const lines = (count: number, value = 1): string =>
  Array.from({ length: count }, (_, i) => JSON.stringify({ id: `r${String(i)}`, value })).join('\n');

describeWithPostgres('before its source is read, a run', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  /** The source is not there, so an error about it says that it was asked first. */
  const toFile = (path: string): Record<string, unknown> =>
    linesJob(join(test.directory, 'missing.jsonl'), { writers: [{ type: 'file', args: { path } }] });

  it('finds that a directory is missing, or that a file is another one', async () => {
    const missing = runJobOnce(test.steps, toFile(join(test.directory, 'nowhere', 'out.jsonl')));
    await expect(missing).rejects.toMatchObject({
      code: 'E_FILE_NOT_FOUND',
      message: expect.stringMatching(/nowhere/) as string,
    });
    const other = runJobOnce(test.steps, toFile(test.file('other.jsonl', 'mine')));
    await expect(other).rejects.toMatchObject({ code: 'E_TARGET_CONFLICT' });
  });

  it.skipIf(process.getuid?.() === 0)('finds that a directory may not be written', async () => {
    const closed = join(test.directory, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    const refused = runJobOnce(test.steps, toFile(join(closed, 'out.jsonl')));
    await expect(refused).rejects.toMatchObject({
      code: 'E_FILE_NOT_FOUND',
      message: expect.stringMatching(/EACCES/) as string,
    });
  });

  it('leaves nothing behind where it asked', async () => {
    const out = join(test.directory, 'out');
    mkdirSync(out);
    await expect(runJobOnce(test.steps, toFile(join(out, 'out.jsonl')))).rejects.toMatchObject({
      code: 'E_FILE_NOT_FOUND',
      message: expect.stringMatching(/missing\.jsonl/) as string,
    });
    expect(readdirSync(out)).toEqual([]);
  });

  it('finds a table with other columns', async () => {
    await test.pool.query('CREATE TABLE vocabularies.lines (id text)');
    const refused = runJobOnce(test.steps, linesJob(join(test.directory, 'missing.jsonl')));
    await expect(refused).rejects.toMatchObject({
      code: 'E_TARGET_CONFLICT',
      message: expect.stringMatching(/record/) as string,
    });
  });

  it('refuses a watermark in the future, until it is set or cleared', async () => {
    const config = linesJob(test.file('a.jsonl', lines(3)));
    await runJobOnce(test.steps, config);
    await test.pool.query(`UPDATE vocab_sync.run SET started_at = started_at + interval '400 days'`);
    const refused = runJobOnce(test.steps, config);
    await expect(refused).rejects.toMatchObject({
      code: 'E_WATERMARK_FUTURE',
      message: expect.stringMatching(/watermark lines clear/) as string,
    });
    await test.pool.query(
      `INSERT INTO vocab_sync.watermark_change (job_id, since, changed_by) VALUES ('lines', now() - interval '1 day', 'test')`,
    );
    const report = await runJobOnce(test.steps, config);
    expect(Date.parse(report.since ?? '')).toBeLessThan(Date.now());
    // The run that ended now decides again, and not the one that is dated in the future.
    expect((await runJobOnce(test.steps, config)).since).toBe(report.started_at);
  });

  it('waits when it would add or change too much, but not at a first load', async () => {
    const guards = { max_growth_percent: 20, max_changed_percent: 30 };
    const first = await runJobOnce(test.steps, linesJob(test.file('a.jsonl', lines(10)), { guards }));
    expect(first.outcome).toBe('success');
    const grown = await runJobOnce(test.steps, linesJob(test.file('b.jsonl', lines(13)), { guards }));
    expect(grown.tasks[0]?.trips).toMatchObject([
      { guard: 'max_growth_percent', message: expect.stringMatching(/3 new ones \(30\.0 %\)/) as string },
    ]);
    const changed = await runJobOnce(test.steps, linesJob(test.file('c.jsonl', lines(10, 2)), { guards }));
    expect(changed.tasks[0]?.trips).toMatchObject([
      { guard: 'max_changed_percent', message: expect.stringMatching(/found 10 that do/) as string },
    ]);
    const fine = await runJobOnce(test.steps, linesJob(test.file('d.jsonl', lines(12)), { guards }));
    expect(fine.outcome).toBe('success');
  });
});
