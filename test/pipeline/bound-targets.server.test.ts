/** Targets that are bound to a name: each run keeps what its first worker bound, and says where the next one goes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRunSteps } from '../../src/pipeline/create-run-steps.ts';
import type { RunSteps } from '../../src/pipeline/run-steps.ts';
import { linesJob, openTestEngine, readTable, runJobOnce, stepContext, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

describeWithPostgres('a job that names its target', () => {
  let bench: TestEngine;
  beforeAll(async () => {
    bench = await openTestEngine();
  });
  afterAll(async () => {
    await bench.close();
  });

  /** The steps of a worker that binds the name to this table. */
  const workerOf = (table: string): RunSteps => {
    const targets = new Map([['people', { type: 'postgres', args: { table } }]]);
    return createRunSteps({ ...bench.engine, catalog: { ...bench.engine.catalog, targets } });
  };
  const job = () => {
    const path = bench.file('people.jsonl', '{"id": "a", "name": "A"}\n');
    return linesJob(path, { writers: [{ type: 'target', args: { name: 'people', on_missing: 'withdraw' } }] });
  };

  it('publishes into the target that the first worker bound, even if another worker continues the run', async () => {
    const [one, other] = [workerOf('people_one'), workerOf('people_other')];
    const steps: RunSteps = { ...other, resolveRun: one.resolveRun };
    const report = await runJobOnce(steps, job());
    expect(report.tasks[0]?.targets).toMatchObject([{ name: 'postgres:people_one', inserted: 1 }]);
    await expect(readTable(bench.pool, 'people_other')).rejects.toThrow('people_other');
  });

  it('says so when another worker binds it to another target, and fills that', async () => {
    const report = await runJobOnce(workerOf('people_other'), job());
    expect(report.tasks[0]?.targets).toMatchObject([{ name: 'postgres:people_other', inserted: 1 }]);
    expect(report.tasks[0]?.warnings).toMatchObject([{ code: 'W_TARGET_CHANGED', count: 1 }]);
    expect(report.tasks[0]?.warnings[0]?.samples[0]).toMatch(/postgres:people_one.*postgres:people_other/);
    expect(await runJobOnce(workerOf('people_other'), job())).toMatchObject({ outcome: 'unchanged' });
  });

  it('does not start where nothing is bound', async () => {
    const request = { job: 'lines', trigger: 'manual' as const, config: JSON.stringify(job()) };
    const run = randomUUID();
    const starting = bench.steps.resolveRun({ run, workflowId: `vocab-sync/lines/${run}`, request }, stepContext());
    await expect(starting).rejects.toMatchObject({ code: 'E_JOB_INVALID' });
  });
});
