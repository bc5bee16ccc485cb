/** A worker that is killed while it fetches what changed at ORCID: the next one goes on behind what is in the spool. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPackageRoot } from '../../src/job/package-root.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { readTable } from '../support/engine.ts';
import { startHoldingRelay, type HoldingRelay } from '../support/holding-relay.ts';
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
const ids = orcidIds(100);

describeHere('a worker that is killed while it fetches from ORCID', () => {
  const home = makeTempDir('vocab-sync-orcid-');
  const queue = `orcid-${randomUUID()}`;
  const workers: WorkerProcess[] = [];
  let database: TestDatabase;
  let pool: Pool;
  let temporal: TemporalClient;
  let relay: HoldingRelay;

  const work = async (): Promise<WorkerProcess> => {
    const { address: temporalAddress, namespace } = await testTemporal();
    const worker = await startWorkerProcess({ databaseUrl: database.url, temporalAddress, namespace, queue, home });
    workers.push(worker);
    return worker;
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
    for (const id of ids) await buckets?.put(SUMMARIES, summaryKey(id), orcidXml(id, { given: 'Ada', family: 'One' }));
    const keys = { ORCID_ACCESS_KEY: buckets?.accessKey, ORCID_SECRET_KEY: buckets?.secretKey };
    writeFileSync(
      join(home, '.env'),
      Object.entries(keys)
        .map(([name, key]) => `${name}=${key ?? ''}\n`)
        .join(''),
    );
  });
  afterAll(async () => {
    for (const worker of workers) worker.signal('SIGKILL');
    await Promise.all(workers.map(({ exited }) => exited));
    await relay.close();
    await temporal.close();
    await pool.end();
    await database.drop();
    await buckets?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const config = (): string => {
    const path = join(findPackageRoot(), 'config', 'jobs', 'orcid-names.json');
    const job = JSON.parse(readFileSync(path, 'utf8')) as { readonly readers: readonly { readonly args: object }[] };
    const [source, ...others] = job.readers;
    const there = { endpoint: relay.url, region: 'us-east-1', connections: CONNECTIONS };
    return JSON.stringify({
      ...job,
      guards: {},
      readers: [{ ...source, args: { ...source?.args, ...there } }, ...others],
    });
  };

  it('has the same table in the end, and nothing is fetched twice but what was under way', async () => {
    relay.hold(new RegExp(`^/${SUMMARIES}/`), ANSWERED);
    const first = await work();
    const request = { job: 'orcid-names', trigger: 'manual', config: config(), heartbeatSeconds: 4 } as const;
    const { workflowId, runId } = await startRun(temporal.client, { queue, request });
    await until('the server answers no more', () => Promise.resolve(relay.held() === CONNECTIONS), 60);
    first.signal('SIGKILL');
    await first.exited;
    relay.release();
    const before = relay.paths.length;
    await work();
    const report = await temporal.client.workflow.getHandle<typeof runJob>(workflowId, runId).result();
    expect(report).toMatchObject({ outcome: 'success', error: null });
    expect(report.tasks[0]).toMatchObject({ counts: { read: ids.length, rejected: 0 }, targets: [{ inserted: 100 }] });
    expect((await readTable(pool, 'names')).map(({ id }) => id)).toEqual([...ids].sort());
    const again = relay.paths.slice(before);
    expect(again.filter((path) => path.startsWith(`/${SUMMARIES}/`)).length).toBeLessThanOrEqual(
      ids.length - ANSWERED + CONNECTIONS,
    );
    expect(again.filter((path) => path.startsWith(`/${LIST.bucket}/`))).toEqual([]);
  });
});
