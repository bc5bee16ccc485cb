/** `preview --diff`: what a changed mapping would do to the published records. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesJob, openTestEngine, readTable, runJobOnce, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';
import { runWords } from './run-words.ts';

interface Shown {
  readonly counts: object;
  readonly absenceCompared: boolean;
  readonly duplicates: number;
  readonly targets: Readonly<Record<string, object>>;
  readonly changes: readonly { readonly op: string; readonly id: string; readonly fields: readonly object[] }[];
}

describeWithPostgres('preview --diff', () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(async () => {
    await test.close();
  });

  const map = (fields: object) => ({
    transformers: [{ type: 'map', args: { fields: { '/id': { from: '/id' }, ...fields } } }],
  });
  const preview = async (job: object, ...words: readonly string[]) => {
    const path = join(test.directory, 'job.json');
    writeFileSync(path, JSON.stringify(job));
    return runWords(['preview', path, '--diff', ...words], {
      cwd: test.directory,
      env: { DATABASE_URL: test.url, VOCAB_SYNC_HOME: join(test.directory, 'home') },
    });
  };
  const relations = async (): Promise<readonly string[]> => {
    const { rows } = await test.pool.query<{ name: string }>(
      "SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace::regnamespace::text IN ('vocab_sync', 'vocabularies') ORDER BY 1",
    );
    return rows.map(({ name }) => name);
  };

  it('shows each change field by field, and leaves nothing behind', async () => {
    const path = test.file('a.jsonl', '{"id":"a","n":1}\n{"id":"b","n":2}\n{"id":"c","n":3}\n');
    await runJobOnce(test.steps, linesJob(path, map({ '/n': { from: '/n' } })));
    const [before, tables] = [await readTable(test.pool, 'lines'), await relations()];

    test.file('a.jsonl', '{"id":"a","n":1,"t":"x"}\n{"id":"b","n":2}\n{"id":"d","n":"4"}\n');
    const changed = linesJob(path, map({ '/n': { from: '/n' }, '/t': { from: '/t', required: false } }));
    const { stdout, code } = await preview(changed, '--json');
    const shown = JSON.parse(stdout) as Shown;
    expect(shown.targets).toMatchObject({ 'postgres:lines': { inserted: 1, updated: 1, unchanged: 1, withdrawn: 1 } });
    expect(shown.changes.map(({ op, id }) => `${op} ${id}`)).toEqual(['update a', 'withdraw c', 'insert d']);
    expect(shown.changes[0]?.fields).toEqual([{ pointer: '/t', after: 'x' }]);
    expect(code).toBe(0);

    const table = await preview(changed, '--changes', '1');
    expect(table.stdout).toMatch(/1 inserted, 1 updated, 1 withdrawn, 1 unchanged/);
    expect(table.stdout).toMatch(/\/t +added "x"/);
    expect(table.stdout).not.toContain('withdraw  c');

    expect(await readTable(test.pool, 'lines')).toEqual(before);
    expect(await relations()).toEqual(tables);
  });

  it('takes no record for gone that was rejected, or where only a part was read', async () => {
    const path = test.file('a.jsonl', '{"id":"a","n":1}\n{"id":"b","n":2}\n');
    await runJobOnce(test.steps, linesJob(path, map({ '/n': { from: '/n' } })));
    test.file('a.jsonl', '{"id":"a"}\n');
    const rejecting = linesJob(path, map({ '/n': { from: '/n' } }));
    const shown = JSON.parse((await preview(rejecting, '--json')).stdout) as Shown;
    expect(shown.changes.map(({ op, id }) => `${op} ${id}`)).toEqual(['withdraw b']);
    const part = JSON.parse((await preview(linesJob(path), '--json', '--limit', '1')).stdout) as Shown;
    expect(part).toMatchObject({ absenceCompared: false, targets: { 'postgres:lines': { updated: 1, withdrawn: 0 } } });
  });

  it('says why no missing record was detected, which record counts, and why records are refused', async () => {
    const path = test.file('a.jsonl', '{"id":"a","n":1}\n{"id":"b","n":2}\n');
    await runJobOnce(test.steps, linesJob(path, map({ '/n': { from: '/n' } })));
    test.file('a.jsonl', '{"n":3}\n{"id":"a","n":1}\n{"id":"a","n":4}\n');
    const job = linesJob(path, map({ '/n': { from: '/n' } }));
    const shown = JSON.parse((await preview(job, '--json')).stdout) as Shown;
    expect(shown).toMatchObject({
      absenceCompared: false,
      duplicates: 1,
      targets: { 'postgres:lines': { updated: 1 } },
    });
    const { stderr } = await preview(job);
    expect(stderr).toContain('1 record with the id of a later one');
    expect(stderr).toContain('1 rejected record without an id');

    const other = await preview({ ...job, id: 'other' });
    expect(other.stdout).toContain('1 refused');
    expect(other.stderr).toMatch(/Refused by postgres:lines: 1 record .* another job/s);
  });

  it('shows a first load as new records, and makes no table', async () => {
    const path = test.file('a.jsonl', '{"id":"a"}\n');
    const tables = await relations();
    const shown = JSON.parse((await preview(linesJob(path), '--json')).stdout) as Shown;
    expect(shown.targets).toMatchObject({ 'postgres:lines': { inserted: 1 } });
    expect(await relations()).toEqual(tables);
  });
});
