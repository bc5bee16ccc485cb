/** `verify`, `resync`, `adopt` and `drift` on real servers, with workers that are killed in the middle. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunReport, RunRequest } from '../../src/records/run.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import { linesJob } from '../support/engine.ts';
import { startSearchServer, type SearchServer } from '../support/search-server.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

const RECORDS = 1500;
const HEARTBEAT_SECONDS = 3;

describeWithServers('the commands around drift', () => {
  let bench: CliBench;
  let target: SearchServer;
  let job: string;
  let jobs = 0;
  let workers: WorkerProcess[];

  beforeAll(async () => {
    bench = await openCliBench();
    workers = [];
    await work();
  });
  afterAll(async () => {
    for (const worker of workers) worker.signal('SIGKILL');
    await bench.close();
  });
  beforeEach(async () => {
    target = await startSearchServer();
    jobs += 1;
    job = bench.job(`drift-${String(jobs)}`);
    const lines = Array.from(
      { length: RECORDS },
      (_, i) => `${JSON.stringify({ id: idOf(i), name: `Name ${String(i)}` })}\n`,
    );
    const path = join(bench.cwd, `${job}.jsonl`);
    writeFileSync(path, lines.join(''));
    const writers = [{ type: 'opensearch', args: { url: target.url, index: 'affiliations' } }];
    writeFileSync(
      join(bench.cwd, 'jobs', `${job}.json`),
      JSON.stringify(linesJob(path, { id: job, queue: bench.queue, writers })),
    );
    return async () => {
      await target.close();
      rmSync(path);
    };
  });

  const idOf = (i: number): string => `r${String(i).padStart(5, '0')}`;
  const work = async (): Promise<void> => {
    const { address: temporalAddress, namespace } = await testTemporal();
    const servers = { databaseUrl: bench.databaseUrl, temporalAddress, namespace, queue: bench.queue, home: bench.cwd };
    workers.push(await startWorkerProcess(servers));
  };
  const killWorker = async (): Promise<void> => {
    const worker = workers.pop();
    worker?.signal('SIGKILL');
    await worker?.exited;
  };
  const json = async (...words: string[]): Promise<{ code: number; report: RunReport }> => {
    const { code, stdout, stderr } = await bench.cli([...words, '--json']);
    if (stdout === '') throw new Error(stderr);
    return { code, report: JSON.parse(stdout) as RunReport };
  };
  const found = ({ report }: { report: RunReport }) => report.tasks[0]?.drift?.[0];
  /** A stored job that is started with a short heartbeat, so that a killed worker is noticed soon. */
  const start = async (request: Partial<RunRequest>): Promise<RunReport> => {
    const applied = await bench.cli(['apply', join('jobs', `${job}.json`)]);
    expect(applied.code, applied.stderr).toBe(0);
    const { client } = bench.temporal;
    const started = await startRun(client, {
      request: { job, trigger: 'manual', heartbeatSeconds: HEARTBEAT_SECONDS, ...request },
      queue: bench.queue,
    });
    return (await client.workflow.getHandle(started.workflowId).result()) as RunReport;
  };
  /** The worker is killed at the nth such request, and another one takes over. */
  const killAt = (path: string, nth: number): (() => Promise<void>) => {
    let count = 0;
    let killed: Promise<void> | undefined;
    target.before = (asked, _body, response) => {
      if (!asked.endsWith(path) || killed !== undefined) return false;
      count += 1;
      if (count < nth) return false;
      killed = killWorker().then(work);
      response.destroy();
      return true;
    };
    return async () => {
      expect(killed, 'the worker was killed').toBeDefined();
      await killed;
    };
  };

  it('find, list and repair what differs, with exit codes that scripts can read', async () => {
    expect((await json('run', job)).code).toBe(0);
    const clean = await json('verify', job);
    expect(clean.code).toBe(0);
    expect(found(clean)).toMatchObject({ compared: RECORDS, missing: 0, changed: 0, foreign: 0 });
    target.documents.delete(idOf(7));
    target.edit(idOf(8), { id: idOf(8), name: 'Edited' });
    target.edit('x', { id: 'x', name: 'Foreign' });
    const writesBefore = bulks();
    const drifted = await json('verify', job);
    expect(drifted.code).toBe(3);
    expect(found(drifted)).toMatchObject({ missing: 1, changed: 1, foreign: 1 });
    expect(bulks()).toBe(writesBefore);
    const text = (await bench.cli(['drift', `${job}@latest`, '--kind', 'changed'])).stdout;
    expect(text).toContain(idOf(8));
    expect(text).toMatch(/\/name .*Name 8.*Edited/);
    expect((await bench.cli(['show', drifted.report.run])).stdout).toContain(idOf(7));
    const plan = await json('resync', job, '--plan');
    expect(plan.code).toBe(4);
    expect(bulks()).toBe(writesBefore);
    const changes = (await bench.cli(['changes', plan.report.run])).stdout;
    expect(changes).toMatch(/overwrite.*\n.*"Edited" → "Name 8"/);
    expect((await bench.cli(['approve', plan.report.run])).code).toBe(0);
    expect(bulks()).toBe(writesBefore + 1);
    expect(target.documents.get(idOf(8))?.source).toMatchObject({ name: 'Name 8' });
    expect(found(await json('verify', job))).toMatchObject({ missing: 0, changed: 0, foreign: 1 });
  });

  const bulks = (): number => target.requests.filter((request) => request.endsWith('/_bulk')).length;

  /** Each write raises the version of a document. */
  const versionsOf = (): unknown => [...target.documents].map(([id, { version }]) => [id, version]);

  it('adopt what an index holds after a worker was killed, and the next run sends true differences', async () => {
    target.exists = true;
    for (let i = 0; i < RECORDS; i += 1) target.edit(idOf(i), { id: idOf(i), name: `Name ${String(i)}` });
    target.edit(idOf(3), { id: idOf(3), name: 'Edited' });
    const versions = versionsOf();
    const settled = killAt('/_search', 5);
    const report = await start({ mode: 'adopt', onChanged: 'keep' });
    await settled();
    expect(report.tasks[0]?.targets[0]).toMatchObject({ adopted: RECORDS - 1, kept: 1, inserted: 0, updated: 0 });
    expect(versionsOf()).toEqual(versions);
    expect((await json('run', job)).report.tasks[0]?.targets[0]).toMatchObject({ unchanged: RECORDS });
    expect(versionsOf()).toEqual(versions);
  });

  it('verify and repair to the end when a worker is killed in the middle', async () => {
    expect((await json('run', job)).code).toBe(0);
    for (let i = 0; i < 300; i += 1) target.documents.delete(idOf(i));
    const verified = killAt('/_search', 4);
    const report = await start({ mode: 'verify' });
    await verified();
    expect(report.outcome).toBe('partial');
    expect(report.tasks[0]?.drift).toMatchObject([{ compared: RECORDS, missing: 300, changed: 0, foreign: 0 }]);
    const repaired = killAt('/_bulk', 1);
    expect(await start({ mode: 'resync' })).toMatchObject({ outcome: 'success' });
    await repaired();
    expect(target.documents.size).toBe(RECORDS);
    expect((await json('verify', job)).code).toBe(0);
  });
});
