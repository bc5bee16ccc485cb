/**
 * Each shipped job as it is deployed: worker processes, Temporal, PostgreSQL, and a local server that speaks the protocol
 * of its source. What it publishes is held against what its chain makes of the same input without any of these.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { readTable } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { readInputFiles, type PackedFile } from '../support/pack-input.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { runJobOn } from '../support/run-job-folder.ts';
import type { ServedJob } from '../support/served-job.ts';
import { describeWithServers, testTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { until } from '../support/workflow-bench.ts';
import { shippedConfig, tableOf } from './shipped-config.ts';
import { ELSEWHERE, SHIPPED_SOURCES, type ShippedSource } from './shipped-sources.ts';

/** The shortest that does not take a worker for dead that shares two cores with everything else. */
const HEARTBEAT_SECONDS = 4;

describeWithServers('the shipped job', () => {
  const queue = `shipped-${randomUUID()}`;
  const home = makeTempDir('vocab-sync-shipped-');
  const workers: WorkerProcess[] = [];
  let database: TestDatabase;
  let server: TestTemporal;
  let pool: Pool;
  let temporal: TemporalClient;

  beforeAll(async () => {
    [database, server] = await Promise.all([testDatabase(), testTemporal()]);
    pool = openPool({ url: database.url, applicationName: 'shipped jobs test' });
    const { address, namespace } = server;
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
    await work();
  });
  afterAll(async () => {
    await killWorkers();
    await temporal.close();
    await pool.end();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const work = async (): Promise<void> => {
    const { address: temporalAddress, namespace } = server;
    workers.push(await startWorkerProcess({ databaseUrl: database.url, temporalAddress, namespace, queue, home }));
  };
  const killWorkers = async (): Promise<void> => {
    for (const worker of workers) worker.signal('SIGKILL');
    await Promise.all(workers.splice(0).map(({ exited }) => exited));
  };

  const start = async (source: ShippedSource, served: ServedJob, id: string): Promise<() => Promise<RunReport>> => {
    const config = JSON.stringify(shippedConfig(source, served, id));
    const request = { job: id, trigger: 'manual', config, heartbeatSeconds: HEARTBEAT_SECONDS } as const;
    const { workflowId, runId } = await startRun(temporal.client, { queue, request });
    return () => temporal.client.workflow.getHandle<typeof runJob>(workflowId, runId).result();
  };
  const run = async (source: ShippedSource, served: ServedJob, id: string) => (await start(source, served, id))();

  const expectPublished = async ({ job }: ShippedSource, files: readonly PackedFile[], id: string): Promise<void> => {
    const { published } = await runJobOn(job, files);
    const expected = published.map((json) => JSON.parse(json) as { id: string });
    const rows = await readTable(pool, tableOf(id));
    const living = rows.filter(({ withdrawn }) => !withdrawn).map(({ record }) => record as { id: string });
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(living.sort(byId)).toEqual(expected.sort(byId));
  };

  describe.each(SHIPPED_SOURCES.map((source) => [source.job, source] as const))('%s', (job, source) => {
    const files = readInputFiles(join(import.meta.dirname, job, 'input'));

    it('publishes its source, then nothing, then what changed', async () => {
      const served = await source.serve(job, files);
      try {
        const id = `${job}-told`;
        served.misbehave();
        const first = await run(source, served, id);
        expect(first.tasks[0]?.targets[0]?.inserted).toBeGreaterThan(0);
        await expectPublished(source, files, id);

        expect(await run(source, served, id)).toMatchObject({ outcome: 'unchanged', error: null });

        const changed = files.map((file) => ({
          ...file,
          content: Buffer.from(source.change(file.content.toString())),
        }));
        served.deliver(changed);
        const second = await run(source, served, id);
        expect(second.tasks[0]?.targets[0]).toMatchObject({ inserted: 0, updated: 1, rejected: 0 });
        await expectPublished(source, changed, id);
      } finally {
        await served.close();
      }
    });
  });

  it('comes to the same table when its worker is killed in the middle of the source: each of them', async () => {
    // One does not take that many steps at once.
    await work();
    const runs = await Promise.all(
      SHIPPED_SOURCES.map(async (source) => {
        const files = readInputFiles(join(import.meta.dirname, source.job, 'input'));
        const served = await source.serve(source.job, files);
        served.stall();
        const id = `${source.job}-killed`;
        return { source, served, files, id, report: await start(source, served, id) };
      }),
    );
    try {
      await until('every source was asked', () => Promise.resolve(runs.every(({ served }) => served.hasStalled())), 60);
      await killWorkers();
      for (const { served } of runs) served.heal();
      await work();
      for (const { source, files, id, report } of runs) {
        expect((await report()).tasks[0]?.targets[0]?.inserted).toBeGreaterThan(0);
        await expectPublished(source, files, id);
      }
    } finally {
      await Promise.all(runs.map(({ served }) => served.close()));
    }
  });
});

it('there is a row for each shipped job', () => {
  const shipped = readdirSync(join(findPackageRoot(), 'config', 'jobs')).map((file) => file.replace(/\.json$/, ''));
  const rows = [...SHIPPED_SOURCES.map(({ job }) => job), ...Object.keys(ELSEWHERE)];
  expect(shipped.filter((job) => !rows.includes(job))).toEqual([]);
  expect(rows.filter((job) => !shipped.includes(job))).toEqual([]);
});
