/** What a worker sees of a step whose process is well, fails, fills its memory, hangs or dies. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openStepProcesses, type ProcessLimits, type StepProcesses } from '../../src/isolation/step-processes.ts';
import type { StepSetup } from '../../src/isolation/messages.ts';
import type { Logger } from '../../src/component/services.ts';
import type { StepProgress } from '../../src/pipeline/run-steps.ts';

const PROGRAM = join(import.meta.dirname, '../support/bad-step-process.ts');

let processes: StepProcesses | undefined;
afterEach(() => {
  processes?.close();
});

interface Heard {
  readonly secrets: string[];
  readonly logged: unknown[];
  readonly progress: StepProgress[];
}

function open(
  limits: Partial<ProcessLimits> = {},
  megabytes = 220,
  mostProcesses = 8,
  execPath: string = process.execPath,
) {
  const heard: Heard = { secrets: [], logged: [], progress: [] };
  const log = (message: string, fields?: Record<string, unknown>) => heard.logged.push([message, fields]);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const forked: ChildProcess[] = [];
  const opened = openStepProcesses({
    fork: () => {
      const child = fork(PROGRAM, {
        execPath,
        execArgv: ['--import', 'tsx', `--max-old-space-size=${String(megabytes / 2)}`],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      forked.push(child);
      return child;
    },
    setup: { memory: { mostBytes: megabytes * 1024 ** 2 } } as StepSetup,
    onSecret: (text) => heard.secrets.push(text),
    limits,
    mostProcesses,
  });
  processes = opened;
  const run = (task: string, signal: AbortSignal = new AbortController().signal, id = 'r') =>
    opened.run('fetchSource', { run: id, task }, { signal, onProgress: (one) => heard.progress.push(one) }, logger);
  return { heard, forked, run, prepare: opened.prepare, close: opened.close };
}

describe('a step in a process of its own', () => {
  it('answers, logs and tells its secrets; the process is kept for the next step', async () => {
    const { heard, run } = open();
    const first = await run('echo');
    expect(await run('echo')).toEqual(first);
    expect(heard.secrets).toContain('a-secret-text');
    expect(heard.logged).toContainEqual(['The step begins.', { task: 'echo', cause: 'told by its message' }]);
  });

  it('throws what the step throws, with all that decides about another attempt', async () => {
    await expect(open().run('unavailable')).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'E_SOURCE_UNAVAILABLE',
      kind: 'unavailable',
      retryAfter: 5000,
      details: { status: 503 },
    });
  });

  it('fails with an error that nobody in the process awaits', async () => {
    await expect(open().run('later')).rejects.toThrow('nobody awaits this');
  });

  it.each(['heap', 'buffers'])('fails alone with E_STEP_MEMORY when it fills its %s', async (task) => {
    const { run } = open();
    const thrown = expect(run(task)).rejects.toMatchObject({ code: 'E_STEP_MEMORY', details: { megabytes: 220 } });
    expect(await run('echo')).toMatchObject({ kind: 'unchanged' });
    await thrown;
  });

  it('is ended with E_STEP_STUCK when its event loop does not turn', async () => {
    const { run } = open({ stuckSeconds: 3 });
    await expect(run('loop')).rejects.toMatchObject({ code: 'E_STEP_STUCK', details: { seconds: 3 } });
  });

  it('is tried again when its process dies for another reason', async () => {
    await expect(open().run('exit')).rejects.toMatchObject({
      code: 'E_STEP_ENDED',
      kind: 'unavailable',
      details: { code: 7 },
    });
  });

  it.each(['waits', 'deaf'])('ends with the reason of its signal when it %s', async (task) => {
    const { heard, run } = open({ abortSeconds: 2 });
    const stop = new AbortController();
    const ended = run(task, stop.signal);
    ended.catch(() => undefined);
    while (heard.progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort(new Error('the run was cancelled'));
    await expect(ended).rejects.toThrow('the run was cancelled');
  });

  it('waits for a place, reports that, and runs when another step has ended', async () => {
    const { heard, run } = open({ abortSeconds: 1 }, 220, 1);
    const stop = new AbortController();
    const first = run('waits', stop.signal);
    first.catch(() => undefined);
    const second = run('echo');
    expect(heard.progress).toContainEqual({ step: 'fetchSource', waiting: 'for one of 1 step processes' });
    expect(heard.logged).toContainEqual([
      'A step waits until another step of this worker ends.',
      { run: 'r', task: 'echo', step: 'fetchSource', running: 1 },
    ]);
    const cancel = new AbortController();
    const third = run('echo', cancel.signal);
    cancel.abort(new Error('cancelled while it waits'));
    await expect(third).rejects.toThrow('cancelled while it waits');
    stop.abort(new Error('the run was cancelled'));
    await expect(first).rejects.toThrow('the run was cancelled');
    expect(await second).toMatchObject({ kind: 'unchanged' });
  });

  it('gives a free place to the run with the fewest steps', async () => {
    const { run } = open({ abortSeconds: 1 }, 220, 2);
    const stops = [new AbortController(), new AbortController()];
    const large = stops.map((stop) => run('waits', stop.signal, 'large'));
    const ended: string[] = [];
    const third = run('echo', undefined, 'large').then(() => ended.push('large'));
    const small = run('echo', undefined, 'small').then(() => ended.push('small'));
    for (const stop of stops.slice(0, 1)) stop.abort(new Error('cancelled'));
    await expect(large[0]).rejects.toThrow('cancelled');
    await Promise.all([third, small]);
    expect(ended).toEqual(['small', 'large']);
    stops[1]?.abort(new Error('cancelled'));
    await expect(large[1]).rejects.toThrow('cancelled');
  });

  it('does not outlive its worker', async () => {
    const { run } = open();
    const { reason } = (await run('echo')) as { reason: string };
    processes?.close();
    const isAlive = () => {
      try {
        return process.kill(Number(reason), 0);
      } catch {
        return false;
      }
    };
    while (isAlive()) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isAlive()).toBe(false);
  });
});

describe('a process that was started in advance', () => {
  it('runs the next step, and several calls start one', async () => {
    const { forked, run, prepare } = open();
    prepare();
    prepare();
    expect(await run('echo')).toMatchObject({ reason: String(forked[0]?.pid) });
    prepare();
    expect(await run('echo')).toMatchObject({ reason: String(forked[0]?.pid) });
    expect(forked).toHaveLength(1);
  });

  it('counts as one of the processes that there may be', async () => {
    const { forked, heard, run, prepare } = open({ abortSeconds: 1 }, 220, 1);
    const stop = new AbortController();
    const first = run('waits', stop.signal);
    first.catch(() => undefined);
    while (heard.progress.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    prepare();
    const second = run('echo');
    prepare();
    expect(forked).toHaveLength(1);
    stop.abort(new Error('the run was cancelled'));
    await expect(first).rejects.toThrow('the run was cancelled');
    expect(await second).toMatchObject({ reason: String(forked[0]?.pid) });
  });

  it('ends by itself if no step needs it', async () => {
    const { forked, run, prepare } = open({ idleSeconds: 0.1 });
    prepare();
    expect(await once(forked[0] as ChildProcess, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await run('echo')).toMatchObject({ reason: String(forked[1]?.pid) });
  });

  it('ends with its worker, which then starts no other', async () => {
    const { forked, prepare, close } = open();
    prepare();
    const ended = once(forked[0] as ChildProcess, 'exit');
    close();
    prepare();
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(forked).toHaveLength(1);
  });

  it('fails the step, and nothing before it, if it cannot be started', async () => {
    const { run, prepare } = open({}, 220, 8, '/nowhere/node');
    prepare();
    await expect(run('echo')).rejects.toMatchObject({ code: 'E_STEP_ENDED', kind: 'unavailable' });
    prepare();
    await new Promise((resolve) => setImmediate(resolve));
    await expect(run('echo')).rejects.toMatchObject({ code: 'E_STEP_ENDED', kind: 'unavailable' });
  });
});
