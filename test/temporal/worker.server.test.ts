import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UnavailableError } from '../../src/errors.ts';
import { isPolled, pendingSteps } from '../../src/temporal/run-status.ts';
import { endlessStep, fakeRunSteps, openGate } from '../support/fake-run-steps.ts';
import { describeWithTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, until, type WorkflowBench } from '../support/workflow-bench.ts';

const COUNTS = { read: 5, filtered: 0, duplicates: 0, rejected: 0, staged: 5 };

describeWithTemporal('a worker', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  it('hands over what is under way when it drains, and another one goes on at once', async () => {
    const endless = endlessStep();
    const first = await bench.work(fakeRunSteps({ stagePartition: endless.step }));
    const { handle } = await bench.start(first.queue);
    await endless.entered;
    const steps = fakeRunSteps();
    await bench.work(steps, { queue: first.queue });
    const drained = Date.now();
    await first.drain();
    await handle.result();
    // Well below the heartbeat timeout of 60 seconds: nothing waited for it, nor for the delay between attempts.
    expect(Date.now() - drained).toBeLessThan(20_000);
    expect(first.state()).toBe('STOPPED');
    expect(steps.inputs('stagePartition')).toHaveLength(1);
  });

  it('an attempt that went silent is given up, and what it does later counts for nothing', async () => {
    const zombie = openGate();
    let attempts = 0;
    const steps = fakeRunSteps({
      stagePartition: async () => {
        attempts += 1;
        if (attempts > 1) return { counts: COUNTS };
        // Ignores its signal, as code does that is stuck in a system call.
        await zombie.promise;
        return { counts: { ...COUNTS, read: 999 } };
      },
    });
    const { queue } = await bench.work(steps, { stallMilliseconds: 300 });
    const { handle } = await bench.start(queue, { heartbeatSeconds: 2 });
    await handle.result();
    zombie.resolve();
    expect(attempts).toBe(2);
  });

  it('ends a paused attempt at once and begins the next one when it is resumed', async () => {
    const endless = endlessStep();
    let attempts = 0;
    const steps = fakeRunSteps({
      stagePartition: (input, context) => {
        attempts += 1;
        return attempts === 1 ? endless.step(input, context) : Promise.resolve({ counts: COUNTS });
      },
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    await endless.entered;
    const activity = {
      namespace: bench.namespace,
      execution: { workflowId: run.workflowId, runId: run.runId },
      id: 'stage:main:0',
    };
    await bench.client.workflowService.pauseActivity({ ...activity, identity: 'test' });
    const paused = await until('the attempt has ended as paused', async () =>
      (await pendingSteps(bench.client, run)).find((step) => step.lastFailure === 'Activity paused'),
    );
    expect(paused).toMatchObject({ id: 'stage:main:0', activity: 'stagePartition', paused: true });
    await bench.client.workflowService.unpauseActivity({ ...activity, identity: 'test' });
    await run.handle.result();
    expect(attempts).toBe(2);
  });

  it('waits as long as the source asked before it tries again', async () => {
    let attempts = 0;
    const tried: number[] = [];
    const steps = fakeRunSteps({
      stagePartition: () => {
        attempts += 1;
        tried.push(Date.now());
        if (attempts > 1) return Promise.resolve({ counts: COUNTS });
        return Promise.reject(
          new UnavailableError('E_SOURCE_RATE_LIMITED', 'Too many requests.', { retryAfter: 2500 }),
        );
      },
    });
    const { queue } = await bench.work(steps);
    const { handle } = await bench.start(queue);
    await handle.result();
    expect((tried[1] ?? 0) - (tried[0] ?? 0)).toBeGreaterThanOrEqual(2400);
  });

  it('shows position and counts of a step under way', async () => {
    const endless = endlessStep();
    const { queue } = await bench.work(fakeRunSteps({ stagePartition: endless.step }));
    const run = await bench.start(queue);
    const [step] = await until('a heartbeat with a position', async () => {
      const steps = await pendingSteps(bench.client, run);
      return steps[0]?.progress?.position === undefined ? undefined : steps;
    });
    expect(step).toMatchObject({
      id: 'stage:main:0',
      attempt: 1,
      progress: { step: 'stage', position: 'json:48211', counts: { read: 12 }, attempt: 1 },
    });
    await run.handle.cancel();
    await expect(run.handle.result()).rejects.toThrow();
  });

  it('polls for both halves of a run, or for the one that its role says', async () => {
    const alone = await bench.work(fakeRunSteps(), { role: 'workflow' });
    await until('the workflow half is polled', async () => {
      const { pollers } = await bench.client.workflowService.describeTaskQueue({
        namespace: bench.namespace,
        taskQueue: { name: alone.queue },
        taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
      });
      return pollers.length > 0;
    });
    expect(await isPolled(bench.client, alone.queue)).toBe(false);
    await bench.work(fakeRunSteps(), { queue: alone.queue, role: 'io' });
    await until('both halves are polled', () => isPolled(bench.client, alone.queue));
    const { handle } = await bench.start(alone.queue);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(await isPolled(bench.client, 'a-queue-of-nobody')).toBe(false);
  });
});
