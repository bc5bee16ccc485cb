/**
 * Who is notified when a run fails, waits or pauses its schedule: a real worker, a real Temporal, a real server that
 * listens.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunReport } from '../../src/records/run.ts';
import { startNoticeServer, type NoticeServer } from '../support/notice-server.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };

/** A history with its payloads readable. */
function textOf(history: unknown): string {
  return JSON.stringify(history, function (this: Record<string, unknown>, key, value: unknown) {
    const bytes = this[key];
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString() : value;
  });
}

describeWithServers('notices', () => {
  let bench: CliBench;
  let server: NoticeServer;
  let notify: (on: readonly string[], type?: string) => Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    bench = await openCliBench();
    server = await startNoticeServer();
    const secret = join(bench.cwd, 'webhook');
    writeFileSync(secret, `${server.url}\n`);
    notify = (on, type = 'webhook') => ({ notify: [{ type, on, url: { $secret: `file:${secret}` } }] });
    await bench.worker();
  });
  afterAll(async () => {
    await bench.close();
    await server.close();
  });
  beforeEach(() => {
    bench.lines('{"id": "a"}\n');
    server.bodies.length = 0;
  });

  const told = (): unknown[] => server.bodies.map(({ event }) => event);

  it('tell of a run that failed, with its report, and of nothing that nobody asked for', async () => {
    const id = bench.job('told');
    bench.write(id, notify(['failed']));
    await bench.json<RunReport>('run', id);
    bench.lines('');
    const failed = await bench.json<RunReport>('run', id);
    expect(failed.outcome).toBe('failed');
    await expect.poll(told, PATIENCE).toEqual(['failed']);
    expect(server.bodies[0]).toMatchObject({
      text: expect.stringContaining('E_SOURCE_EMPTY') as string,
      report: { run: failed.run, outcome: 'failed', error: { code: 'E_SOURCE_EMPTY' } },
    });
    await expect
      .poll(async () => (await bench.show(failed.run)).notices, PATIENCE)
      .toMatchObject([{ event: 'failed', channel: 'webhook 1', failure: null }]);
    const { stdout } = await bench.cli(['logs', failed.run]);
    expect(stdout).toContain('A notice was delivered.');
  });

  it('tell at once of a plan that waits, and of what became of it', async () => {
    const id = bench.job('plan');
    bench.write(id, notify(['waiting', 'discarded']));
    await bench.cli(['plan', id]);
    await expect.poll(told, PATIENCE).toEqual(['waiting']);
    expect(server.bodies[0]).toMatchObject({ text: expect.stringContaining('then approve or discard it') as string });
    await bench.cli(['discard', `${id}@latest`]);
    await expect.poll(told, PATIENCE).toEqual(['waiting', 'discarded']);
  });

  it('tell of a schedule that failures paused', async () => {
    const id = bench.job('paused');
    bench.lines('');
    const schedule = { schedule: { type: 'interval', seconds: 1 }, pause_after_failures: 2 };
    bench.write(id, { ...schedule, ...notify(['schedule_paused'], 'chat') });
    await bench.cli(['apply', id]);
    await expect.poll(() => server.bodies.length, PATIENCE).toBe(1);
    expect(server.bodies[0]).toEqual({
      text: expect.stringMatching(/its schedule is paused\npaused by vocab-sync after 2 failures in a row/) as string,
    });
  });

  it('that cannot be delivered hold up no run for long, and are delivered when the server is back', async () => {
    const id = bench.job('away');
    bench.write(id, notify(['success']));
    for (let i = 0; i < 4; i++) server.answer(503);
    const report = await bench.json<RunReport>('run', id);
    expect(report).toMatchObject({ outcome: 'success' });
    await expect
      .poll(async () => (await bench.show(report.run)).notices?.[0]?.failure?.message, PATIENCE)
      .toMatch(/answered 503, which passes/);
    await expect.poll(told, PATIENCE).toEqual(['success']);
    expect(told()).toEqual(['success']);
  });

  it('keep the address out of the ledger and of Temporal', async () => {
    const id = bench.job('secret');
    bench.write(id, notify(['success']));
    const { run, workflow_id: workflow } = await bench.json<RunReport>('run', id);
    await expect.poll(told, PATIENCE).toEqual(['success']);
    const tables = ['run', 'run_log', 'notice', 'step_attempt', 'job_version'];
    for (const table of tables) {
      const { rows } = await bench.pool.query(`SELECT to_json(t)::text AS text FROM vocab_sync.${table} t`);
      expect(JSON.stringify(rows), table).not.toContain('very-secret-path');
    }
    const history = await bench.temporal.client.workflow.getHandle(workflow).fetchHistory();
    expect(textOf(history)).toContain(run);
    expect(textOf(history)).toContain('notify:success');
    expect(textOf(history)).not.toContain('very-secret-path');
  });

  it('can be tried before anything happens', async () => {
    const id = bench.job('trial');
    bench.write(id, notify(['failed', 'waiting']));
    const good = await bench.cli(['notify', id]);
    expect(good).toMatchObject({ code: 0 });
    expect(good.stdout).toMatch(/webhook 1 +failed, waiting +delivered/);
    expect(server.bodies[0]).toMatchObject({
      event: 'trial',
      text: expect.stringMatching(/^Trial: Lines.*(?<!show \S+)$/) as string,
    });
    server.answer(404);
    const bad = await bench.cli(['notify', id, '--json']);
    expect(bad).toMatchObject({ code: 1 });
    expect(JSON.parse(bad.stdout)).toMatchObject({ job: id, channels: [{ failure: { code: 'E_NOTICE_REFUSED' } }] });
    bench.write(id);
    expect((await bench.cli(['notify', id])).stdout).toContain('The job tells nobody of its runs');
  });
});
