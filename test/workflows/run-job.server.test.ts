import type { WorkflowExecutionDescription } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError, InternalError, UnavailableError } from '../../src/errors.ts';
import { approveRun, cancelRun, discardRun, runProgress } from '../../src/temporal/control-run.ts';
import { measureImpact } from '../../src/temporal/measure-impact.ts';
import { workflowStatus } from '../../src/temporal/run-status.ts';
import { PLAN, endlessStep, fakeRunSteps, openGate, readyRun, reportOf } from '../support/fake-run-steps.ts';
import { keepHistory } from '../support/keep-history.ts';
import { describeWithTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, until, type WorkflowBench } from '../support/workflow-bench.ts';

/** The failure that a run ended with, as a client sees it. */
async function failureOf(result: Promise<unknown>): Promise<{ type?: string; message: string }> {
  const thrown: unknown = await result.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Error) || !(thrown.cause instanceof Error)) throw new Error('the run did not fail');
  return thrown.cause;
}

/** Ours, by name. */
function attributesOf(description: WorkflowExecutionDescription): Record<string, unknown> {
  const pairs = description.typedSearchAttributes
    .getAll()
    .map(({ key, value }): [string, unknown] => [key.name, value]);
  return Object.fromEntries(pairs.filter(([name]) => name.startsWith('Vocab')));
}

