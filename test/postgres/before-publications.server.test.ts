/**
 * A database of the last version that published only into its own tables and files, as `pg_dump` wrote it: three runs of a
 * job (a first load, a change, a withdrawal) and a run whose plan waits. See test/fixtures/before-publications/README.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesJob, readTable, runJobOnce, stepContext, undoRunOnce } from '../support/engine.ts';
import type { TestEngine } from '../support/engine.ts';
import { openOldDatabase } from '../support/old-database.ts';
import { describeWithPostgres, type TestDatabase } from '../support/postgres.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/before-publications');
/** As the job names it: from the folder of the repository. */
const SOURCE = 'test/fixtures/before-publications/lines.jsonl';

describeWithPostgres('a database of the version before publications', () => {
  let database: TestDatabase;
  let test: TestEngine;

  beforeEach(async () => {
    ({ database, test } = await openOldDatabase(join(FOLDER, 'database.sql')));
  });
  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  const runs = async (where: string) => {
    const { rows } = await test.pool.query<{ id: string; phase: string; outcome: string | null }>(
      `SELECT id, phase, outcome FROM vocab_sync.run WHERE ${where} ORDER BY started_at`,
    );
    return rows;
  };

  it('keeps its runs, and the next run of the same source is unchanged', async () => {
    expect((await runs(`job_id = 'lines'`)).map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success']);
    const before = await readTable(test.pool, 'lines');
    expect(await runJobOnce(test.steps, linesJob(SOURCE))).toMatchObject({ outcome: 'unchanged', error: null });
    expect(await readTable(test.pool, 'lines')).toEqual(before);
  });

  it('publishes what changed since', async () => {
    const changed = test.file('lines.jsonl', readFileSync(SOURCE, 'utf8').replace('Record 5', 'Another'));
    const report = await runJobOnce(test.steps, linesJob(changed));
    expect(report.tasks[0]?.targets[0]).toMatchObject({ updated: 1, unchanged: 17, inserted: 0, withdrawn: 0 });
  });

  it('undoes the run that withdrew, and then the one that changed', async () => {
    const [, change, withdrawal] = await runs(`job_id = 'lines'`);
    await undoRunOnce(test.steps, 'lines', withdrawal?.id ?? '');
    expect((await readTable(test.pool, 'lines')).filter(({ withdrawn }) => withdrawn)).toEqual([]);
    await undoRunOnce(test.steps, 'lines', change?.id ?? '');
    const rows = await readTable(test.pool, 'lines');
    expect(rows.map(({ record }) => record['name']).filter((name) => name === 'changed')).toEqual([]);
    expect(rows).toHaveLength(20);
  });

  it('publishes the plan that waits, which is the one that was shown', async () => {
    const [waiting] = await runs(`job_id = 'waiting'`);
    const place = { run: waiting?.id ?? '', task: 'main' };
    await test.steps.applyChanges({ ...place, planDigest: '2:-11798391414017711070' }, stepContext());
    expect(await test.steps.finishRun({ run: place.run, outcome: 'ended' }, stepContext())).toMatchObject({
      outcome: 'success',
    });
    expect((await readTable(test.pool, 'waiting')).map(({ id }) => id)).toEqual(['r0', 'r1']);
  });
});
