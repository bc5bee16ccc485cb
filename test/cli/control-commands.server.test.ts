/** The commands that change a stored job or end a run, as an operator sees them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };

describeWithServers('the commands that control', () => {
  let bench: CliBench;
  beforeAll(async () => {
    bench = await openCliBench();
    bench.lines('{"id": "a"}\n{"id": "b"}\n');
  });
  afterAll(async () => {
    await bench.close();
  });

  const config = async (id: string) =>
    JSON.parse((await bench.cli(['job', 'export', id])).stdout) as Record<string, unknown>;

  it('schedule set and clear store a version that differs in the schedule alone, and Temporal follows', async () => {
    const id = bench.job('timed');
    bench.write(id, { title: 'Timed' });
    await bench.cli(['apply', id]);
    const set = await bench.cli(['schedule', id, 'set', '30 3 * * 1', '--timezone', 'Europe/Zurich']);
    expect(set.stdout).toMatch(/version 1 → 2 .*\n {4}\+ \/schedule: .*\n {4}schedule created, next start /);
    expect(set.stderr).toContain(`vocab-sync job export ${id} prints the new one`);
    expect((await bench.cli(['schedule', id])).stdout).toContain('30 3 * * 1 Europe/Zurich');

    await bench.cli([
      'schedule',
      id,
      'set',
      '{"type": "crontab", "cron": "0 4 * * *", "timezone": "Asia/Tokyo", "overlap": "buffer_one"}',
    ]);
    // What an interval and a crontab have in common stays.
    const dry = await bench.cli(['schedule', id, 'set', 'PT6H', '--dry-run']);
    expect(dry.stdout).toContain('a dry run, nothing was stored');
    expect(await config(id)).toMatchObject({ schedule: { cron: '0 4 * * *' } });
    await bench.cli(['schedule', id, 'set', 'PT6H']);
    expect(await config(id)).toMatchObject({
      title: 'Timed',
      schedule: { type: 'interval', hours: 6, overlap: 'buffer_one' },
    });
    expect((await bench.schedule(id)).description).toMatchObject({
      spec: { intervals: [{ every: 21_600_000 }] },
      policies: { overlap: 'BUFFER_ONE' },
    });

    const clear = await bench.cli(['schedule', id, 'clear']);
    expect(clear.stdout).toContain('schedule deleted: the job has none any more');
    expect(await config(id)).toMatchObject({ schedule: null });
    await expect(bench.schedule(id)).rejects.toThrow('has no schedule');
  });

  it('job duplicate stores an inactive copy, which can be exported and switched on', async () => {
    const [id, copy] = [bench.job('original'), bench.job('copy')];
    bench.write(id, { title: 'The original', schedule: { type: 'interval', weeks: 50 } });
    await bench.cli(['apply', id]);
    const { code, stdout, stderr } = await bench.cli(['job', 'duplicate', id, copy]);
    expect(code).toBe(0);
    expect(stdout).toContain(`new        ${copy}: version 1`);
    expect(stderr).toContain(`${copy} is not active, and writes into the targets of ${id}.`);
    expect(await config(copy)).toEqual({
      ...(await config(id)),
      id: copy,
      title: 'The original (copy)',
      active: false,
    });
    expect(await bench.schedule(copy)).toMatchObject({ paused: true });
  });

  it('run says within seconds that nobody takes it up though the queue counts as polled; terminate ends it', async () => {
    const id = bench.job('untaken');
    bench.write(id);
    const worker = await bench.worker();
    expect(JSON.parse((await bench.cli(['run', id, '--json'])).stdout)).toMatchObject({ outcome: 'success' });
    await worker.stop();
    let stderr = '';
    const running = bench.cli(['run', id, '--json', '--force'], { onStderr: (text) => (stderr += text) });
    const warning = `warning: no worker of the queue ${bench.queue} has taken up the run for 6 seconds; it waits. They are busy, or gone: vocab-sync worker --queue ${bench.queue} starts one`;
    await expect.poll(() => stderr, PATIENCE).toContain(warning);
    const doctor = async () =>
      (
        await bench.json<{ findings: { subject: string; status: string; message: string }[] }>(
          'doctor',
          '--queue',
          bench.queue,
        )
      ).findings.find(({ subject }) => subject === `queue ${bench.queue}`);
    await expect.poll(doctor, PATIENCE).toMatchObject({
      status: 'warn',
      message: expect.stringMatching(/a task has waited \d+ seconds: it is gone or busy/) as string,
    });
    await bench.worker();
    const report = JSON.parse((await running).stdout) as RunReport;
    // Whether it is told before its end that it was taken up depends on how quick it is.
    expect(report).toMatchObject({ outcome: 'success' });
  });

  it('terminate ends a run that waits, in Temporal and in the ledger, and lets the job go', async () => {
    const id = bench.job('terminated');
    bench.write(id, { guards: { min_records: 1000 } });
    const { run, workflow_id } = JSON.parse((await bench.cli(['run', id, '--json'])).stdout) as RunReport;
    const { code, stdout } = await bench.cli(['terminate', `${id}@latest`, '--reason', 'its worker hangs']);
    expect(code).toBe(5);
    expect(stdout).toMatch(/Lines: cancelled/);
    expect(stdout).toMatch(/The run was terminated by .* in phase waiting: its worker hangs\./);
    expect((await bench.temporal.client.workflow.getHandle(workflow_id).describe()).status.name).toBe('TERMINATED');
    expect(await bench.show(run)).toMatchObject({ outcome: 'cancelled', error: { code: 'E_RUN_STATE' } });
    bench.write(id);
    expect(await bench.json<RunReport>('run', id)).toMatchObject({ outcome: 'success' });
  });

  it('retry-rejections: a run of its own, from the command line', async () => {
    const id = bench.job('retried');
    bench.lines(`{"id": "a"}\n{"id": "b", "long": "${'x'.repeat(300)}"}\n{"id": "broken"\n`);
    const readers = (most: number) => [
      { type: 'file', args: { path: `${bench.cwd}/lines.jsonl` } },
      { type: 'jsonl', args: { max_line_bytes: most } },
    ];
    bench.write(id, { readers: readers(100) });
    const first = JSON.parse((await bench.cli(['run', id, '--json'])).stdout) as RunReport;
    expect(first).toMatchObject({ outcome: 'partial' });
    bench.write(id, { readers: readers(1000) });
    const { code, stdout, stderr } = await bench.cli(['retry-rejections', first.run, '--title', 'Once more']);
    expect(code).toBe(3);
    expect(stderr).toContain(`Retrying 2 rejections of run ${first.run}`);
    expect(stdout).toMatch(/Once more: partial/);
    expect(stdout).toContain(`(retry)`);
    expect(stdout).toMatch(new RegExp(`retries +the rejections of run ${first.run}`));
    const [newest] = await bench.runs(id);
    expect(newest).toMatchObject({ mode: 'retry', trigger: 'manual', outcome: 'partial' });
    expect(await bench.json('watermark', id)).toMatchObject({
      watermark: null,
      idle_runs: [{ why: `it only read again what run ${first.run} rejected` }, { outcome: 'partial' }],
    });
    const summary = await bench.temporal.client.workflow
      .getHandle((await bench.show(newest?.run ?? '')).workflow_id)
      .describe();
    expect(await summary.staticSummary()).toBe('Once more, retry of rejections');
    const again = await bench.cli(['retry-rejections', first.run, '--custom-args', '{"readers": [{"type": "file"}]}']);
    expect(again.code).toBe(2);
  });
});
