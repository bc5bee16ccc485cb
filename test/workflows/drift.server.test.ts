/** Runs that verify, repair and adopt: which steps they take, and what the details of a run show. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runProgress } from '../../src/temporal/control-run.ts';
import { fakeRunSteps, PLAN, readyRun, type FakeRunSteps } from '../support/fake-run-steps.ts';
import { keepHistory } from '../support/keep-history.ts';
import { describeWithTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, type WorkflowBench } from '../support/workflow-bench.ts';

describeWithTemporal('runs that compare targets', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  const target = 'rdm:a';
  const drift = { compared: 12, missing: 2, changed: 1, foreign: 3 };
  const planned = {
    ...PLAN,
    targets: { [target]: { ...PLAN.targets['postgres:affiliations'], inserted: 2 } },
  } as typeof PLAN;
  const steps = (): FakeRunSteps =>
    fakeRunSteps({
      resolveRun: ({ run }) =>
        Promise.resolve(readyRun(run, { tasks: [{ name: 'main', chain: 'a → b', targets: [target] }] })),
      verifyTarget: () => Promise.resolve({ drift }),
      compareTargets: () => Promise.resolve(planned),
      applyChanges: () => Promise.resolve({ targets: planned.targets, publications: [target] }),
      publishTarget: () =>
        Promise.resolve({ counts: planned.targets[target] ?? PLAN.targets['postgres:affiliations'] }) as never,
    });
  const namesOf = ({ calls }: FakeRunSteps): string[] =>
    calls.map(({ step }) => step).filter((step) => step !== 'notify');

  it('verify: nothing but the comparison', async () => {
    const fake = steps();
    const { queue } = await bench.work(fake);
    const { handle, runId, workflowId } = await bench.start(queue, { mode: 'verify' });
    await handle.result();
    expect(namesOf(fake)).toEqual(['resolveRun', 'verifyTarget', 'finishRun']);
    const progress = await runProgress(bench.client, { workflowId, runId });
    expect(progress.tasks[0]?.drift).toEqual({ [target]: drift });
    await keepHistory('verified', handle);
  });

  it('resync: the comparison, a plan and its publication', async () => {
    const fake = steps();
    const { queue } = await bench.work(fake);
    const { handle } = await bench.start(queue, { mode: 'resync' });
    await handle.result();
    expect(namesOf(fake)).toEqual([
      ...['resolveRun', 'verifyTarget', 'compareTargets', 'applyChanges', 'publishTarget', 'finishRun'],
    ]);
    await keepHistory('resynced', handle);
  });

  it('adopt: a run that compares the target after it staged the source', async () => {
    const fake = steps();
    const { queue } = await bench.work(fake);
    const { handle } = await bench.start(queue, { mode: 'adopt' });
    await handle.result();
    expect(namesOf(fake)).toEqual([
      ...['resolveRun', 'fetchSource', 'stagePartition', 'verifyTarget', 'compareTargets', 'applyChanges'],
      ...['publishTarget', 'finishRun'],
    ]);
    await keepHistory('adopted', handle);
  });
});
