/**
 * The watermark of a job after its runs were killed: each run freezes its since once, and moves the watermark to its
 * own start.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { reportWatermark } from '../../src/cli/commands/watermark/watermark-report.ts';
import type { RunReport } from '../../src/records/run.ts';
import { openKillBench, type KillBench, type KillRun } from '../support/kill-bench.ts';
import { untilStaging } from '../support/kill-ledger.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';

const JOB = 'kill-watermark';

describeWithServers('the watermark of a job whose run', () => {
  let database: TestDatabase;
  let bench: KillBench;
  let first: RunReport;
  beforeAll(async () => {
    database = await testDatabase();
    bench = await openKillBench(database.url, await testTemporal());
    await bench.workers(2);
    first = await (await start()).report();
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(async () => {
    await bench.workers(2);
  });

  /** Reads the dump in any case: one that finds nothing new could not be struck. */
  const start = (): Promise<KillRun> =>
    bench.start(JOB, { source: { type: 'file', args: { path: bench.dump.path } }, request: { force: true } });
  const watermark = () => reportWatermark(bench.pool, { id: JOB, accept_partial: false });
  const reset = async (run: KillRun): Promise<void> => {
    const { client, namespace } = bench.temporal;
    const { runId } = await run.handle.describe();
    const { events } = await run.handle.fetchHistory();
    const task = (events ?? []).find(
      ({ workflowTaskCompletedEventAttributes: done }) => done !== null && done !== undefined,
    );
    await client.workflowService.resetWorkflowExecution({
      namespace,
      workflowExecution: { workflowId: run.workflowId, runId },
      workflowTaskFinishEventId: task?.eventId ?? null,
      reason: 'a test',
      requestId: `${run.id}-${String(Date.now())}`,
    });
  };
  /** The run began at the watermark, and the watermark is now at its start. */
  const expectMoved = async (report: RunReport, before: string): Promise<void> => {
    expect(report).toMatchObject({ outcome: 'success', since: before });
    expect(await watermark()).toMatchObject({
      watermark: report.started_at,
      next_since: report.started_at,
      run: report.run,
      reason: `start of the last successful run ${report.run}`,
    });
  };

  it('nobody disturbed stands at its start', async () => {
    expect(first).toMatchObject({ outcome: 'success', since: null });
    expect(await watermark()).toMatchObject({ watermark: first.started_at, run: first.run });
  });

  it('lost its worker in the middle: the since of the beginning, the start of the first attempt', async () => {
    const run = await start();
    await untilStaging(bench.pool, run);
    expect(await watermark()).toMatchObject({
      watermark: first.started_at,
      idle_runs: [{ run: run.id, outcome: null, why: 'it is under way' }],
    });
    const worker = await bench.workerOf(run, 'stagePartition');
    worker.signal('SIGKILL');
    await worker.exited;
    await expectMoved(await run.report(), first.started_at);
  });

  it('was reset in the middle, and was reset when a later run had moved it: never back', async () => {
    const before = (await watermark()).watermark ?? '';
    const run = await start();
    await untilStaging(bench.pool, run);
    await reset(run);
    const report = await run.report();
    await expectMoved(report, before);

    const later = await (await start()).report();
    await expectMoved(later, report.started_at);
    await reset(run);
    const again = await run.report();
    expect(again).toMatchObject({ run: run.id, outcome: 'success', since: before, started_at: report.started_at });
    expect(await watermark()).toMatchObject({ watermark: later.started_at, run: later.run });
    expect((await (await start()).report()).since).toBe(later.started_at);
  });

  it('was terminated in the middle: it stays, and the next run takes over from there', async () => {
    const before = (await watermark()).watermark ?? '';
    const run = await start();
    await untilStaging(bench.pool, run);
    await run.handle.terminate('a test');
    const next = await (await start()).report();
    await expectMoved(next, before);
    expect((await watermark()).idle_runs).toEqual([]);
  });
});
