/** What a worker sees of a step whose process is well, fails, fills its memory, hangs or dies. */
import { fork } from 'node:child_process';
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

function open(limits: Partial<ProcessLimits> = {}, megabytes = 220) {
  const heard: Heard = { secrets: [], logged: [], progress: [] };
  const log = (message: string, fields?: Record<string, unknown>) => heard.logged.push([message, fields]);
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const opened = openStepProcesses({
    fork: () =>
      fork(PROGRAM, {
        execArgv: ['--import', 'tsx', `--max-old-space-size=${String(megabytes / 2)}`],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      }),
    setup: { memory: { mostBytes: megabytes * 1024 ** 2 } } as StepSetup,
    onSecret: (text) => heard.secrets.push(text),
    limits,
  });
  processes = opened;
  const run = (task: string, signal: AbortSignal = new AbortController().signal) =>
    opened.run('fetchSource', { run: 'r', task }, { signal, onProgress: (one) => heard.progress.push(one) }, logger);
  return { heard, run };
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
