/** Where the next run starts from, as one story: after each run the watermark shows its position and the reason. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { renderWatermark, reportWatermark } from '../../src/cli/commands/watermark/watermark-report.ts';
import { assertJob } from '../../src/job/load-job.ts';
import type { RunReport, RunRequest } from '../../src/pipeline/run-steps.ts';
import { changeWatermark } from '../../src/postgres/ledger/watermark.ts';
import { linesJob, openTestEngine, runJobOnce, stepContext, testCatalog, type TestEngine } from '../support/engine.ts';
import { describeWithPostgres } from '../support/postgres.ts';

const GOOD = '{"id":"a"}\n{"id":"b"}\n';
const BAD_LINE = `${GOOD}{"id":\n`;

describeWithPostgres('since', () => {
  let test: TestEngine;
  let config: Record<string, unknown>;
  beforeEach(async () => {
    test = await openTestEngine();
    config = linesJob(test.file('lines.jsonl', GOOD));
  });
  afterEach(async () => {
    await test.close();
  });

  const write = (content: string): string => test.file('lines.jsonl', content);
  const run = (request: Partial<RunRequest> = {}): Promise<RunReport> =>
    runJobOnce(test.steps, config, { request: { force: true, ...request } });
  const resolve = (id = randomUUID(), request: Partial<RunRequest> = {}) =>
    test.steps.resolveRun(
      {
        run: id,
        workflowId: `wf-${id}`,
        request: { job: 'lines', trigger: 'manual', config: JSON.stringify(config), ...request },
      },
      stepContext(),
    );
  const finish = (id: string, outcome: 'cancelled' | 'discarded' | 'failed') =>
    test.steps.finishRun({ run: id, outcome }, stepContext());
  /** Compares the output of `watermark show` with what a run would be given. */
  const shown = async () => {
    const job = await assertJob(JSON.stringify(config), { catalog: testCatalog });
    const report = await reportWatermark(test.pool, job);
    const id = randomUUID();
    const next = await resolve(id);
    expect(next).toMatchObject({ since: report.next_since, sinceReason: report.next_since_reason });
    await test.pool.query('DELETE FROM vocab_sync.run WHERE id = $1', [id]);
    return { ...report, text: renderWatermark(report) };
  };

  it('is told: first, again, partial, failed, cancelled, an older since by hand, a schedule', async () => {
    expect(await shown()).toMatchObject({
      watermark: null,
      reason: expect.stringContaining('no run of this job has succeeded') as string,
    });

    const first = await run();
    expect(first).toMatchObject({ outcome: 'success', since: null });
    expect(await shown()).toMatchObject({ watermark: first.started_at, run: first.run });

    const second = await run();
    expect(second).toMatchObject({ outcome: 'success', since: first.started_at });
    expect(await shown()).toMatchObject({ watermark: second.started_at, run: second.run, idle_runs: [] });

    write(BAD_LINE);
    const partial = await run();
    expect(partial).toMatchObject({ outcome: 'partial', since: second.started_at });

    write('');
    await expect(run()).rejects.toThrow();

    const cancelled = randomUUID();
    await resolve(cancelled);
    await finish(cancelled, 'cancelled');

    const after = await shown();
    expect(after).toMatchObject({ watermark: second.started_at, run: second.run });
    expect(after.reason).toBe(`start of the last successful run ${second.run}`);
    expect(after.idle_runs.map(({ outcome, why }) => `${outcome ?? ''}: ${why}`)).toEqual([
      'cancelled: it was cancelled',
      expect.stringMatching(/^failed: it failed \(E_[A-Z_]+\)$/),
      'partial: records were rejected, and the job does not say accept_partial',
    ]);
    expect(after.text).toContain('Runs since then');

    write(GOOD);
    const older = await run({ since: '2020-01-01' });
    expect(older).toMatchObject({ outcome: 'success', since: '2020-01-01T00:00:00.000Z' });
    expect(older.since_reason).toBe('given by hand: "2020-01-01"');
    expect(await shown()).toMatchObject({ watermark: older.started_at, run: older.run, idle_runs: [] });

    const scheduled = await run({ trigger: 'schedule' });
    expect(scheduled).toMatchObject({ trigger: 'schedule', since: older.started_at });
    expect(await shown()).toMatchObject({ watermark: scheduled.started_at, run: scheduled.run });
  });

  it('is moved by a run that found nothing new', async () => {
    await run();
    const unchanged = await run({ force: false });
    expect(unchanged.outcome).toBe('unchanged');
    const report = await shown();
    expect(report.watermark).toBe(unchanged.started_at);
    expect(report.reason).toBe(`start of the last successful run ${unchanged.run}, which found nothing new`);
  });

  it('is moved by a partial run where the job accepts that, also where it says so later', async () => {
    write(BAD_LINE);
    const partial = await run();
    expect(await shown()).toMatchObject({ watermark: null });
    config = { ...config, accept_partial: true };
    const report = await shown();
    expect(report).toMatchObject({ watermark: partial.started_at, run: partial.run });
    expect(report.reason).toContain('accept_partial');
  });

  it('is not moved by --input, by a plan, approved or discarded, nor by a since that leaves a gap', async () => {
    const first = await run();
    await run({ input: { path: test.file('other.jsonl', GOOD), name: 'other.jsonl' } });
    expect(await run({ mode: 'plan' })).toMatchObject({ outcome: 'success', mode: 'plan' });
    const discarded = randomUUID();
    await resolve(discarded, { mode: 'plan' });
    await finish(discarded, 'discarded');
    expect((await run({ since: new Date().toISOString() })).outcome).toBe('success');

    const report = await shown();
    expect(report).toMatchObject({ watermark: first.started_at, run: first.run });
    expect(report.idle_runs.map(({ why }) => why)).toEqual([
      expect.stringMatching(
        /^its since \S+ was later than the watermark, which stood at \S+: what lies between was not/,
      ),
      'it was a plan',
      'it was a plan',
      'it read a file given with --input',
    ]);
  });

  it('begins where the operator says on a job that never succeeded, and with everything for none', async () => {
    const begun = await run({ since: '2026-01-01' });
    expect(await shown()).toMatchObject({ watermark: begun.started_at });
    const all = await run({ since: 'none' });
    expect(all).toMatchObject({ since: null, since_reason: 'given by hand: "none"' });
    expect(await shown()).toMatchObject({ watermark: all.started_at });
  });

  it('goes back by the overlap of the job', async () => {
    const first = await run();
    config = { ...config, since_overlap: 'P2D' };
    const report = await shown();
    expect(report.watermark).toBe(first.started_at);
    expect(report.next_since).toBe(new Date(Date.parse(first.started_at) - 2 * 86_400_000).toISOString());
    expect(report.next_since_reason).toBe(`start of the last successful run ${first.run}, less the overlap P2D`);
    expect((await run({ since: '2026-01-01' })).since).toBe('2026-01-01T00:00:00.000Z');
  });

  it('is set and cleared by hand, with who, when and why; a run that started before does not overrule it', async () => {
    const first = await run();
    const underWay = randomUUID();
    await resolve(underWay);
    const since = new Date('2026-01-01T00:00:00Z');
    await changeWatermark(test.pool, 'lines', { since, by: 'Ada', reason: 'imported by hand' });
    await test.steps.finishRun({ run: underWay, outcome: 'ended' }, stepContext());
    const set = await shown();
    expect(set).toMatchObject({ watermark: since.toISOString(), run: null });
    expect(set.reason).toMatch(/^set by Ada at \S+ \(imported by hand\)$/);

    await changeWatermark(test.pool, 'lines', { since: undefined, by: 'Bob', reason: undefined });
    const cleared = await shown();
    expect(cleared).toMatchObject({ watermark: null, next_since: null });
    expect(cleared.text).toContain('cleared by Bob');
    expect(cleared.changes.map(({ by }) => by)).toEqual(['Bob', 'Ada']);

    await run({ since: first.started_at });
    expect(await shown()).toMatchObject({ watermark: null });
    const all = await run();
    expect(await shown()).toMatchObject({ watermark: all.started_at, run: all.run });
  });

  it('is kept by a retried first step, by a reset, and never moves back when the reset run ends', async () => {
    const first = await run();
    const id = randomUUID();
    const resolved = await resolve(id);
    expect(resolved).toMatchObject({ since: first.started_at });
    expect(await resolve(id)).toEqual(resolved);
    await finish(id, 'failed');
    const last = await run();
    expect(await resolve(id)).toMatchObject({ since: first.started_at, startedAt: expect.any(String) as string });
    await test.steps.finishRun({ run: id, outcome: 'ended' }, stepContext());
    expect(await shown()).toMatchObject({ watermark: last.started_at, run: last.run });
  });
});
