/** Schedules of stored jobs on a real Temporal: they fire, keep a pause, are made again, and leave others alone. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Applied } from '../../src/cli/commands/apply/apply-jobs.ts';
import type { AppliedJob } from '../../src/cli/commands/apply/applied-job.ts';
import type { RunReport } from '../../src/records/run.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { findSchedule, scheduleId, type ScheduleState } from '../../src/temporal/schedule-state.ts';
import { linesJob } from '../support/engine.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startCliWorker, type CliWorker } from './start-cli-worker.ts';
import { runWords, type RunResult } from './run-words.ts';

interface ShownSchedule {
  readonly temporal: {
    readonly paused: boolean;
    readonly note: string | null;
    readonly differs_in: readonly string[];
    readonly next: readonly { readonly utc: string; readonly local: string }[];
  } | null;
}

interface ListedRun {
  readonly run: string;
  readonly trigger: string;
  readonly outcome: string | null;
}

const PATIENCE = { timeout: 60_000, interval: 200 };

describeWithServers('schedules', () => {
  let cwd: string;
  let database: TestDatabase;
  let temporal: TemporalClient;
  let worker: CliWorker;
  let env: Readonly<Record<string, string>>;
  const unique = `${String(process.pid)}-${String(Date.now())}`;
  const job = `timed-${unique}`;

  beforeAll(async () => {
    cwd = makeTempDir();
    mkdirSync(join(cwd, 'jobs'));
    writeFileSync(join(cwd, 'lines.jsonl'), '{"id": "a"}\n');
    database = await testDatabase();
    const server = await testTemporal();
    env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
    temporal = await connectTemporal({ connectionOptions: { address: server.address }, namespace: server.namespace });
    worker = await startCliWorker(env, cwd, `schedule-${unique}`);
  });
  afterAll(async () => {
    await temporal.client.schedule
      .getHandle(scheduleId(job))
      .delete()
      .catch(() => undefined);
    await worker.stop();
    await temporal.close();
    await database.drop();
    rmSync(cwd, { recursive: true, force: true });
  });

  const cli = (...words: readonly string[]): Promise<RunResult> => runWords(words, { cwd, env });
  const json = async <T>(...words: readonly string[]): Promise<T> =>
    JSON.parse((await cli(...words, '--json')).stdout) as T;
  const write = (schedule: unknown, more: Readonly<Record<string, unknown>> = {}): void => {
    const config = linesJob(join(cwd, 'lines.jsonl'), { id: job, queue: `schedule-${unique}`, schedule, ...more });
    writeFileSync(join(cwd, 'jobs', `${job}.json`), JSON.stringify(config));
  };
  const apply = async (...words: readonly string[]): Promise<AppliedJob> => {
    const [applied] = (await json<Applied>('apply', ...words)).jobs;
    if (applied === undefined) throw new Error('nothing was applied');
    return applied;
  };
  const found = async (): Promise<ScheduleState> => {
    const state = await findSchedule(temporal.client, job);
    if (state === undefined) throw new Error('Temporal has no such schedule');
    return state;
  };
  const runs = async (): Promise<readonly ListedRun[]> => (await json<{ runs: ListedRun[] }>('runs', job)).runs;
  const handle = () => temporal.client.schedule.getHandle(scheduleId(job));

  it('an interval of seconds fires, and its run is in the ledger', async () => {
    write({ type: 'interval', seconds: 2 });
    expect((await apply('--dry-run')).schedule?.action).toBe('created');
    await expect(handle().describe()).rejects.toThrow();
    expect((await apply()).schedule).toMatchObject({ action: 'created', paused: false });
    await expect
      .poll(async () => (await runs()).filter(({ outcome }) => outcome !== null).length, PATIENCE)
      .toBeGreaterThan(1);
    const [newest] = (await runs()).filter(({ outcome }) => outcome !== null);
    expect(newest).toMatchObject({ trigger: 'schedule' });
    expect(await json<RunReport>('show', newest?.run ?? '')).toMatchObject({
      trigger: 'schedule',
      workflow_id: expect.stringMatching(new RegExp(`^vocab-sync/${job}-\\d{4}-`)) as unknown,
    });
  });

  it('changes nothing where nothing differs, and takes an edit of the file over', async () => {
    expect((await apply()).schedule).toMatchObject({ action: 'unchanged', differed: [] });
    write({
      type: 'crontab',
      cron: '30 3 15 1-12/3 *',
      timezone: 'Europe/Zurich',
      jitter_seconds: 0,
      overlap: 'buffer_one',
    });
    expect((await apply()).schedule).toMatchObject({
      action: 'updated',
      differed: ['times', 'timezone', 'overlap'],
    });
    expect((await apply()).schedule).toMatchObject({ action: 'unchanged' });
  });

  it('shows the next times in the zone of the job and in UTC, over a change of the clocks', async () => {
    const { temporal: shown } = await json<ShownSchedule>('schedule', job);
    const next = shown?.next ?? [];
    expect(next).toHaveLength(5);
    for (const { utc, local } of next) {
      expect(local).toContain('-15 03:30:00 ');
      expect(utc.slice(11, 16)).toBe(local.includes('-01-15 ') ? '02:30' : '01:30');
    }
    expect(new Set(next.map(({ utc }) => utc.slice(11, 16))).size).toBe(2);
    expect((await cli('schedule', job)).stdout).toContain('schedule     30 3 15 1-12/3 * Europe/Zurich');
  });

  it('starts on every day that fits either of two days, and on none else', async () => {
    write({ type: 'crontab', cron: '0 0 13 * fri' });
    await apply();
    const { next } = await found();
    expect(next.length).toBeGreaterThan(5);
    for (const time of next) expect(time.getUTCDay() === 5 || time.getUTCDate() === 13).toBe(true);
    expect(next.some((time) => time.getUTCDay() !== 5)).toBe(true);
    expect(next.some((time) => time.getUTCDate() !== 13)).toBe(true);
  });

  it('keeps a pause, whoever made it, until it is resumed', async () => {
    await cli('schedule', job, 'pause', '--reason', 'the source is down');
    write({ type: 'interval', weeks: 50 });
    const { stdout } = await cli('apply');
    expect(stdout).toMatch(/schedule stays paused: "paused by .*: the source is down"/);
    expect(await found()).toMatchObject({
      paused: true,
      note: expect.stringContaining('the source is down') as unknown,
    });
    await cli('schedule', job, 'resume');
    await handle().pause('somebody in the Web UI');
    expect((await apply()).schedule).toMatchObject({ paused: true, keptPause: 'somebody in the Web UI' });
    await cli('schedule', job, 'resume');
    expect((await found()).paused).toBe(false);
  });

  it('says what somebody edited in Temporal, and sets it back', async () => {
    await handle().update((previous) => ({
      ...previous,
      spec: { intervals: [{ every: '5h' }] },
      policies: { ...previous.policies, catchupWindow: '3d' },
    }));
    const { temporal: shown } = await json<ShownSchedule>('schedule', job);
    expect(shown?.differs_in).toEqual(['times', 'catchup_window_seconds']);
    expect((await cli('apply')).stdout).toContain(
      'schedule updated (differed in Temporal: times, catchup_window_seconds), next start',
    );
    expect((await found()).description).toMatchObject({
      spec: { intervals: [{ every: 30_240_000_000 }] },
      policies: { catchupWindow: 3_600_000 },
    });
  });

  it('makes a schedule again that was deleted in Temporal', async () => {
    await handle().delete();
    expect((await cli('schedule', job)).stdout).toContain('missing: `vocab-sync apply` makes it');
    expect((await apply()).schedule).toMatchObject({ action: 'created' });
  });

  it('takes a plain trigger from the Web UI as an ordinary run', async () => {
    // A start during another run is skipped.
    await expect.poll(async () => (await runs()).every(({ outcome }) => outcome !== null), PATIENCE).toBe(true);
    const before = (await runs()).length;
    await handle().trigger();
    await expect.poll(async () => (await runs()).length, PATIENCE).toBe(before + 1);
    await expect.poll(async () => (await runs())[0]?.outcome, PATIENCE).toMatch(/^(success|unchanged)$/);
  });

  it('pauses the schedule of an inactive job, and publishes nothing when it fires all the same', async () => {
    await cli('job', 'deactivate', job);
    expect(await found()).toMatchObject({ paused: true, note: 'vocab-sync: the job is not active' });
    expect((await cli('schedule', job, 'resume')).stderr).toContain(`Expected job ${job} to be active`);
    const published = async () => (await runs()).filter(({ outcome }) => outcome !== 'skipped').length;
    const before = await published();
    await handle().trigger();
    const started = async () => (await found()).description.info.recentActions.at(-1)?.action.workflow.workflowId ?? '';
    const report = async (): Promise<unknown> => temporal.client.workflow.getHandle(await started()).result();
    await expect.poll(report, PATIENCE).toMatchObject({
      outcome: 'skipped',
      skipped_because: expect.stringMatching(/is not active: .* deactivated it at/) as unknown,
    });
    expect(await published()).toBe(before);
    expect((await runs())[0]).toMatchObject({ outcome: 'skipped' });
    await cli('job', 'activate', job);
    expect((await found()).paused).toBe(false);
  });

  it('never touches a schedule that is not ours', async () => {
    await handle().delete();
    await temporal.client.schedule.create({
      scheduleId: scheduleId(job),
      spec: { intervals: [{ every: '7d' }] },
      action: { type: 'startWorkflow', workflowType: 'somethingElse', taskQueue: 'elsewhere' },
      state: { note: 'theirs' },
    });
    const { code, stdout } = await cli('apply');
    expect(code).toBe(1);
    expect(stdout).toContain('NOT SCHEDULED');
    expect((await cli('schedule', job, 'pause')).stderr).toContain('vocab-sync did not make; it is left alone');
    expect((await cli('job', 'delete', job, '--yes')).code).toBe(0);
    expect(await found()).toMatchObject({ ours: false, paused: false, note: 'theirs' });
    await handle().delete();
  });

  it('deletes the schedule of a job that has none any more', async () => {
    write({ type: 'interval', weeks: 50 });
    expect((await apply()).schedule?.action).toBe('created');
    write(null);
    expect((await apply()).schedule?.action).toBe('deleted');
    expect(await findSchedule(temporal.client, job)).toBeUndefined();
  });
});
