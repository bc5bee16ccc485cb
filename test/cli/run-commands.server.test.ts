/** A run from the command line to the table and back, on real servers and the sample dumps. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { packSampleDumps, type SampleDump } from '../support/sample-dumps.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startCliWorker, type CliWorker } from './start-cli-worker.ts';
import { runWords, type RunResult, type RunWordsOptions } from './run-words.ts';

const SMALL = ['--custom-args', '{"guards": {"min_records": 10, "max_shrink_percent": 20}}'];

describeWithServers('the commands around a run', () => {
  let cwd: string;
  let database: TestDatabase;
  let pool: Pool;
  let temporal: TemporalClient;
  let worker: CliWorker;
  let env: Readonly<Record<string, string>>;
  let first: SampleDump;
  let second: SampleDump;
  const queue = `cli-${String(process.pid)}-${String(Date.now())}`;

  beforeAll(async () => {
    cwd = makeTempDir();
    [first, second] = await packSampleDumps(join(cwd, 'samples'));
    database = await testDatabase();
    const server = await testTemporal();
    env = { DATABASE_URL: database.url, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: server.namespace };
    pool = openPool({ url: database.url });
    temporal = await connectTemporal({ connectionOptions: { address: server.address }, namespace: server.namespace });
  });
  afterAll(async () => {
    await worker.stop();
    await temporal.close();
    await pool.end();
    await database.drop();
    rmSync(cwd, { recursive: true, force: true });
  });

  const cli = (words: readonly string[], more: Partial<RunWordsOptions> = {}): Promise<RunResult> =>
    runWords(words, { cwd, env, ...more });
  const json = async <T>(...words: readonly string[]): Promise<T> =>
    JSON.parse((await cli([...words, '--json'])).stdout) as T;
  const run = (mode: 'run' | 'plan', dump: SampleDump, ...more: readonly string[]): Promise<RunResult> =>
    cli([mode, 'ror-affiliations', '--input', dump.path, '--queue', queue, '--json', ...SMALL, ...more]);
  const rows = async (): Promise<unknown[]> =>
    (await pool.query('SELECT id, record, withdrawn_at IS NULL AS live FROM vocabularies.affiliations ORDER BY id'))
      .rows as unknown[];
  const reportOf = (result: RunResult): RunReport => JSON.parse(result.stdout) as RunReport;

  it('says that no worker polls the queue, and starts nothing', async () => {
    const result = await run('run', first);
    expect(result.code).toBe(6);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'E_NO_WORKER' } });
    expect((await json<{ runs: unknown[] }>('runs')).runs).toEqual([]);
    worker = await startCliWorker(env, cwd, queue);
  });

  it('publishes the first dump', async () => {
    const result = await run('run', first, '--title', 'The first');
    expect(result.code).toBe(0);
    const report = reportOf(result);
    expect(report).toMatchObject({ job: 'ror-affiliations', title: 'The first', outcome: 'success', error: null });
    expect(report.tasks[0]).toMatchObject({
      source: { name: `${first.release}.zip` },
      counts: { read: first.records.length, rejected: 0, staged: first.records.length },
      targets: [{ name: 'postgres:affiliations', inserted: first.records.length }],
    });
    expect(await rows()).toHaveLength(first.records.length);
    expect(result.stderr).toContain(`Started run ${report.run}`);
  });

  it('finds the same dump unchanged, and reads it when forced', async () => {
    expect(reportOf(await run('run', first))).toMatchObject({ outcome: 'unchanged' });
    const forced = reportOf(await run('run', first, '--force'));
    expect(forced.tasks[0]?.targets).toMatchObject([{ inserted: 0, updated: 0, unchanged: first.records.length }]);
  });

  it('plans the second, changes nothing, and shows what would change', async () => {
    const before = await rows();
    const result = await cli(['plan', 'ror-affiliations', '--input', second.path, '--queue', queue, ...SMALL]);
    expect(result.code).toBe(4);
    expect(result.stdout).toContain('waiting for approval');
    expect(result.stdout).toMatch(/Would be updated[^]*\/website {2}".*" → ".*"/);
    expect(result.stdout).toContain('vocab-sync approve ');
    expect(await rows()).toEqual(before);
    expect(await json<{ runs: RunReport[] }>('runs', '--status', 'waiting')).toMatchObject({
      runs: [{ job: 'ror-affiliations' }],
    });
    expect((await cli(['changes', 'ror-affiliations@latest', '--op', 'withdraw'])).stdout).toMatch(/^withdraw /);
  });

  it('a run meanwhile is skipped and names the one that waits', async () => {
    const waiting = await json<RunReport>('show', 'ror-affiliations@latest');
    const skipped = await run('run', second);
    expect(skipped.code).toBe(0);
    expect(reportOf(skipped)).toMatchObject({ outcome: 'skipped', held_by: { run: waiting.run, phase: 'waiting' } });
  });

  it('discards it, and everything is as it was', async () => {
    const before = await rows();
    const result = await cli(['discard', 'ror-affiliations@latest', '--reason', 'a test', '--json']);
    expect(result.code).toBe(5);
    expect(reportOf(result).outcome).toBe('discarded');
    expect(await rows()).toEqual(before);
    expect(await cli(['discard', 'ror-affiliations@latest'])).toMatchObject({ code: 2 });
  });

  it('approves a plan and publishes exactly that', async () => {
    const planned = reportOf(await run('plan', second));
    const result = await cli(['approve', planned.run.slice(0, 13), '--by', 'Ada', '--json']);
    expect(result.code).toBe(0);
    const report = reportOf(result);
    expect(report.outcome).toBe('success');
    expect(report.tasks[0]?.targets).toEqual(planned.tasks[0]?.targets);
    const live = (await rows()).filter((row) => (row as { live: boolean }).live);
    expect(live).toHaveLength(second.records.length);
    expect(await json('show', planned.run)).toMatchObject({ outcome: 'success' });
    expect((await cli(['changes', planned.run, '--format', 'markdown'])).stdout).toContain('### Changed');
    expect((await cli(['rejections', planned.run])).stdout).toBe('No rejections.\n');
  });

  it('waits when a guard trips, and cancel lets the job go without a stage left', async () => {
    const tripped = await cli(['run', 'ror-affiliations', '--input', first.path, '--queue', queue]);
    expect(tripped.code).toBe(4);
    expect(tripped.stdout).toContain('min_records: Expected at least 20,000 records');
    const cancelled = await cli(['cancel', 'ror-affiliations@latest', '--json']);
    expect(cancelled.code).toBe(5);
    expect(reportOf(cancelled).outcome).toBe('cancelled');
    const stages = await pool.query(
      "SELECT relname FROM pg_class WHERE relname LIKE 'stage\\_%' OR relname LIKE 'plan\\_%'",
    );
    expect(stages.rows).toEqual([]);
  });

  it('cancel ends a run in the ledger whose workflow was terminated', async () => {
    const planned = reportOf(await run('plan', first, '--force'));
    await temporal.client.workflow.getHandle(planned.workflow_id).terminate('a test');
    const { code, stderr } = await cli(['cancel', planned.run]);
    expect(code).toBe(5);
    expect(stderr).toContain('closed already');
    expect(await json('show', planned.run)).toMatchObject({ outcome: 'cancelled', error: { code: 'E_RUN_STATE' } });
  });

  it('a run that fails says why and ends with 1', async () => {
    const result = await cli(['run', 'ror-affiliations', '--input', join(import.meta.filename), '--queue', queue]);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/Error E_ZIP_NO_CENTRAL_DIRECTORY\n.*\n {2}what to do: /);
  });

  it('starts a run and leaves it to the worker', async () => {
    const started = await json<{ run: string }>(
      'run',
      'ror-affiliations',
      '--input',
      first.path,
      '--queue',
      queue,
      '--detach',
      ...SMALL,
    );
    await expect
      .poll(() => json('show', started.run), { timeout: 60_000, interval: 200 })
      .toMatchObject({ outcome: 'success' });
  });

  it('Ctrl-C leaves a run that goes on by itself', async () => {
    let interrupt = (): void => undefined;
    const result = await cli(['run', 'ror-affiliations', '--input', second.path, '--queue', queue, ...SMALL], {
      onInterruptible: (send) => (interrupt = send),
      onStderr: (text) => {
        if (text.includes('Started run'))
          setImmediate(() => {
            interrupt();
          });
      },
    });
    expect(result.code).toBe(130);
    expect(result.stderr).toContain('The run continues');
    await expect
      .poll(() => json('show', 'ror-affiliations@latest'), { timeout: 60_000, interval: 200 })
      .toMatchObject({ outcome: 'success' });
  });

  it('doctor finds all well, and masks what is secret', async () => {
    const { code, stdout } = await cli(['doctor']);
    const password = new URL(database.url).password;
    expect(stdout).toMatch(/^ok {4}database: PostgreSQL \d+/m);
    expect(stdout).toMatch(/^ok {4}search attributes: registered/m);
    if (password.length > 5) expect(stdout).not.toContain(password);
    expect(code).toBe(0);
  });

  it('migrate has nothing to do', async () => {
    expect(await json('migrate')).toEqual({ applied: [], installation: expect.any(String) as string });
  });
});
