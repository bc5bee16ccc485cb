/**
 * Workers that are killed while they fetch what changed at ORCID, while they stage it and while they publish it: the next
 * one goes on behind what is in the spool, in the stage, and the table is that of a run which nobody disturbed.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { startHoldingRelay, type HoldingRelay } from '../support/holding-relay.ts';
import { buildKillGates, type KillGates } from '../support/kill-gates.ts';
import { digestTable, expectLike } from '../support/kill-ledger.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { lastModifiedList, LIST, orcidIds, orcidXml, SUMMARIES, summaryKey } from '../support/orcid-buckets.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startVersityGateway } from '../support/versity-gateway.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { until } from '../support/workflow-bench.ts';

const buckets = await startVersityGateway();
const describeHere = buckets === undefined ? describe.skip : describeWithServers;

const CONNECTIONS = 4;
const ANSWERED = 60;
/** Half a minute on two quiet cores; three times that alongside other tests. */
const PATIENCE = 300_000;
/** More than one transaction of a stage takes. */
const ids = orcidIds(2_100);

describeHere('a worker that is killed while it fetches from ORCID', () => {
  /** Each has a spool of its own: what one fetched is not there for the other. */
  const [home, otherHome] = [makeTempDir('vocab-sync-orcid-'), makeTempDir('vocab-sync-orcid-')];
  const queue = `orcid-${randomUUID()}`;
  const workers: WorkerProcess[] = [];
  let database: TestDatabase;
  let pool: Pool;
  let temporal: TemporalClient;
  let relay: HoldingRelay;
  let gates: KillGates;

  const work = async (at = home): Promise<void> => {
    const { address: temporalAddress, namespace } = await testTemporal();
    const servers = { databaseUrl: database.url, temporalAddress, namespace, queue, home: at };
    workers.push(await startWorkerProcess(servers));
  };
  beforeAll(async () => {
    const { address, namespace } = await testTemporal();
    database = await testDatabase();
    pool = openPool({ url: database.url });
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
    relay = await startHoldingRelay(buckets?.endpoint ?? '');
    await buckets?.createBucket(LIST.bucket);
    await buckets?.createBucket(SUMMARIES);
    const rows = ids.map((id) => ({ id, modified: '2024-01-02 20:07:05.186' }));
    await buckets?.put(LIST.bucket, LIST.key, lastModifiedList(rows));
    const left = ids.values();
    const put = async (): Promise<void> => {
      for (const id of left)
        await buckets?.put(SUMMARIES, summaryKey(id), orcidXml(id, { given: 'Ada', family: 'One' }));
    };
    await Promise.all(Array.from({ length: 16 }, put));
    const keys = { ORCID_ACCESS_KEY: buckets?.accessKey, ORCID_SECRET_KEY: buckets?.secretKey };
    const variables = Object.entries(keys).map(([name, key]) => `${name}=${key ?? ''}\n`);
    for (const directory of [home, otherHome]) writeFileSync(join(directory, '.env'), variables.join(''));
    await work(otherHome);
    gates = await buildKillGates(database.url);
  });
  afterAll(async () => {
    for (const worker of workers) worker.signal('SIGKILL');
    await Promise.all(workers.map(({ exited }) => exited));
    await gates.close();
    await relay.close();
    await temporal.close();
    await pool.end();
    await database.drop();
    await buckets?.stop();
    for (const directory of [home, otherHome]) rmSync(directory, { recursive: true, force: true });
  });

  const kill = async (): Promise<void> => {
    for (const worker of workers) worker.signal('SIGKILL');
    await Promise.all(workers.splice(0).map(({ exited }) => exited));
  };
  const config = (id: string, table: string): string => {
    const path = join(findPackageRoot(), 'config', 'jobs', 'orcid-names.json');
    const job = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly readers: readonly { readonly args: object }[];
      readonly writers: readonly { readonly args: object }[];
    };
    const [source, ...others] = job.readers;
    const there = { endpoint: relay.url, region: 'us-east-1', connections: CONNECTIONS };
    return JSON.stringify({
      ...job,
      id,
      guards: {},
      readers: [{ ...source, args: { ...source?.args, ...there } }, ...others],
      writers: job.writers.map((writer) => ({ ...writer, args: { ...writer.args, table } })),
    });
  };
  const start = async (job: string) => {
    const table = job.replaceAll('-', '_');
    const request = { job, trigger: 'manual', config: config(job, table), heartbeatSeconds: 4 } as const;
    const { workflowId, runId: id } = await startRun(temporal.client, { queue, request });
    return { id, table, report: () => temporal.client.workflow.getHandle<typeof runJob>(workflowId, id).result() };
  };

  it(
    'has the same table in the end, and nothing is fetched twice but what was under way',
    async () => {
      const undisturbed = await start('orcid-base');
      const base = { report: await undisturbed.report(), digest: await digestTable(pool, undisturbed.table) };
      expect(base.report).toMatchObject({ outcome: 'success', tasks: [{ targets: [{ inserted: ids.length }] }] });

      await kill();
      await work();
      relay.hold(new RegExp(`^/${SUMMARIES}/`), ANSWERED);
      const run = await start('orcid-struck');
      await until('the server answers no more', () => Promise.resolve(relay.held() === CONNECTIONS), 120);
      await kill();
      const before = relay.paths.length;
      relay.release();
      await gates.shut('stage');
      await work();
      await gates.reached('stage', 1);
      const again = relay.paths.slice(before);
      expect(again.filter((path) => path.startsWith(`/${SUMMARIES}/`)).length).toBeLessThanOrEqual(
        ids.length - ANSWERED + CONNECTIONS,
      );
      expect(again.filter((path) => path.startsWith(`/${LIST.bucket}/`))).toEqual([]);

      const fetched = relay.paths.length;
      await kill();
      await gates.shut('apply');
      await gates.open('stage');
      await work();
      await gates.reached('apply', 1);
      await kill();
      await gates.open('apply');
      await work();
      await expectLike(pool, base, run, await run.report());
      const [first = [], ...later] = await gates.checkpoints(run.id);
      expect(first).toHaveLength(1);
      expect(later.flat().every((read) => read > (first[0] ?? 0))).toBe(true);
      expect(relay.paths.length).toBe(fetched);
    },
    PATIENCE,
  );
});