describeWithTemporal('runJob', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  const waiting = (run: { workflowId: string; runId: string }) =>
    until('the run waits for approval', async () => (await runProgress(bench.client, run)).waiting ?? undefined);

  it('measures the impact where the job asks for it, waits where its guard says so, and shows what is measured meanwhile', async () => {
    const summary = { target: 'rdm:a', text: '300 records refer to 5.', lines: ['A (a): 60 records; withdrawn'] };
    const steps = fakeRunSteps({
      resolveRun: ({ run }) =>
        Promise.resolve(readyRun(run, { tasks: [{ name: 'main', chain: 'file → rdm:a', impact: true }] })),
      measureImpact: ({ target }) =>
        Promise.resolve({
          impacts: [target === undefined ? summary : { ...summary, text: 'Measured again.' }],
          trips: [{ guard: 'max_impact', message: 'Expected at most 10, found 300.' }],
        }),
    });
    const { queue } = await bench.work(steps);
    const { handle, runId, workflowId } = await bench.start(queue);
    const plan = await waiting({ workflowId, runId });
    const [asked] = await until('the ledger has the outcome', () =>
      Promise.resolve(steps.inputs('awaitApproval').slice(0, 1)).then((calls) => calls.length > 0 && calls),
    );
    expect(asked).toMatchObject({ trips: [{ guard: 'max_impact' }] });
    const request = { input: { run: runId, task: 'main', target: 'rdm:a' }, waiting: { workflowId, runId } };
    const measured = await measureImpact(bench.client, queue, request);
    expect(measured).toMatchObject({ kind: 'measured' });
    await until('the run shows it', async () =>
      (await runProgress(bench.client, { workflowId, runId })).tasks[0]?.impacts?.[0]?.text === 'Measured again.'
        ? true
        : undefined,
    );
    await approveRun(bench.client, { workflowId, runId }, { by: 'test', plan: plan.planDigest });
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(steps.inputs('measureImpact')).toHaveLength(2);
    await keepHistory('measured-impact', handle);
  });

  it('publishes and ends with the report', async () => {
    const steps = fakeRunSteps({ fetchSource: () => fetched([0, 1, 2, 3, 4, 5]) });
    const { queue } = await bench.work(steps);
    const { handle, runId, workflowId } = await bench.start(queue, { title: 'By hand' });
    await expect(handle.result()).resolves.toMatchObject({ run: runId, outcome: 'success' });
    expect(steps.inputs('resolveRun')).toMatchObject([{ run: runId, workflowId, request: { title: 'By hand' } }]);
    expect(
      steps
        .inputs('stagePartition')
        .map(({ partition }) => partition)
        .sort(),
    ).toEqual([0, 1, 2, 3, 4, 5]);
    expect(steps.inputs('applyChanges')).toEqual([{ run: runId, task: 'main', planDigest: 'plan-1' }]);
    expect(steps.inputs('finishRun')).toEqual([{ run: runId, outcome: 'ended' }]);
    const description = await handle.describe();
    expect(attributesOf(description)).toEqual({
      VocabJob: 'ror-affiliations',
      VocabPhase: 'done',
      VocabOutcome: 'success',
      VocabRecords: 10,
      VocabRejected: 1,
    });
    expect(description.memo).toMatchObject({
      summary: expect.stringContaining('postgres:affiliations +4 ~3 −2') as string,
    });
    await keepHistory('success', handle);
  });

  it('ends without staging when the source has nothing new', async () => {
    const steps = fakeRunSteps({
      fetchSource: () => Promise.resolve({ kind: 'unchanged', reason: 'v2.9 is published already', source: null }),
      finishRun: (input) => Promise.resolve(reportOf(input, 'unchanged')),
    });
    const { queue } = await bench.work(steps);
    const { handle } = await bench.start(queue);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'unchanged' });
    expect(steps.calls.map(({ step }) => step)).toEqual(['resolveRun', 'fetchSource', 'finishRun']);
    await keepHistory('unchanged', handle);
  });

  it('ends as skipped, naming the run that holds the job, and finishes nothing', async () => {
    const holder = { run: 'run-1', workflowId: 'vocab-sync/ror-affiliations/x', phase: 'waiting' } as const;
    const steps = fakeRunSteps({
      resolveRun: () => Promise.resolve({ kind: 'skipped', job: 'ror-affiliations', title: 'Load', holder }),
    });
    const { queue } = await bench.work(steps);
    const { handle } = await bench.start(queue);
    await expect(handle.result()).resolves.toMatchObject({
      outcome: 'skipped',
      held_by: { run: 'run-1', workflow_id: holder.workflowId, phase: 'waiting' },
    });
    expect(steps.inputs('finishRun')).toEqual([]);
  });

  it('runs several tasks one after another', async () => {
    const tasks = ['affiliations', 'funders'].map((name) => ({ name, chain: name }));
    const steps = fakeRunSteps({ resolveRun: ({ run }) => Promise.resolve(readyRun(run, { tasks })) });
    const { queue } = await bench.work(steps);
    const { handle } = await bench.start(queue);
    await handle.result();
    expect(
      steps.calls.flatMap(({ step, input }) =>
        step === 'applyChanges' || step === 'fetchSource' ? [[step, (input as { task: string }).task]] : [],
      ),
    ).toEqual([
      ['fetchSource', 'affiliations'],
      ['applyChanges', 'affiliations'],
      ['fetchSource', 'funders'],
      ['applyChanges', 'funders'],
    ]);
  });

  it('asks about each of several large tasks, in one history', async () => {
    const tasks = ['affiliations', 'funders'].map((name) => ({ name, chain: name }));
    const steps = fakeRunSteps({
      resolveRun: ({ run }) => Promise.resolve(readyRun(run, { tasks })),
      fetchSource: () => fetched([0, 1, 2, 3, 4, 5, 6, 7]),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    for (const { name } of tasks) {
      await until(`${name} waits`, async () => (await runProgress(bench.client, run)).waiting?.task === name);
      await approveRun(bench.client, run, { by: 'Ada' });
    }
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    await keepHistory('two-large-tasks', run.handle);
  });

  it('publishes a plan after its approval, and exactly that plan', async () => {
    const steps = fakeRunSteps();
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    const plan = await waiting(run);
    expect(steps.inputs('applyChanges')).toEqual([]);
    await expect(approveRun(bench.client, run, { by: 'Ada', plan: 'another' })).rejects.toMatchObject({
      code: 'E_RUN_STATE',
      message: expect.stringContaining('another plan is waiting') as string,
    });
    await expect(
      approveRun(bench.client, run, { by: 'Ada', reason: 'looks right', plan: plan.planDigest }),
    ).resolves.toEqual({
      task: 'main',
      plan: 'plan-1',
    });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(steps.inputs('applyChanges')).toEqual([{ run: run.runId, task: 'main', planDigest: 'plan-1' }]);
    expect(steps.inputs('finishRun')).toEqual([
      { run: run.runId, outcome: 'ended', decision: { by: 'Ada', reason: 'looks right' } },
    ]);
    await expect(approveRun(bench.client, run, {})).rejects.toMatchObject({ code: 'E_RUN_STATE' });
    await keepHistory('plan-approved-2', run.handle);
  });

  it('refuses a decision while nothing waits, in a few words', async () => {
    const endless = endlessStep();
    const { queue } = await bench.work(fakeRunSteps({ stagePartition: endless.step }));
    const run = await bench.start(queue);
    await endless.entered;
    await expect(discardRun(bench.client, run, {})).rejects.toMatchObject({
      code: 'E_RUN_STATE',
      message: expect.stringContaining('the run is not waiting for approval') as string,
    });
    await cancelRun(bench.client, run, 'Ada');
    await expect(run.handle.result()).rejects.toThrow();
  });

  it('drops a discarded plan', async () => {
    const steps = fakeRunSteps();
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await discardRun(bench.client, run, { by: 'Ada', reason: 'half of it is missing' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'discarded' });
    expect(steps.inputs('applyChanges')).toEqual([]);
    expect(steps.inputs('finishRun')).toEqual([
      { run: run.runId, outcome: 'discarded', decision: { by: 'Ada', reason: 'half of it is missing' } },
    ]);
    await keepHistory('discarded-2', run.handle);
  });

  it('discards a plan that nobody decided about in time', async () => {
    const steps = fakeRunSteps({
      resolveRun: ({ run }) => Promise.resolve(readyRun(run, { approvalDays: 1 / 86_400 })),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'discarded' });
    expect(steps.inputs('finishRun')[0]?.decision?.reason).toMatch(/nobody decided within/);
    expect(Date.parse(steps.inputs('awaitApproval')[0]?.deadline ?? '')).toBeGreaterThan(0);
  });

  it('waits when a guard trips, and takes an approval that was sent as the Web UI sends it', async () => {
    const trips = [{ guard: 'max_shrink_percent', message: '66 % of the records would go' }];
    const steps = fakeRunSteps({ compareTargets: () => Promise.resolve({ ...PLAN, trips }) });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    await waiting(run);
    expect(attributesOf(await run.handle.describe())).toMatchObject({ VocabPhase: 'waiting' });
    await until('the step was called', () => Promise.resolve(steps.inputs('awaitApproval').length > 0));
    expect(steps.inputs('awaitApproval')).toMatchObject([{ task: 'main', trips }]);
    // The Web UI sends one JSON payload to the workflow id, by the name of the update.
    await bench.client.workflow
      .getHandle(run.workflowId)
      .executeUpdate('approve', { args: [{ reason: 'a known clean-up' }] });
    await run.handle.result();
    expect(steps.inputs('finishRun')[0]).toMatchObject({ decision: { by: 'not named', reason: 'a known clean-up' } });
  });

  it('cancels in the middle of a stage: finishes as cancelled after the step has ended', async () => {
    const endless = endlessStep();
    const steps = fakeRunSteps({ stagePartition: endless.step });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    await endless.entered;
    await cancelRun(bench.client, run, 'Ada');
    await expect(run.handle.result()).rejects.toThrow();
    expect(await workflowStatus(bench.client, run)).toBe('cancelled');
    expect(steps.inputs('finishRun')).toEqual([{ run: run.runId, outcome: 'cancelled', cancelledBy: 'Ada' }]);
    expect(steps.inputs('compareTargets')).toEqual([]);
    await keepHistory('cancelled-2', run.handle);
  });

  it('cancels while it waits for approval', async () => {
    const steps = fakeRunSteps();
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await cancelRun(bench.client, run, 'Ada');
    await expect(run.handle.result()).rejects.toThrow();
    expect(steps.inputs('finishRun')).toEqual([{ run: run.runId, outcome: 'cancelled', cancelledBy: 'Ada' }]);
    await keepHistory('cancelled-while-waiting', run.handle);
  });

  it('refuses a decision about a run that is being cancelled while its end cannot be written', async () => {
    const gate = openGate();
    const steps = fakeRunSteps({ finishRun: (input) => gate.promise.then(() => reportOf(input)) });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await run.handle.cancel();
    await until('the end is being written', () => Promise.resolve(steps.inputs('finishRun').length > 0));
    await expect(approveRun(bench.client, run, { by: 'Ada' })).rejects.toMatchObject({ code: 'E_RUN_STATE' });
    expect(await runProgress(bench.client, run)).toMatchObject({ waiting: null, decision: null });
    gate.resolve();
    await expect(run.handle.result()).rejects.toThrow();
    expect(steps.inputs('finishRun')).toEqual([{ run: run.runId, outcome: 'cancelled', cancelledBy: 'in Temporal' }]);
  });

  it('keeps the deadline that it shows while the database cannot be reached', async () => {
    const steps = fakeRunSteps({
      resolveRun: ({ run }) => Promise.resolve(readyRun(run, { approvalDays: 2 / 86_400 })),
      awaitApproval: () => Promise.reject(new UnavailableError('E_DATABASE_UNAVAILABLE', 'The database is down.')),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'discarded' });
    expect(steps.inputs('finishRun')[0]?.decision?.reason).toMatch(/nobody decided within/);
    expect(steps.inputs('applyChanges')).toEqual([]);
    await keepHistory('deadline-kept', run.handle);
  });

  it('publishes what is approved before the wait could be written down', async () => {
    const steps = fakeRunSteps({
      awaitApproval: () => Promise.reject(new UnavailableError('E_DATABASE_UNAVAILABLE', 'The database is down.')),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await approveRun(bench.client, run, { by: 'Ada' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'success' });
  });

  it('fails when the wait is refused by the ledger', async () => {
    const steps = fakeRunSteps({
      awaitApproval: () => Promise.reject(new ConfigError('E_RUN_NOT_FOUND', 'There is no such run.')),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    expect(await failureOf(run.handle.result())).toMatchObject({ type: 'E_RUN_NOT_FOUND' });
  });

  it('fails with the code of the step, which is not tried again, and the ledger is told', async () => {
    const steps = fakeRunSteps({
      fetchSource: () =>
        Promise.reject(
          new ConfigError('E_ARCHIVE_NO_MATCH', 'No member matches, password hunter2.', { details: { regex: 'x' } }),
        ),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    expect(await failureOf(run.handle.result())).toMatchObject({
      type: 'E_ARCHIVE_NO_MATCH',
      message: 'No member matches, password ***.',
    });
    expect(await workflowStatus(bench.client, run)).toBe('failed');
    expect(steps.inputs('fetchSource')).toHaveLength(1);
    expect(steps.inputs('finishRun')).toMatchObject([
      { outcome: 'failed', error: { code: 'E_ARCHIVE_NO_MATCH', details: { kind: 'config', regex: 'x' } } },
    ]);
    expect(attributesOf(await run.handle.describe())).toMatchObject({ VocabOutcome: 'failed' });
    await keepHistory('failed', run.handle);
  });

  it('one partition that fails stops the others before the run is finished', async () => {
    const endless = endlessStep();
    const steps = fakeRunSteps({
      fetchSource: () => fetched([0, 1]),
      stagePartition: async (input, context) => {
        if (input.partition === 0) return endless.step(input, context);
        await endless.entered;
        throw new InternalError('E_INTERNAL', 'partition 1 is impossible');
      },
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    expect(await failureOf(run.handle.result())).toMatchObject({ type: 'E_INTERNAL' });
    expect(steps.inputs('finishRun')).toMatchObject([
      { outcome: 'failed', error: { message: 'partition 1 is impossible' } },
    ]);
  });

  it('fails when the ledger refuses the end, for example because the counts do not add up', async () => {
    const steps = fakeRunSteps({
      finishRun: (input) =>
        input.outcome === 'ended'
          ? Promise.reject(new InternalError('E_CONSERVATION', 'read 12 but 11 accounted for'))
          : Promise.resolve(reportOf(input)),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    expect(await failureOf(run.handle.result())).toMatchObject({ type: 'E_CONSERVATION' });
    expect(steps.inputs('finishRun').map(({ outcome }) => outcome)).toEqual(['ended', 'failed']);
  });

  it('fails with the first error when a run that never got a row cannot be finished', async () => {
    const steps = fakeRunSteps({
      resolveRun: () => Promise.reject(new ConfigError('E_JOB_NOT_FOUND', 'There is no job "x".')),
      finishRun: () => Promise.reject(new ConfigError('E_RUN_NOT_FOUND', 'There is no such run.')),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    expect(await failureOf(run.handle.result())).toMatchObject({ type: 'E_JOB_NOT_FOUND' });
  });

  it('stages again when the database has lost the stage, and does not ask again about the same plan', async () => {
    let crashes = 2;
    const steps = fakeRunSteps({
      applyChanges: () => {
        crashes -= 1;
        if (crashes >= 0) return Promise.reject(new UnavailableError('E_STAGE_LOST', 'The stage is gone.'));
        return Promise.resolve({ targets: PLAN.targets });
      },
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await approveRun(bench.client, run, { by: 'Ada' });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(steps.inputs('stagePartition')).toHaveLength(3);
    expect(steps.inputs('awaitApproval')).toHaveLength(1);
    await keepHistory('stage-lost-2', run.handle);
  });

  it('asks again when the plan came out differently after the stage was lost', async () => {
    const plans = ['plan-1', 'plan-2', 'plan-2'];
    let crashed = false;
    const steps = fakeRunSteps({
      compareTargets: () => Promise.resolve({ ...PLAN, planDigest: plans.shift() ?? 'none' }),
      applyChanges: () => {
        if (crashed) return Promise.resolve({ targets: PLAN.targets });
        crashed = true;
        return Promise.reject(new UnavailableError('E_STAGE_LOST', 'The stage is gone.'));
      },
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue, { mode: 'plan' });
    await waiting(run);
    await approveRun(bench.client, run, { plan: 'plan-1' });
    await until(
      'the second plan waits',
      async () => (await runProgress(bench.client, run)).waiting?.planDigest === 'plan-2',
    );
    await approveRun(bench.client, run, { plan: 'plan-2' });
    await run.handle.result();
    expect(steps.inputs('applyChanges').map(({ planDigest }) => planDigest)).toEqual(['plan-1', 'plan-2']);
  });

  it('gives up when the database loses the stage again and again', async () => {
    const steps = fakeRunSteps({
      compareTargets: () => Promise.reject(new UnavailableError('E_STAGE_LOST', 'The stage is gone.')),
    });
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    expect(await failureOf(run.handle.result())).toMatchObject({ type: 'E_STAGE_LOST' });
    expect(steps.inputs('compareTargets')).toHaveLength(5);
  });

  it('keeps the id of the run when it is reset to its first task in Temporal', async () => {
    const steps = fakeRunSteps();
    const { queue } = await bench.work(steps);
    const run = await bench.start(queue);
    await run.handle.result();
    const history = await run.handle.fetchHistory();
    const started = history.events?.find(
      ({ eventType }) => eventType === temporal.api.enums.v1.EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    );
    if (!started?.eventId) throw new Error('the run has no workflow task');
    await bench.client.workflowService.resetWorkflowExecution({
      namespace: bench.namespace,
      workflowExecution: { workflowId: run.workflowId, runId: run.runId },
      reason: 'test',
      requestId: 'reset-1',
      workflowTaskFinishEventId: started.eventId.add(1),
    });
    await bench.client.workflow.getHandle(run.workflowId).result();
    expect(steps.inputs('resolveRun').map((input) => input.run)).toEqual([run.runId, run.runId]);
    expect(await workflowStatus(bench.client, run)).toBe('completed');
  });

  it('refuses an input that is no request, as somebody may type it into the Web UI', async () => {
    const { queue } = await bench.work(fakeRunSteps());
    const tooShort = await bench.start(queue, { heartbeatSeconds: 0.5 });
    expect(await failureOf(tooShort.handle.result())).toMatchObject({
      type: 'E_SETTINGS_INVALID',
      message: 'heartbeatSeconds must be between 2 and 3600, found 0.5',
    });
    const empty = await bench.client.workflow.start('runJob', { workflowId: `by-hand-${queue}`, taskQueue: queue });
    expect(await failureOf(empty.result())).toMatchObject({ type: 'E_SETTINGS_INVALID' });
  });

  it('runs without search attributes where the namespace has none for us', async () => {
    const { queue } = await bench.work(fakeRunSteps());
    const run = await bench.start(queue, { searchAttributes: false });
    await run.handle.result();
    expect(attributesOf(await run.handle.describe())).toEqual({});
  });
});

function fetched(partitions: number[]) {
  const source = { name: 'dump.zip', version: 'v2.9', digest: 'sha256:22', bytes: 34_000_000 };
  return Promise.resolve({ kind: 'fetched' as const, source, partitions });
}
