/**
 * A database of the release before jobs were stored with their runs, as `pg_dump` wrote it. See
 * test/fixtures/before-frozen-jobs/README.md.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rollbackRun } from '../../src/pipeline/undo/rollback-run.ts';
import { requireRetryable, requireSameReaders } from '../../src/pipeline/undo/retried-run.ts';
import { jobOfRun } from '../../src/postgres/ledger/job-of-run.ts';
import { findRun } from '../../src/postgres/ledger/run-rows.ts';
import { findWatermark } from '../../src/postgres/ledger/watermark.ts';
import { applyMigrations } from '../../src/postgres/migrate.ts';
import { linesJob, readTable, runJobOnce, stepContext } from '../support/engine.ts';
import type { TestEngine } from '../support/engine.ts';
import { openOldDatabase } from '../support/old-database.ts';
import { describeWithPostgres, type TestDatabase } from '../support/postgres.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/before-frozen-jobs');
/** As the job names it: from the folder of the repository. */
const SOURCE = 'test/fixtures/before-frozen-jobs/lines.jsonl';

describeWithPostgres('a database of the release before jobs were stored with runs', () => {
  let database: TestDatabase;
  let test: TestEngine;

  beforeEach(async () => {
    ({ database, test } = await openOldDatabase(join(FOLDER, 'database.sql')));
  });
  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  const runOf = async (job: string, where = 'true'): Promise<string> => {
    const { rows } = await test.pool.query<{ id: string }>(
      `SELECT id FROM vocab_sync.run WHERE job_id = $1 AND ${where} ORDER BY started_at LIMIT 1`,
      [job],
    );
    return rows[0]?.id ?? '';
  };

  it('gives each old run its job, with the arguments filled in', async () => {
    const row = await findRun(test.pool, await runOf('waiting'));
    expect(row?.job).toBeNull();
    const job = row && jobOfRun(row);
    expect(job).toMatchObject({
      id: 'waiting',
      approval_days: 30,
      pause_after_failures: 2,
      notify: [{ type: 'email' }],
    });
    expect(job?.tasks[0]?.readers[0]).toEqual({ type: 'file', args: { path: SOURCE } });
  });

  it('publishes the plan that waits', async () => {
    const run = await runOf('waiting');
    const { rows } = await test.pool.query<{ plan_digest: string }>(
      'SELECT plan_digest FROM vocab_sync.task WHERE run_id = $1',
      [run],
    );
    await test.steps.applyChanges({ run, task: 'main', planDigest: rows[0]?.plan_digest ?? '' }, stepContext());
    const report = await test.steps.finishRun({ run, outcome: 'ended' }, stepContext());
    expect(report).toMatchObject({ outcome: 'partial', error: null });
    expect((await readTable(test.pool, 'waiting')).map(({ id }) => id)).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  });

  it('resumes the run that waits after a reset of its workflow', async () => {
    const run = await runOf('waiting');
    const request = { job: 'waiting', trigger: 'manual' as const };
    const resolved = await test.steps.resolveRun({ run, workflowId: 'any', request }, stepContext());
    expect(resolved).toMatchObject({ kind: 'ready', approvalDays: 30, notify: ['partial'] });
  });

  it('rolls an old run back, and rolls the rollback back', async () => {
    const { signal } = new AbortController();
    const run = await runOf('lines');
    const undone = await rollbackRun(test.engine, { run, startedBy: 'test', force: false, signal });
    expect((await readTable(test.pool, 'lines')).every(({ withdrawn }) => withdrawn)).toBe(true);
    await rollbackRun(test.engine, { run: undone.report.run, startedBy: 'test', force: false, signal });
    expect((await readTable(test.pool, 'lines')).some(({ withdrawn }) => withdrawn)).toBe(false);
  });

  it('lets a run that was rolled back move the watermark again, whatever its hold says', async () => {
    const [run, rollback] = [await runOf('undone', "mode = 'run'"), await runOf('undone', "mode = 'rollback'")];
    await test.pool.query("UPDATE vocab_sync.run SET watermark_hold = 'in other words' WHERE id = $1", [run]);
    expect((await findWatermark(test.pool, 'undone', true)).kind).toBe('none');
    const { signal } = new AbortController();
    await rollbackRun(test.engine, { run: rollback, startedBy: 'test', force: false, signal });
    expect(await findWatermark(test.pool, 'undone', true)).toMatchObject({ kind: 'run', run: { run } });
  });

  it('retries by the readers of the job, whatever the chain is displayed as', async () => {
    const run = await runOf('lines');
    await test.pool.query(`UPDATE vocab_sync.task SET readers = NULL, chain = 'file, then jsonl' WHERE run_id = $1`, [
      run,
    ]);
    const retried = await requireRetryable(test.pool, run);
    const refusal = (readers: readonly string[]) => () => {
      requireSameReaders(retried, new Map([['main', readers]]));
    };
    expect(refusal(['file', 'jsonl'])).not.toThrow();
    expect(refusal(['file', 'gzip', 'jsonl'])).toThrow(/gzip/);
  });

  it('stores the job with the next run, which a later edit of its config does not change', async () => {
    const run = randomUUID();
    const request = { job: 'lines', trigger: 'manual' as const, config: JSON.stringify(linesJob(SOURCE)) };
    await test.steps.resolveRun({ run, workflowId: 'any', request }, stepContext());
    await test.pool.query(`UPDATE vocab_sync.run SET config = '{"no": "job"}' WHERE id = $1`, [run]);
    expect(await test.steps.fetchSource({ run, task: 'main' }, stepContext())).toMatchObject({ kind: 'unchanged' });
    const { rows } = await test.pool.query<{ job: unknown }>('SELECT job FROM vocab_sync.run WHERE id = $1', [run]);
    expect(rows[0]?.job).toMatchObject({ $schema: 1, value: { id: 'lines', approval_days: 14 } });
  });

  it('reads the same source as unchanged', async () => {
    const report = await runJobOnce(test.steps, linesJob(SOURCE), { approve: true });
    expect(report).toMatchObject({ outcome: 'unchanged', error: null });
  });

  it('can be used by an older program if newer migrations only add to it', async () => {
    const insert = 'INSERT INTO vocab_sync.migration (id, additive) VALUES ($1, $2)';
    await test.pool.query(insert, ['9998-adds', true]);
    expect(await applyMigrations(test.pool)).toEqual([]);
    await test.pool.query(insert, ['9999-changes', false]);
    await expect(applyMigrations(test.pool)).rejects.toMatchObject({ code: 'E_SETTINGS_INVALID' });
  });
});
