/** What schedules of a few seconds do on a real Temporal: overlaps, the lock of the job, pauses, failures in a row. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Applied } from '../../src/cli/commands/apply/apply-jobs.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { openCliBench, type CliBench, type ListedRun } from './open-cli-bench.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
/** Its first run waits for approval until an operator decides. */
const WAITS = { guards: { min_records: 1000 } };

interface Doctor {
  readonly findings: readonly { readonly status: string; readonly subject: string; readonly message: string }[];
}

describeWithServers('runs of a schedule', () => {
  let bench: CliBench;
  beforeAll(async () => {
    bench = await openCliBench();
    bench.lines('{"id": "a"}\n');
    await bench.worker();
  });
  afterAll(async () => {
    await bench.close();
  });

  const apply = async (id: string, more: Readonly<Record<string, unknown>>): Promise<void> => {
    bench.write(id, more);
    const { jobs } = await bench.json<Applied>('apply', id);
    expect(jobs[0]?.schedule?.action).toMatch(/created|updated/);
  };
  const every = (seconds: number, more: Readonly<Record<string, unknown>> = {}) => ({
    schedule: { type: 'interval', seconds, ...more },
  });
  const waiting = async (id: string): Promise<ListedRun> => {
    // The run of one look: by the next look it may have ended.
    let run: ListedRun | undefined;
    const look = async (): Promise<ListedRun | undefined> => {
      run = (await bench.json<{ runs: ListedRun[] }>('runs', id, '--status', 'waiting')).runs[0];
      return run;
    };
    await expect.poll(look, PATIENCE).toBeDefined();
    if (run === undefined) throw new Error('no run waits');
    return run;
  };
  const info = async (id: string) => (await bench.schedule(id)).description.info;
  const pause = (id: string) => bench.cli(['schedule', id, 'pause']);

  it('skip leaves out what comes while a run is under way', async () => {
    const id = bench.job('skip');
    await apply(id, { ...WAITS, ...every(1) });
    const run = await waiting(id);
    await expect.poll(async () => (await info(id)).numActionsSkippedOverlap, PATIENCE).toBeGreaterThan(1);
    expect((await info(id)).runningActions).toHaveLength(1);
    expect((await bench.runs(id)).map((one) => one.run)).toEqual([run.run]);
    await pause(id);
    await bench.cli(['discard', run.run]);
  });

  it('buffer_one starts one more when it has ended', async () => {
    const id = bench.job('buffer');
    await apply(id, { ...WAITS, ...every(1, { overlap: 'buffer_one' }) });
    const run = await waiting(id);
    await expect.poll(async () => (await info(id)).numActionsSkippedOverlap, PATIENCE).toBeGreaterThan(0);
    await bench.cli(['discard', run.run]);
    const second = await waiting(id);
    expect(second.run).not.toBe(run.run);
    // A pause also takes back the start that is kept for afterwards.
    await expect.poll(async () => (await info(id)).numActionsSkippedOverlap, PATIENCE).toBeGreaterThan(1);
    await pause(id);
    await bench.cli(['discard', second.run]);
    await expect.poll(async () => (await info(id)).runningActions, PATIENCE).toEqual([]);
    expect((await bench.runs(id)).map(({ outcome }) => outcome)).toEqual(['discarded', 'discarded']);
  });

  it('allow_all starts them, and each ends at once as skipped, naming the run that holds the job', async () => {
    const id = bench.job('all');
    await apply(id, { ...WAITS, ...every(1, { overlap: 'allow_all' }) });
    const run = await waiting(id);
    const workflows = async (): Promise<string[]> =>
      (await info(id)).recentActions.map(({ action }) => action.workflow.workflowId);
    await expect.poll(async () => (await workflows()).length, PATIENCE).toBeGreaterThan(2);
    const last = (await workflows()).at(-1) ?? '';
    const report = (await bench.temporal.client.workflow.getHandle(last).result()) as RunReport;
    expect(report).toMatchObject({ outcome: 'skipped', held_by: { run: run.run } });
    await pause(id);
    const others = (await bench.runs(id)).filter((row) => row.run !== run.run);
    expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['skipped']));
    // The one that waits, not a start that did nothing after it.
    expect(await bench.show(`${id}@latest`)).toMatchObject({ run: run.run });
    await bench.cli(['discard', run.run]);
  });

  it('cancel_other ends the run under way', async () => {
    const id = bench.job('cancel');
    await apply(id, { ...WAITS, ...every(12, { overlap: 'cancel_other' }) });
    const run = await waiting(id);
    await expect.poll(async () => (await bench.show(run.run)).outcome, PATIENCE).toBe('cancelled');
    // A start that comes before the cancelled run has ended is skipped; a later one takes the job.
    const next = await waiting(id);
    expect(next.run).not.toBe(run.run);
    await pause(id);
    await bench.cli(['discard', next.run]);
  });

  it('a start that meets a run by hand ends as skipped, and is listed with the run that held the job', async () => {
    const id = bench.job('lock');
    await apply(id, { ...WAITS, ...every(3600) });
    const byHand = bench.cli(['run', id, '--json']);
    const run = await waiting(id);
    expect(await byHand).toMatchObject({ code: 4 });
    await bench.temporal.client.schedule.getHandle(`vocab-sync/${id}`).trigger();
    const started = async () => (await info(id)).recentActions.at(-1)?.action.workflow.workflowId ?? '';
    const result = async (): Promise<unknown> => bench.temporal.client.workflow.getHandle(await started()).result();
    await expect.poll(result, PATIENCE).toMatchObject({ outcome: 'skipped', held_by: { run: run.run } });
    const { stdout } = await bench.cli(['runs', id, '--status', 'skipped', '--json']);
    const { runs } = JSON.parse(stdout) as { runs: { run: string }[] };
    expect(runs).toHaveLength(1);
    const skipped = await bench.cli(['show', runs[0]?.run ?? '']);
    expect(skipped.stdout).toContain(`Run ${run.run} holds this job`);
    await bench.cli(['discard', run.run]);
  });

  it('a pause stops the starts, and a resume lets them go on', async () => {
    const [id, clock] = [bench.job('pause'), bench.job('clock')];
    await apply(id, every(1));
    await apply(clock, every(1));
    const taken = async (of: string): Promise<number> => (await info(of)).numActionsTaken;
    await expect.poll(() => taken(id), PATIENCE).toBeGreaterThan(0);
    await bench.cli(['schedule', id, 'pause', '--reason', 'the source is down']);
    const [before, tick] = [await taken(id), await taken(clock)];
    await expect.poll(() => taken(clock), PATIENCE).toBeGreaterThan(tick + 2);
    await pause(clock);
    expect(await taken(id)).toBe(before);
    expect((await bench.cli(['schedule', id])).stdout).toMatch(/paused \("paused by .*: the source is down"\)/);
    await bench.cli(['schedule', id, 'resume']);
    await expect.poll(() => taken(id), PATIENCE).toBeGreaterThan(before + 1);
    await pause(id);
  });

  it('failures in a row pause it and say so everywhere; a resume begins anew', async () => {
    const id = bench.job('failing');
    bench.lines('');
    await apply(id, { ...every(1), pause_after_failures: 2 });
    await expect.poll(async () => (await bench.schedule(id)).paused, PATIENCE).toBe(true);
    const failed = (await bench.runs(id)).filter(({ outcome }) => outcome === 'failed');
    expect(failed).toHaveLength(2);
    const note = (await bench.schedule(id)).note ?? '';
    expect(note).toMatch(
      new RegExp(
        `^paused by vocab-sync after 2 failures in a row, the last one run .* then: vocab-sync schedule ${id} resume$`,
      ),
    );
    const last = failed[0]?.run ?? '';
    const report = await bench.show(last);
    expect(report).toMatchObject({ trigger: 'schedule', outcome: 'failed', schedule_paused: note });
    expect((await bench.cli(['show', last])).stdout).toMatch(/\n {2}schedule +paused by vocab-sync after 2 failures/);
    expect((await bench.cli(['schedule', id])).stdout).toContain('paused ("paused by vocab-sync after 2 failures');
    expect((await bench.cli(['logs', last, '--level', 'error'])).stdout).toContain('its runs fail again and again');
    const finding = async () =>
      (await bench.json<Doctor>('doctor')).findings.find(({ subject }) => subject === `schedule ${id}`);
    await expect.poll(finding, PATIENCE).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('it is paused: "paused by vocab-sync') as string,
    });
    // An apply keeps the pause, as any other.
    expect((await bench.cli(['apply', id])).stdout).toContain('schedule stays paused: "paused by vocab-sync after 2');

    await bench.cli(['schedule', id, 'resume']);
    const count = async () => (await bench.runs(id)).length;
    await expect.poll(count, PATIENCE).toBe(4);
    await expect.poll(async () => (await bench.schedule(id)).paused, PATIENCE).toBe(true);
    bench.lines('{"id": "a"}\n');
    await bench.cli(['schedule', id, 'resume']);
    await expect.poll(async () => (await bench.runs(id))[0]?.outcome, PATIENCE).toMatch(/success|unchanged/);
    await pause(id);
  });

  it('moves the watermark by its runs, as any other run', async () => {
    const id = bench.job('watermark');
    bench.lines('{"id": "a"}\n');
    await apply(id, every(2));
    const done = async () => (await bench.runs(id)).filter(({ outcome }) => outcome !== null);
    await expect.poll(async () => (await done()).length, PATIENCE).toBeGreaterThan(1);
    await pause(id);
    await expect.poll(async () => (await bench.runs(id)).every(({ outcome }) => outcome !== null), PATIENCE).toBe(true);
    // A run that was due when the schedule was paused may still begin.
    const settled = await until('the runs of the paused schedule have ended', async () => {
      const [newest, before] = await done();
      const shown = await bench.json<{ watermark: string; next_since: string; run: string }>('watermark', id);
      return shown.run === newest?.run && { newest, before, shown };
    });
    const { newest, before, shown } = settled;
    expect(shown).toMatchObject({ watermark: newest.started_at, next_since: newest.started_at });
    expect((await bench.show(newest.run)).since).toBe(before?.started_at);
    const next = await until('no run of the schedule holds the job', async () => {
      const report = await bench.json<RunReport>('run', id);
      return report.outcome !== 'skipped' && report;
    });
    expect((next.since ?? '') >= newest.started_at).toBe(true);
  });
});
