/** Several targets of one run: each published in a step of its own, side by side. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, UnavailableError } from '../../src/errors.ts';
import { runProgress } from '../../src/temporal/control-run.ts';
import { fakeRunSteps } from '../support/fake-run-steps.ts';
import { keepHistory } from '../support/keep-history.ts';
import { describeWithTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, type WorkflowBench } from '../support/workflow-bench.ts';

describeWithTemporal('runs with targets that receive changes', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  const counts = { inserted: 4, updated: 3, unchanged: 3, withdrawn: 2, restored: 0, rejected: 0 };
  const applied = (...publications: string[]) => ({
    applyChanges: () =>
      Promise.resolve({
        targets: Object.fromEntries(publications.map((target) => [target, counts])),
        publications,
      }),
  });
  const forbidden = () => Promise.reject(new ConfigError('E_TARGET_FORBIDDEN', 'Permission denied.'));

  it('goes on with one while another is away, and publishes into both', async () => {
    let attempts = 0;
    const steps = fakeRunSteps({
      ...applied('rdm:a', 'index:b'),
      publishTarget: ({ target }) => {
        attempts += 1;
        return target === 'rdm:a' && attempts < 4
          ? Promise.reject(new UnavailableError('E_TARGET_UNAVAILABLE', 'away', { retryAfter: 10 }))
          : Promise.resolve({ counts: counts });
      },
    });
    const { queue } = await bench.work(steps);
    const { handle, runId, workflowId } = await bench.start(queue);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(new Set(steps.inputs('publishTarget').map(({ target }) => target))).toEqual(new Set(['rdm:a', 'index:b']));
    const progress = await runProgress(bench.client, { workflowId, runId });
    expect(progress.tasks[0]).toMatchObject({ published: true });
    expect(progress.tasks[0]?.failures).toBeUndefined();
    await keepHistory('published-targets', handle);
  });

  it('ends what one refused as partial, and names it', async () => {
    const steps = fakeRunSteps({
      ...applied('rdm:a', 'index:b'),
      publishTarget: ({ target }) => (target === 'rdm:a' ? forbidden() : Promise.resolve({ counts: counts })),
    });
    const { queue } = await bench.work(steps);
    const { handle, runId, workflowId } = await bench.start(queue);
    await handle.result();
    expect(steps.inputs('finishRun')).toMatchObject([{ outcome: 'ended' }]);
    const { tasks } = await runProgress(bench.client, { workflowId, runId });
    expect(tasks[0]?.failures).toMatchObject({ 'rdm:a': { code: 'E_TARGET_FORBIDDEN' } });
    await keepHistory('one-target-refused', handle);
  });

  it('has failed where none got through', async () => {
    const { queue } = await bench.work(fakeRunSteps({ ...applied('rdm:a'), publishTarget: forbidden }));
    const { handle } = await bench.start(queue);
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('FAILED');
  });
});
