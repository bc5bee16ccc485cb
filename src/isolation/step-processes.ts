/**
 * Runs each step that reads a source in its own process. If a source uses too much memory or time, only the process of
 * that attempt is ended. The worker, its heartbeats and all other jobs continue. See
 * docs/decisions/0013-steps-in-processes.md.
 */
import type { ChildProcess } from 'node:child_process';
import type { Logger } from '../component/services.ts';
import { LimitError, UnavailableError } from '../errors.ts';
import type { Isolation, IsolatedStep } from '../pipeline/engine.ts';
import type { StepContext, TaskInput } from '../pipeline/run-steps.ts';
import type { FromProcess, StepSetup, ToProcess } from './messages.ts';
import { MEMORY_MARK } from './messages.ts';
import { createStepPlaces } from './step-places.ts';
import { fromWire, toWire } from './wire-error.ts';

/**
 * `run` throws what the step throws; LimitError E_STEP_MEMORY or E_STEP_STUCK, or UnavailableError E_STEP_ENDED, if its
 * process was ended. `prepare` starts at most one process, which ends by itself if no step needs it.
 */
export interface StepProcesses extends Isolation {
  /** Ends all processes at once. */
  close(): void;
}

export interface StepProcessesOptions {
  /** Forks a process that calls `serveSteps`; its stderr is a pipe. */
  readonly fork: () => ChildProcess;
  readonly setup: StepSetup;
  readonly onSecret: (text: string) => void;
  readonly limits?: Partial<ProcessLimits>;
  /** How many processes there may be. Further steps wait. */
  readonly mostProcesses: number;
}

export interface ProcessLimits {
  /** A process whose event loop does not turn for this long is stuck. Records take milliseconds, a large document seconds. */
  readonly stuckSeconds: number;
  /** The time to commit the current batch after an abort; then the process is killed. */
  readonly abortSeconds: number;
  /** A process is kept for the next step for this long: starting one takes up to half a second. */
  readonly idleSeconds: number;
}

const DEFAULT_LIMITS: ProcessLimits = { stuckSeconds: 60, abortSeconds: 15, idleSeconds: 20 };
/** A process that has grown beyond this share of its limit is not kept. */
const KEPT_SHARE = 0.75;
/** How long the last output of an ended process is waited for: another process may hold its pipe open. */
const DRAIN_MILLISECONDS = 1000;
/** The end of stderr, where V8 writes why it exits. */
const KEPT_CHARACTERS = 8 * 1024;

export function openStepProcesses(options: StepProcessesOptions): StepProcesses {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const idle: StepProcess[] = [];
  const all = new Set<StepProcess>();
  const places = createStepPlaces(options.mostProcesses);
  let isClosed = false;

  const start = (): StepProcess => {
    const made = startProcess(options, () => {
      all.delete(made);
      const place = idle.indexOf(made);
      if (place >= 0) idle.splice(place, 1);
    });
    all.add(made);
    return made;
  };
  const keep = (one: StepProcess): void => {
    idle.push(one);
    one.endWhenIdle(limits.idleSeconds);
  };
  const give = (used: StepProcess, memory: number): void => {
    if (memory > options.setup.memory.mostBytes * KEPT_SHARE) used.kill();
    if (all.has(used)) keep(used);
  };

  return {
    run: (async (step: IsolatedStep, input: TaskInput, context: StepContext, logger: Logger) => {
      const leave = await places.enter(step, input, context, logger);
      try {
        return await runIn(
          idle.pop() ?? start(),
          give,
          options,
          limits,
          { kind: 'run', step, input: input },
          context,
          logger,
        );
      } finally {
        leave();
      }
    }) as Isolation['run'],
    prepare() {
      const kept = idle.at(-1);
      // It might end just before the step needs it.
      if (kept !== undefined) kept.endWhenIdle(limits.idleSeconds);
      else if (!isClosed && all.size < options.mostProcesses) keep(start());
    },
    close() {
      isClosed = true;
      for (const one of all) one.kill();
    },
  };
}

interface StepProcess {
  readonly child: ChildProcess;
  /** What it wrote to stderr last. */
  stderr(): string;
  send(message: ToProcess): void;
  kill(): void;
  endWhenIdle(seconds: number): void;
}

