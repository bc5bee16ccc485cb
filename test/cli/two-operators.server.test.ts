/**
 * Two people work on one job, each with a process of their own: what each is told, who waits, and what an active run
 * keeps.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Applied } from '../../src/cli/commands/apply/apply-jobs.ts';
import type { RunReport } from '../../src/records/run.ts';
import { describeWithServers } from '../support/temporal-server.ts';
import { openCliBench, type CliBench } from './open-cli-bench.ts';
import type { RunResult } from './run-words.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/src/cli/main.js');
const PATIENCE = { timeout: 60_000, interval: 200 };

interface Process {
  readonly ended: Promise<RunResult>;
  stderr(): string;
  interrupt(): void;
}

describeWithServers('two operators at once', () => {
  let bench: CliBench;
  beforeAll(async () => {
    bench = await openCliBench();
    bench.lines('{"id": "a"}\n{"id": "b"}\n');
    await bench.worker();
  });
  afterAll(async () => {
    await bench.close();
  });

  const start = (...words: readonly string[]): Process => {
    const child = spawn(process.execPath, [PROGRAM, ...words], {
      cwd: bench.cwd,
      env: { PATH: process.env['PATH'], HOME: bench.cwd, VOCAB_SYNC_HOME: bench.cwd, ...bench.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const ended = new Promise<RunResult>((resolve) => {
      child.once('close', (code) => {
        resolve({ code: code ?? -1, stdout: stdout(), stderr: stderr() });
      });
    });
    return { ended, stderr, interrupt: () => child.kill('SIGINT') };
  };
  /** A run that holds the job until an operator decides. */
  const hold = async (id: string): Promise<RunReport> => {
    bench.write(id, { guards: { min_records: 1000 } });
    const { code, stdout } = await bench.cli(['run', id, '--json']);
    expect(code).toBe(4);
    return JSON.parse(stdout) as RunReport;
  };

  it('the second run of a job is told who holds it, and ends well', async () => {
    const holder = await hold(bench.job('held'));
    const { code, stdout, stderr } = await start('run', holder.job).ended;
    expect(code).toBe(0);
    expect(stdout).toContain(`Lines: skipped`);
    expect(stdout).toContain(
      `Run ${holder.run} holds this job (phase waiting). Look at it: node ${PROGRAM} show ${holder.run}`,
    );
    expect(stderr).toContain('Started run ');
    await bench.cli(['discard', holder.run]);
  });

  it('or waits with --wait, says for what, and runs then', async () => {
    const id = bench.job('waiting');
    const holder = await hold(id);
    bench.write(id);
    const [first, second] = [start('run', id, '--wait', '--json'), start('run', id, '--wait', '--json')];
    for (const { stderr } of [first, second]) {
      await expect
        .poll(stderr, PATIENCE)
        .toMatch(
          new RegExp(
            `Waiting for run ${holder.run} of ${id}, started by .*; it waits for approval until .*: node .*main.js approve`,
          ),
        );
    }
    await bench.cli(['discard', holder.run]);
    const results = await Promise.all([first.ended, second.ended]);
    const reports = results.map(({ stdout }) => JSON.parse(stdout) as RunReport);
    // One after the other, in either order: neither is skipped.
    expect(reports.map(({ outcome }) => outcome).toSorted()).toEqual(['success', 'unchanged']);
    // A start that met the other one is listed as skipped.
    expect((await bench.runs(id)).filter(({ outcome }) => outcome !== 'skipped')).toHaveLength(3);
  });

  it('whoever leaves while waiting has started nothing', async () => {
    const id = bench.job('leaving');
    const holder = await hold(id);
    const waiting = start('run', id, '--wait');
    await expect.poll(waiting.stderr, PATIENCE).toContain('Waiting for run');
    waiting.interrupt();
    const { code, stderr } = await waiting.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Leaving; nothing was started.');
    expect(await bench.runs(id)).toHaveLength(1);
    await bench.cli(['discard', holder.run]);
  });

  it('two runs of one job at the same moment: one runs, the other is told', async () => {
    const id = bench.job('moment');
    bench.write(id, { guards: { min_records: 1000 } });
    const results = await Promise.all([start('run', id, '--json').ended, start('run', id, '--json').ended]);
    expect(results.map(({ code }) => code).toSorted()).toEqual([0, 4]);
    const reports = results.map(({ stdout }) => JSON.parse(stdout) as RunReport);
    const ran = reports.find(({ outcome }) => outcome === null);
    expect(reports.find(({ outcome }) => outcome === 'skipped')).toMatchObject({ held_by: { run: ran?.run } });
    await bench.cli(['discard', ran?.run ?? '']);
  });

  it('two who apply at the same moment: each version is stored once, and whoever lost is told', async () => {
    const id = bench.job('applied');
    bench.write(id, { title: 'One' });
    await bench.cli(['apply', id]);
    const both = async (count: number): Promise<readonly RunResult[]> => {
      bench.write(id, { title: `Version ${String(count)}`, schedule: { type: 'interval', weeks: count } });
      return Promise.all([start('apply', id, '--json').ended, start('apply', id, '--json').ended]);
    };
    const results = await both(2);
    const applied = results.map(({ stdout }) => (JSON.parse(stdout) as Applied).jobs[0]);
    // The same file: the second command finds it stored, and it is stored once.
    expect(applied.map((one) => one?.version)).toEqual([2, 2]);
    expect(applied.filter((one) => one?.status === 'changed').length).toBeGreaterThan(0);
    const { versions } = await bench.json<{ versions: unknown[] }>('job', 'versions', id);
    expect(versions).toHaveLength(2);
    expect((await bench.schedule(id)).description.spec.intervals).toEqual([{ every: 1_209_600_000, offset: 0 }]);
  });

  it('a run under way keeps the job that it began with, whatever is applied meanwhile', async () => {
    const id = bench.job('snapshot');
    const holder = await hold(id);
    bench.write(id, { title: 'Another job', guards: { min_records: 1 }, transformers: [] });
    expect((await start('apply', id).ended).stdout).toContain('version 1 → 2');
    const approved = await start('approve', holder.run, '--json').ended;
    expect(JSON.parse(approved.stdout)).toMatchObject({
      outcome: 'success',
      title: 'Lines',
      version: 1,
      tasks: [{ trips: [{ guard: 'min_records' }] }],
    });
    expect(await bench.json<RunReport>('run', id)).toMatchObject({ title: 'Another job', version: 2 });
  });

  it('a job cannot be deleted under a run', async () => {
    const id = bench.job('deleted');
    const holder = await hold(id);
    const { code, stderr } = await start('job', 'delete', id, '--yes').ended;
    expect(code).toBe(2);
    expect(stderr).toContain(
      `Expected no run of job ${id} to be active, found ${holder.run} (waiting). Wait for its end, or end it: node ${PROGRAM} cancel ${holder.run}`,
    );
    await bench.cli(['discard', holder.run]);
  });
});

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}
