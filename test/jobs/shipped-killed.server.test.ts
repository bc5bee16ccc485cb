/**
 * Each shipped job, killed while it stages and again while it publishes: what is in its table in the end is what a run
 * leaves that nobody disturbed, byte for byte. What kills while it fetches do is in shipped-jobs.server.test.ts.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { buildKillGates, type Gate, type KillGates } from '../support/kill-gates.ts';
import { digestTable, expectLike } from '../support/kill-ledger.ts';
import { seedPublished } from '../support/kill-job.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { readInputFiles } from '../support/pack-input.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { runJobOn } from '../support/run-job-folder.ts';
import type { ServedJob } from '../support/served-job.ts';
import { describeWithServers, testTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { growInput } from './grow-input.ts';
import { shippedConfig, tableOf } from './shipped-config.ts';
import { SHIPPED_SOURCES, type ShippedSource } from './shipped-sources.ts';

const HEARTBEAT_SECONDS = 4;
/** Half a minute on two quiet cores; three times that alongside other tests. */
const PATIENCE = 300_000;
/** One does not take so many steps at once. */
const WORKERS = 2;

interface Grown {
  readonly source: ShippedSource;
  readonly served: ServedJob;
  readonly published: readonly string[];
}

interface StartedJob {
  readonly id: string;
  readonly table: string;
  readonly report: () => Promise<RunReport>;
}

describeWithServers('the shipped jobs, while they stage and while they publish', () => {
  const queue = `struck-${randomUUID()}`;
  const home = makeTempDir('vocab-sync-struck-');
  const workers: WorkerProcess[] = [];
  let database: TestDatabase;
  let server: TestTemporal;
  let pool: Pool;
  let temporal: TemporalClient;
  let gates: KillGates;
  let jobs: readonly Grown[];

  beforeAll(async () => {
    [database, server] = await Promise.all([testDatabase(), testTemporal()]);
    pool = openPool({ url: database.url, applicationName: 'struck jobs test' });
    temporal = await connectTemporal({ connectionOptions: { address: server.address }, namespace: server.namespace });
    await work();
    gates = await buildKillGates(database.url);
    jobs = await Promise.all(SHIPPED_SOURCES.map(grow));
  });
  afterAll(async () => {
    await killWorkers();
    await Promise.all(jobs.map(({ served }) => served.close()));
    await gates.close();
    await temporal.close();
    await pool.end();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const work = async (): Promise<void> => {
    const { address: temporalAddress, namespace } = server;
    const servers = { databaseUrl: database.url, temporalAddress, namespace, queue, home };
    workers.push(...(await Promise.all(Array.from({ length: WORKERS }, () => startWorkerProcess(servers)))));
  };
  const killWorkers = async (): Promise<void> => {
    for (const worker of workers) worker.signal('SIGKILL');
    await Promise.all(workers.splice(0).map(({ exited }) => exited));
  };
  const grow = async (source: ShippedSource): Promise<Grown> => {
    const files = growInput(source.job, readInputFiles(join(import.meta.dirname, source.job, 'input')));
    const { published } = await runJobOn(source.job, files);
    return { source, served: await source.serve(source.job, files), published };
  };
  /** Into a table that holds what makes it insert, update, restore and, where the job withdraws, withdraw. */
  const start = async ({ source, served, published }: Grown, name: string): Promise<StartedJob> => {
    const id = `${source.job}-${name}`;
    const table = tableOf(id);
    await seedPublished(pool, id, table, published);
    const config = JSON.stringify(shippedConfig(source, served, id));
    const request = { job: id, trigger: 'manual', config, heartbeatSeconds: HEARTBEAT_SECONDS } as const;
    const { workflowId, runId } = await startRun(temporal.client, { queue, request });
    const report = () => temporal.client.workflow.getHandle<typeof runJob>(workflowId, runId).result();
    return { id: runId, table, report };
  };
  const strike = async (gate: Gate, next?: Gate): Promise<void> => {
    await gates.reached(gate, jobs.length);
    await killWorkers();
    if (next !== undefined) await gates.shut(next);
    await gates.open(gate);
    await work();
  };

  it(
    'come to the same tables when all their workers are killed in both, and fetch nothing again',
    async () => {
      const undisturbed = await Promise.all(jobs.map((job) => start(job, 'base')));
      const base = await Promise.all(
        undisturbed.map(async ({ report, table }) => ({
          report: await report(),
          digest: await digestTable(pool, table),
        })),
      );
      await gates.shut('stage');
      const struck = await Promise.all(jobs.map((job) => start(job, 'struck')));
      await gates.reached('stage', jobs.length);
      const asked = jobs.map(({ served }) => served.asked());
      await strike('stage', 'apply');
      await strike('apply');
      const reports = await Promise.all(struck.map(({ report }) => report()));
      for (const [i, run] of struck.entries()) {
        const [expected, report] = [base[i], reports[i]];
        if (expected === undefined || report === undefined) throw new Error('one of the runs is missing');
        await expectLike(pool, expected, run, report);
        expect(expected.report.tasks[0]?.targets[0]?.updated).toBeGreaterThan(0);
        const [first = [], ...later] = await gates.checkpoints(run.id);
        expect(first).toHaveLength(1);
        expect(later.flat().every((read) => read > (first[0] ?? 0))).toBe(true);
      }
      expect(jobs.map(({ served }) => served.asked())).toEqual(asked);
    },
    PATIENCE,
  );
});