function startProcess(options: StepProcessesOptions, onEnd: () => void): StepProcess {
  const child = options.fork();
  let stderr = '';
  let timer: NodeJS.Timeout | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('latin1')).slice(-KEPT_CHARACTERS);
  });
  // Told by `exit` as well; without a listener a process that cannot be started would end the worker.
  child.on('error', onEnd);
  child.once('exit', () => {
    clearTimeout(timer);
    onEnd();
  });
  const send = (message: ToProcess): void => {
    clearTimeout(timer);
    child.send(message, () => undefined);
  };
  send({ kind: 'setup', setup: options.setup });
  return {
    child,
    stderr: () => stderr,
    send,
    kill: () => {
      onEnd();
      child.kill('SIGKILL');
    },
    endWhenIdle(seconds) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        onEnd();
        child.kill('SIGKILL');
      }, seconds * 1000);
      timer.unref();
    },
  };
}

function runIn(
  used: StepProcess,
  give: (used: StepProcess, memory: number) => void,
  { onSecret, setup }: StepProcessesOptions,
  limits: ProcessLimits,
  request: Extract<ToProcess, { kind: 'run' }>,
  { signal, onProgress }: StepContext,
  logger: Logger,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { child } = used;
    const silence = watchSilence(limits, signal, used.kill);
    const onAbort = (): void => {
      used.send({ kind: 'abort', reason: toWire(signal.reason) });
    };
    const settle = (end: () => void): void => {
      silence.stop();
      signal.removeEventListener('abort', onAbort);
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      end();
    };
    const onMessage = (message: FromProcess): void => {
      silence.heard();
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'log') logger[message.level](message.message, message.fields);
      else if (message.kind === 'secret') onSecret(message.text);
      else if (message.kind === 'done' || message.kind === 'failed') {
        settle(() => {
          give(used, message.memory);
          if (message.kind === 'done') resolve(message.result);
          else reject(fromWire(message.error));
        });
      }
    };
    const onExit = (code: number | null, killed: NodeJS.Signals | null): void => {
      settle(() => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (silence.isStuck()) reject(stuck(limits.stuckSeconds));
        else
          whenDrained(child, () => {
            reject(ended(used.stderr(), code, killed, setup));
          });
      });
    };
    const onError = (cause: Error): void => {
      settle(() => {
        reject(notStarted(cause));
      });
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    used.send(request);
    if (signal.aborted) onAbort();
  });
}

function notStarted(cause: Error): UnavailableError {
  return new UnavailableError('E_STEP_ENDED', `No process can be started for the step: ${cause.message}.`, { cause });
}

/** The last words on stderr say why a process ended, and may arrive after its exit. */
function whenDrained(child: ChildProcess, then: () => void): void {
  const timer = setTimeout(then, DRAIN_MILLISECONDS);
  child.once('close', () => {
    clearTimeout(timer);
    then();
  });
}

interface Silence {
  heard(): void;
  isStuck(): boolean;
  stop(): void;
}

/** Seconds are counted, not read from a clock: a machine that slept was not stuck. */
function watchSilence(limits: ProcessLimits, signal: AbortSignal, kill: () => void): Silence {
  let silent = 0;
  let aborting = 0;
  const isStuck = (): boolean => silent > limits.stuckSeconds;
  const timer = setInterval(() => {
    silent += 1;
    if (signal.aborted) aborting += 1;
    if (isStuck() || aborting > limits.abortSeconds) kill();
  }, 1000);
  return {
    heard() {
      silent = 0;
    },
    isStuck,
    stop() {
      clearInterval(timer);
    },
  };
}

/** What V8 writes when the heap is full, or a single object is larger than it may be. */
const HEAP_FULL = /heap out of memory|Reached heap limit|invalid (?:table|array) (?:size|length)|Allocation failed/;

function ended(stderr: string, code: number | null, killed: NodeJS.Signals | null, { memory }: StepSetup): Error {
  const found = stderr.includes(MEMORY_MARK) || HEAP_FULL.test(stderr);
  const megabytes = Math.round(memory.mostBytes / 1024 ** 2);
  if (found) {
    return new LimitError(
      'E_STEP_MEMORY',
      `Expected the step to need at most ${String(megabytes)} MB of memory, but what it reads needs more. Only its own process was ended.`,
      { details: { megabytes } },
    );
  }
  const how = killed === null ? `with exit code ${String(code)}` : `by ${killed}`;
  return new UnavailableError('E_STEP_ENDED', `The process of the step was ended ${how} before the step was done.`, {
    details: { ...(killed === null ? { code } : { signal: killed }) },
  });
}

function stuck(seconds: number): LimitError {
  return new LimitError(
    'E_STEP_STUCK',
    `Expected the step to come back from each record within ${String(seconds)} seconds, but it did not. Only its own process was ended.`,
    { details: { seconds } },
  );
}
