/** When a run has somebody told, and that it neither waits for them nor fails with them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UnavailableError } from '../../src/errors.ts';
import type { NoticeEvent } from '../../src/records/outcome.ts';
import { approveRun, cancelRun, runProgress } from '../../src/temporal/control-run.ts';
import { endlessStep, fakeRunSteps, readyRun, reportOf } from '../support/fake-run-steps.ts';
import { keepHistory } from '../support/keep-history.ts';
import { describeWithTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, until, type WorkflowBench } from '../support/workflow-bench.ts';

describeWithTemporal('notices of runJob', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  const telling = (notify: readonly NoticeEvent[], changes: Parameters<typeof fakeRunSteps>[0] = {}) =>
    fakeRunSteps({ resolveRun: ({ run }) => Promise.resolve(readyRun(run, { notify })), ...changes });

  it('tell of the wait with its plan, and of the end', async () => {
    const steps = telling(['waiting', 'success']);
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await until('the run waits', async () => (await runProgress(bench.client, run)).waiting ?? undefined);
    await until('it was told', () => Promise.resolve(steps.inputs('notify').length === 1));
    expect(steps.inputs('notify')).toEqual([{ run: run.runId, event: 'waiting', about: 'plan-1' }]);
    await approveRun(bench.client, run, { by: 'Ada' });
    await run.handle.result();
    await until('it was told', () => Promise.resolve(steps.inputs('notify').length === 2));
    expect(steps.inputs('notify')[1]).toEqual({ run: run.runId, event: 'success', about: '' });
    await keepHistory('notified-in-run', run.handle);
    expect(JSON.stringify((await run.handle.fetchHistory()).events)).not.toContain('startChildWorkflowExecution');
  });

  it('are left out where nobody asked for the event', async () => {
    const steps = telling(['failed']);
    const { queue } = await bench.work(steps);
    const { handle } = await bench.start(queue);
    await handle.result();
    const { events = [] } = await handle.fetchHistory();
    expect(JSON.stringify(events)).not.toContain('startChildWorkflowExecutionInitiated');
    expect(steps.inputs('notify')).toEqual([]);
  });

  it('tell of a run that is cancelled, and of a schedule that the failure paused', async () => {
    const endless = endlessStep();
    const cancelled = telling(['cancelled'], { stagePartition: endless.step });
    const first = await bench.work(cancelled);
    const run = await bench.start(first.queue);
    await endless.entered;
    await cancelRun(bench.client, run, 'Ada');
    await expect(run.handle.result()).rejects.toThrow();
    await until('it was told', () => Promise.resolve(cancelled.inputs('notify').length === 1));
    expect(cancelled.inputs('notify')).toMatchObject([{ event: 'cancelled' }]);

    const paused = telling(['failed', 'schedule_paused'], {
      finishRun: (input) => Promise.resolve({ ...reportOf(input, 'failed'), schedule_paused: 'after 3 failures' }),
    });
    const second = await bench.work(paused);
    await (await bench.start(second.queue)).handle.result().catch(() => undefined);
    await until('it was told', () => Promise.resolve(paused.inputs('notify').length === 2));
    expect(new Set(paused.inputs('notify').map(({ event }) => event))).toEqual(new Set(['failed', 'schedule_paused']));
  });

  it('remind of a plan that waits, again and again until its deadline', async () => {
    const days = 1 / 86_400;
    const steps = fakeRunSteps({
      resolveRun: ({ run }) =>
        Promise.resolve(readyRun(run, { notify: ['waiting_reminder'], reminderDays: days, approvalDays: 3.5 * days })),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'discarded' });
    const abouts = steps.inputs('notify').map(({ event, about }) => `${event} ${about}`);
    // On a busy machine the third is not sent before the deadline.
    expect(abouts.length).toBeGreaterThanOrEqual(2);
    expect(abouts).toEqual(
      [1, 2, 3].slice(0, abouts.length).map((count) => `waiting_reminder plan-1 ${String(count)}`),
    );
    await keepHistory('reminded', run.handle);
  });

  it('are sent for a start that was skipped', async () => {
    const holder = { run: 'run-1', workflowId: 'vocab-sync/ror-affiliations/x', phase: 'waiting' } as const;
    const steps = fakeRunSteps({
      resolveRun: () =>
        Promise.resolve({ kind: 'skipped', job: 'ror', title: 'Load', holder, notify: ['skipped'] as const }),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'skipped' });
    expect(steps.inputs('notify')).toEqual([{ run: run.runId, event: 'skipped', about: '' }]);
    await keepHistory('skipped', run.handle);
  });

  it('never fail the run', async () => {
    const steps = telling(['success'], { notify: () => Promise.reject(new Error('a bug in the notice')) });
    const { queue } = await bench.work(steps);
    await expect((await bench.start(queue)).handle.result()).resolves.toMatchObject({ outcome: 'success' });
  });

  it('that cannot be delivered at once are left to a workflow of their own', async () => {
    let attempts = 0;
    const steps = telling(['success'], {
      notify: () => {
        attempts += 1;
        return attempts < 3
          ? Promise.reject(new UnavailableError('E_NOTICE_UNAVAILABLE', 'The chat is away.', { retryAfter: 7000 }))
          : Promise.resolve();
      },
    });
    const { queue } = await bench.work(steps);
    const { handle, workflowId } = await bench.start(queue);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'success' });
    // The run did not wait for the delivery.
    expect(attempts).toBeLessThan(3);
    await bench.client.workflow.getHandle(`${workflowId}/notice:success`).result();
    expect(attempts).toBe(3);
    await keepHistory('notice-left-behind', handle);
  });
});
