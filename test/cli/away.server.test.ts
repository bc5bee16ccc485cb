/** Starts that Temporal missed while it was down: those within the catch-up window are made up for, and no others. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServers, startTemporal, type OwnTemporal } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';
import type { CliWorker } from './start-cli-worker.ts';

const PATIENCE = { timeout: 60_000, interval: 250 };
/** The shortest that Temporal takes. */
const WINDOW_SECONDS = 10;
const EVERY_SECONDS = 2;

describeWithServers('a schedule after something was away', () => {
  let server: OwnTemporal;
  let bench: CliBench;
  let worker: CliWorker;
  let id: string;
  beforeAll(async () => {
    server = await startTemporal();
    bench = await openCliBench(server);
    bench.lines('{"id": "a"}\n');
    id = bench.job('away');
    bench.write(id, {
      schedule: { type: 'interval', seconds: EVERY_SECONDS, catchup_window_seconds: WINDOW_SECONDS },
    });
  });
  afterAll(async () => {
    await bench.close();
    await server.remove();
  });

  const info = async () => (await bench.schedule(id)).description.info;
  const secondsSince = (time: Date | undefined): number => (Date.now() - (time?.getTime() ?? Date.now())) / 1000;
  const ended = async () => (await bench.runs(id)).filter(({ outcome }) => outcome !== null);

  it('the worker, for longer than the window: the start is not missed, its run waits for a worker', async () => {
    await bench.cli(['apply']);
    const first = async () => (await info()).recentActions[0];
    await expect.poll(first, PATIENCE).toBeDefined();
    const waiting = await first();
    await expect.poll(() => secondsSince(waiting?.scheduledAt), PATIENCE).toBeGreaterThan(WINDOW_SECONDS + 2);
    const { numActionsMissedCatchupWindow, numActionsSkippedOverlap, runningActions } = await info();
    expect(numActionsMissedCatchupWindow).toBe(0);
    // The later ones were skipped because the first one is still running.
    expect(numActionsSkippedOverlap).toBeGreaterThan(2);
    expect(runningActions).toHaveLength(1);
    expect(await bench.runs(id)).toEqual([]);

    worker = await bench.worker();
    await expect.poll(async () => (await ended()).length, PATIENCE).toBeGreaterThan(0);
    const report = await bench.show((await ended()).at(-1)?.run ?? '');
    expect(report).toMatchObject({ outcome: 'success', trigger: 'schedule' });
    expect(report.workflow_id).toBe(waiting?.action.workflow.workflowId);
  });

  it('Temporal, for longer than the window: what is older than the window is left out and counted', async () => {
    const missedBefore = (await info()).numActionsMissedCatchupWindow;
    await server.kill();
    const killedAt = new Date();
    await expect.poll(() => secondsSince(killedAt), PATIENCE).toBeGreaterThan(WINDOW_SECONDS + 4 * EVERY_SECONDS);
    await server.start();
    const missed = async (): Promise<number> =>
      (await info().catch(() => undefined))?.numActionsMissedCatchupWindow ?? 0;
    await expect.poll(missed, PATIENCE).toBeGreaterThan(missedBefore);
    // Starts after the return run on the same worker.
    const late = async () =>
      (await bench.runs(id)).filter(
        ({ started_at, outcome }) => Date.parse(started_at) > killedAt.getTime() && outcome !== null,
      );
    await expect.poll(async () => (await late()).length, PATIENCE).toBeGreaterThan(0);
    expect((await late()).every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    await bench.cli(['schedule', id, 'pause']);
    expect(await worker.stop()).toBe(0);
  });
});
