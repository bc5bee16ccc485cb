/** Two installations, each with a database and a worker of its own, on one task queue of one namespace. */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { readInstallation } from '../../src/postgres/ledger/installation.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { lookAtQueue } from '../../src/temporal/run-status.ts';
import { deleteSchedule } from '../../src/temporal/schedule-state.ts';
import { linesJob } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { until } from '../support/workflow-bench.ts';
import { runWords, type RunResult } from './run-words.ts';
import { startCliWorker, type CliWorker } from './start-cli-worker.ts';

interface Installation {
  readonly name: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly id: string;
  readonly worker: CliWorker;
}

const RUNS = 4;

describeWithServers('two installations on one queue', () => {
  const queue = `shared-${randomUUID()}`;
  const scheduled = `scheduled-${randomUUID()}`;
  let temporal: TemporalClient;
  let production: Installation;
  let staging: Installation;

  const cli = ({ cwd, env }: Installation, ...words: readonly string[]): Promise<RunResult> =>
    runWords(words, { cwd, env });
  const run = async (where: Installation): Promise<RunReport> =>
    JSON.parse((await cli(where, 'run', join(where.cwd, 'lines.json'), '--force', '--json')).stdout) as RunReport;

  async function open(name: string): Promise<Installation> {
    const cwd = makeTempDir();
    const database = await testDatabase();
    const pool = openPool({ url: database.url, max: 2 });
    const { address, namespace } = await testTemporal();
    const env = {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      VOCAB_SYNC_HOME: cwd,
    };
    writeFileSync(join(cwd, 'lines.jsonl'), `{"id": "${name}"}\n`);
    writeFileSync(join(cwd, 'lines.json'), JSON.stringify(linesJob(join(cwd, 'lines.jsonl'), { queue })));
    // The databases of tests are copies of one.
    await runWords(['migrate', '--new-installation'], { cwd, env });
    const id = await readInstallation(pool);
    const worker = await startCliWorker(env, cwd, queue);
    return { name, cwd, env, database, pool, id, worker };
  }

  beforeAll(async () => {
    const { address, namespace } = await testTemporal();
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
    production = await open('production');
    staging = await open('staging');
    await until('both poll', async () => {
      const { polled, others } = await lookAtQueue(temporal.client, queue, production.id);
      return polled && others.includes(staging.id);
    });
  });
  afterAll(async () => {
    await deleteSchedule(temporal.client, scheduled);
    for (const { worker, pool, database, cwd } of [production, staging]) {
      await worker.stop();
      await pool.end();
      await database.drop();
      rmSync(cwd, { recursive: true, force: true });
    }
    await temporal.close();
  });

  it('have identities of their own', () => {
    expect(production.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(staging.id).not.toBe(production.id);
  });

  it('execute every step in the database whose run it is', async () => {
    for (const where of [production, staging]) {
      for (let count = 0; count < RUNS; count += 1) {
        const report = await run(where);
        expect(report).toMatchObject({ outcome: 'success', error: null });
      }
    }
    for (const { name, pool } of [production, staging]) {
      const { rows } = await pool.query('SELECT id FROM vocabularies.lines');
      expect(rows).toEqual([{ id: name }]);
      const runs = await pool.query('SELECT outcome FROM vocab_sync.run');
      expect(runs.rows).toEqual(Array.from({ length: RUNS }, () => ({ outcome: 'success' })));
    }
  });

  it('report the other one: `run`, `doctor`, and the place of the steps', async () => {
    const { stderr } = await cli(production, 'run', join(production.cwd, 'lines.json'));
    expect(stderr).toContain(staging.id);
    expect(stderr).not.toContain('is tried again');
    const doctor = await cli(production, 'doctor', '--queue', queue, '--json');
    const { findings } = JSON.parse(doctor.stdout) as { findings: readonly { subject: string; message: string }[] };
    const finding = findings.find(({ subject }) => subject === `queue ${queue}`);
    expect(finding).toMatchObject({ status: 'warn', message: expect.stringContaining(staging.id) as string });
  });

  it('leave alone the schedule of the other one', async () => {
    const schedule = { type: 'crontab', cron: '30 3 1 1 *', timezone: 'UTC' };
    const actionIn = async (where: Installation): Promise<unknown> => {
      const job = linesJob(join(where.cwd, 'lines.jsonl'), { id: scheduled, queue, schedule });
      writeFileSync(join(where.cwd, 'scheduled.json'), JSON.stringify(job));
      const { stdout } = await cli(where, 'apply', join(where.cwd, 'scheduled.json'), '--json');
      return (JSON.parse(stdout) as { jobs: { schedule: unknown }[] }).jobs[0]?.schedule;
    };
    expect(await actionIn(production)).toMatchObject({ action: 'created' });
    expect(await actionIn(staging)).toMatchObject({ action: 'foreign', otherInstallation: production.id });
    expect(await actionIn(production)).toMatchObject({ action: 'unchanged' });
    const paused = await cli(staging, 'schedule', scheduled, 'pause', '--json');
    expect(JSON.parse(paused.stdout)).toMatchObject({ error: { code: 'E_SCHEDULE_STATE' } });
  });

  it('let a run without an identity belong to the one that resolves it', async () => {
    const writers = [{ type: 'postgres', args: { table: 'raw' } }];
    const config = JSON.stringify(linesJob(join(production.cwd, 'lines.jsonl'), { id: 'raw', queue, writers }));
    const handle = await temporal.client.workflow.start('runJob', {
      workflowId: `raw-${queue}`,
      taskQueue: queue,
      args: [{ job: 'raw', trigger: 'manual', config }],
    });
    expect(await handle.result()).toMatchObject({ outcome: 'success' });
    const outcomes = await Promise.all(
      [production, staging].map(async ({ pool }) => {
        const { rows } = await pool.query<{ outcome: string }>(
          `SELECT outcome FROM vocab_sync.run WHERE job_id = 'raw'`,
        );
        return rows.map(({ outcome }) => outcome);
      }),
    );
    expect(outcomes.flat()).toEqual(['success']);
  });

  it('go on beside a worker whose database is gone', async () => {
    await staging.database.drop();
    for (let count = 0; count < RUNS; count += 1)
      expect(await run(production)).toMatchObject({ outcome: 'success', error: null });
    const handle = temporal.client.workflow.getHandle((await run(production)).workflow_id);
    const { events = [] } = await handle.fetchHistory();
    // A failure that is kept in the history would be one that waits for the back-off of its step.
    const failures = (events ?? []).flatMap(
      ({ activityTaskStartedEventAttributes: started }) => started?.lastFailure?.applicationFailureInfo?.type ?? [],
    );
    expect(failures.filter((type) => type !== 'ForeignInstallation')).toEqual([]);
  });
});
