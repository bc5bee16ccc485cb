/**
 * What happens to runs when a new release is deployed while they wait: without Worker Versioning the new workers take them
 * over, with it they end on workers of their own version.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveRun, runProgress } from '../../src/temporal/control-run.ts';
import { isPolled } from '../../src/temporal/run-status.ts';
import type { RunReference } from '../../src/temporal/run-status.ts';
import { fakeRunSteps } from '../support/fake-run-steps.ts';
import { describeWithTemporal, testTemporal } from '../support/temporal-server.ts';
import { openWorkflowBench, until, type WorkflowBench } from '../support/workflow-bench.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/before-frozen-jobs');

describeWithTemporal('a new release while a run waits for approval', () => {
  let bench: WorkflowBench;
  beforeAll(async () => {
    bench = await openWorkflowBench();
  });
  afterAll(() => bench.close());

  const program = gunzipSync(readFileSync(join(FOLDER, 'workflow-bundle.js.gz'))).toString('utf8');
  // The SDK does not load a bundle without a source map.
  const map = Buffer.from(
    JSON.stringify({ version: 3, file: 'before.js', sources: [], names: [], mappings: '' }),
  ).toString('base64');
  const before = { code: `${program}\n//# sourceMappingURL=data:application/json;base64,${map}` };
  const waiting = (run: RunReference) =>
    until('the run waits', async () => (await runProgress(bench.client, run)).waiting ?? undefined);

  it('publishes it with the new workflow code, in place of the code that it waited with', async () => {
    const [old, next] = [fakeRunSteps(), fakeRunSteps()];
    const first = await bench.work(old, { workflowBundle: before });
    const run = await bench.start(first.queue, { mode: 'plan' });
    const plan = await waiting(run);
    await first.drain();
    await bench.work(next, { queue: first.queue });
    await approveRun(bench.client, run, { by: 'Ada', plan: plan.planDigest });
    await expect(run.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(old.inputs('applyChanges')).toEqual([]);
    expect(next.calls.map(({ step }) => step)).toEqual(['applyChanges', 'finishRun']);
  });

  it('with versions, ends it on a worker of its own version, and starts new runs on the current one', async () => {
    const name = `vocab-sync-${String(process.pid)}`;
    const [old, next] = [fakeRunSteps(), fakeRunSteps()];
    const { queue } = await bench.work(old, { workflowBundle: before, deployment: { name, buildId: '1.0.0' } });
    await makeCurrent(name, '1.0.0');
    const waits = await bench.start(queue, { mode: 'plan' });
    const plan = await waiting(waits);
    await bench.work(next, { queue, deployment: { name, buildId: '1.1.0' } });
    await makeCurrent(name, '1.1.0');
    expect(await isPolled(bench.client, queue)).toBe(true);
    const fresh = await bench.start(queue, { job: 'another' });
    await expect(fresh.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    await approveRun(bench.client, waits, { by: 'Ada', plan: plan.planDigest });
    await expect(waits.handle.result()).resolves.toMatchObject({ outcome: 'success' });
    expect(runsOf(old)).toEqual([waits.runId]);
    expect(runsOf(next)).toEqual([fresh.runId]);
    expect(old.calls.map(({ step }) => step)).toContain('applyChanges');
  });
});

function runsOf(steps: ReturnType<typeof fakeRunSteps>): readonly string[] {
  return [...new Set(steps.calls.map(({ input }) => (input as { readonly run: string }).run))];
}

/** As an operator does it. The version is known once a worker of it has polled. */
async function makeCurrent(deployment: string, buildId: string): Promise<void> {
  const { address, cliPath } = await testTemporal();
  const names = ['--deployment-name', deployment, '--build-id', buildId];
  const args = ['worker', 'deployment', 'set-current-version', ...names, '--yes', '--address', address];
  await until(`${buildId} is current`, () =>
    promisify(execFile)(cliPath, args).then(
      () => true,
      () => false,
    ),
  );
}
