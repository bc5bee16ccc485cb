/** The worker, the S3 server and the run itself end in the middle of an upload: the bucket ends as without it. */
import { createHash, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun, type StartedRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { startHoldingRelay, type HoldingRelay } from '../support/holding-relay.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { startVersityGateway, type TestBuckets } from '../support/versity-gateway.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';

const gateway = await startVersityGateway();
afterAll(() => gateway?.stop());

const BUCKET = 'vocabularies';
/** Two parts of an upload. */
const RECORDS = 80;
const TEXT = 'x'.repeat(256 * 1024);
/** The version, the changes and the state of the feed. */
const UPLOADS = 3;
const HEARTBEAT_SECONDS = 4;
const SECOND_PART = /\.versions\/.*partNumber=2/;

(gateway === undefined ? describe.skip : describeWithServers)('an upload to a bucket', () => {
  const home = makeTempDir('vocab-sync-s3-kill-');
  const queue = `s3-${randomUUID()}`;
  const path = join(home, 'source.jsonl');
  let database: TestDatabase;
  let temporal: TemporalClient;
  let relay: HoldingRelay;
  let worker: WorkerProcess;
  let undisturbed: Bucket;

  const s3 = (): TestBuckets => {
    if (gateway === undefined) throw new Error('no S3 server');
    return gateway;
  };
  const startWorker = async (): Promise<WorkerProcess> => {
    const { address: temporalAddress, namespace } = await testTemporal();
    return startWorkerProcess(
      { databaseUrl: database.url, temporalAddress, namespace, queue, home },
      { S3_ACCESS: s3().accessKey, S3_SECRET: s3().secretKey },
    );
  };

  beforeAll(async () => {
    database = await testDatabase();
    const { address, namespace } = await testTemporal();
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
    relay = await startHoldingRelay(s3().endpoint);
    await s3().createBucket(BUCKET);
    worker = await startWorker();
    await publishBoth('base');
    undisturbed = await readBucket('base');
  }, 120_000);
  afterEach(() => {
    relay.release();
  });
  afterAll(async () => {
    worker.signal('SIGKILL');
    await worker.exited;
    await relay.close();
    await temporal.close();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const write = (version: number): void => {
    const records = Array.from({ length: RECORDS }, (_, i) => ({
      id: `r${String(i)}`,
      v: i % 8 === 0 ? version : 0,
      TEXT,
    }));
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  };
  const start = (job: string): Promise<StartedRun> => {
    const args = {
      ...{ path: `s3://${BUCKET}/${job}/out.jsonl`, endpoint: relay.url, keep: 1, feed: true },
      ...{ access_key: { $secret: 'env:S3_ACCESS' }, secret_key: { $secret: 'env:S3_SECRET' } },
    };
    const config = {
      ...{ id: `s3-${job}`, title: job, transformers: [] },
      readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
      writers: [{ type: 'file', args }],
    };
    const request = { job: config.id, trigger: 'manual' as const, config: JSON.stringify(config) };
    return startRun(temporal.client, { queue, request: { ...request, heartbeatSeconds: HEARTBEAT_SECONDS } });
  };
  const handleOf = ({ workflowId }: StartedRun) => temporal.client.workflow.getHandle<typeof runJob>(workflowId);
  const publish = async (job: string): Promise<RunReport> => handleOf(await start(job)).result();
  const publishBoth = async (job: string): Promise<void> => {
    for (const version of [0, 1]) {
      write(version);
      expect((await publish(job)).outcome).toBe('success');
    }
  };
  /** Publishes the first version, and starts the second one, which stays in the middle of its upload. */
  const untilUploading = async (job: string): Promise<StartedRun> => {
    write(0);
    expect((await publish(job)).outcome).toBe('success');
    write(1);
    relay.hold(SECOND_PART, 0);
    const run = await start(job);
    await until('the second part is held', () => Promise.resolve(relay.held() > 0), 60);
    expect(await uploads(job)).toBe(UPLOADS);
    return run;
  };

  interface Bucket {
    /** By name, without the ids of runs: digests of the content. */
    readonly objects: Readonly<Record<string, string>>;
    readonly latest: unknown;
    readonly uploads: number;
  }
  const uploads = async (job: string): Promise<number> => {
    const { Uploads } = await s3().client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    return (Uploads ?? []).filter(({ Key }) => Key?.startsWith(`${job}/`)).length;
  };
  const textOf = async (key: string): Promise<string> => {
    const { Body } = await s3().client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return (await Body?.transformToString()) ?? '';
  };
  const RUN = /[\da-f]{8}-[\da-f-]{27}/g;
  const readBucket = async (job: string): Promise<Bucket> => {
    const { Contents } = await s3().client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: `${job}/` }));
    const objects: Record<string, string> = {};
    let latest: Record<string, unknown> = {};
    for (const { Key = '' } of Contents ?? []) {
      const text = await textOf(Key);
      const name = Key.slice(job.length).replaceAll(RUN, 'RUN');
      if (name.endsWith('.manifest.json')) {
        const { file, records, bytes, sha256, changes } = JSON.parse(text) as Record<string, unknown>;
        latest = { file: String(file).replaceAll(RUN, 'RUN'), records, bytes, sha256, changes };
        objects[name] = JSON.stringify(latest);
      } else if (!name.endsWith('state.gz'))
        objects[name] = digestOf(text.replaceAll(`s3-${job}`, 'JOB').replaceAll(`/${job}/`, '/JOB/'));
      else objects[name] = 'there';
    }
    return { objects, latest, uploads: await uploads(job) };
  };
  const digestOf = (text: string): string =>
    createHash('sha256')
      .update(text.replaceAll(RUN, 'RUN').replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"TIME"'))
      .digest('hex');

  it('that nobody disturbs keeps the last version, its manifest and the changes of both runs', () => {
    expect(Object.keys(undisturbed.objects).filter((name) => name.includes('.versions/'))).toHaveLength(2);
    expect(Object.keys(undisturbed.objects).filter((name) => name.includes('.changes/'))).toHaveLength(3);
    expect(undisturbed.uploads).toBe(0);
  });

  it('is ended and done again by the next attempt after the worker was killed', async () => {
    const run = await untilUploading('worker');
    worker.signal('SIGKILL');
    await worker.exited;
    const between = await readBucket('worker');
    expect(between.uploads).toBe(UPLOADS);
    expect(Object.keys(between.objects).filter((name) => name.endsWith('.versions/RUN.jsonl'))).toHaveLength(1);
    relay.release();
    worker = await startWorker();
    expect((await handleOf(run).result()).outcome).toBe('success');
    expect(await readBucket('worker')).toEqual(undisturbed);
  }, 120_000);

  it('is done again after the S3 server was killed', async () => {
    const run = await untilUploading('server');
    await s3().kill();
    relay.release();
    expect((await handleOf(run).result()).outcome).toBe('success');
    expect(await readBucket('server')).toEqual(undisturbed);
  }, 120_000);

  it('ends with a run that is cancelled, which leaves what was published before, and the next run publishes', async () => {
    const run = await untilUploading('cancel');
    await handleOf(run).cancel();
    await until('the upload was ended', async () => (await uploads('cancel')) === 0, 30);
    await handleOf(run)
      .result()
      .catch(() => undefined);
    relay.release();
    const left = await readBucket('cancel');
    expect(Object.keys(left.objects).filter((name) => name.includes('.versions/'))).toHaveLength(2);
    expect(left.latest).toMatchObject({ records: RECORDS, changes: 1 });
    expect((await publish('cancel')).outcome).toBe('success');
    expect(await readBucket('cancel')).toEqual(undisturbed);
  }, 120_000);
});
