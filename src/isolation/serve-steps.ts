/** The inside of a step process: it makes an engine, then runs one step after the other as its worker asks. */
import type { Logger } from '../component/services.ts';
import { messageOf } from '../errors.ts';
import type { RunSteps, StepContext, StepProgress } from '../pipeline/run-steps.ts';
import type { FromProcess, StepSetup, ToProcess } from './messages.ts';
import { watchProcess } from './watch-process.ts';
import { fromWire, toWire } from './wire-error.ts';

interface StepParts {
  readonly logger: Logger;
  /** Called with every secret that is resolved. */
  readonly onSecret: (text: string) => void;
}

export type MakeSteps = (
  setup: StepSetup,
  parts: StepParts,
) => Promise<Pick<RunSteps, 'fetchSource' | 'stagePartition'>>;

const BEAT_MILLISECONDS = 1000;
/** Heartbeats go out every two seconds; more would only fill the channel. */
const PROGRESS_MILLISECONDS = 250;

/** Never returns to its caller's work: the process lives as long as its channel. */
export function serveSteps(make: MakeSteps): void {
  // A terminal or a service manager signals the whole group. The worker decides what ends and says so.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.title = 'vocab-sync step';
  process.on('disconnect', () => process.exit(0));
  setInterval(() => {
    say({ kind: 'beat' });
  }, BEAT_MILLISECONDS).unref();
  let steps: ReturnType<MakeSteps> | undefined;
  let abort = new AbortController();
  // An unhandled error of a plug-in or a library: the current step fails with it, and this process ends.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      say({ kind: 'failed', error: toWire(error), memory: process.memoryUsage.rss() }, () => process.exit(1));
    });
  }
  process.on('message', (message: ToProcess) => {
    if (message.kind === 'setup') {
      watchProcess(message.setup.memory);
      steps = make(message.setup, { logger: remoteLogger(), onSecret: sendSecret });
      steps.catch(() => undefined);
    } else if (message.kind === 'abort') {
      abort.abort(fromWire(message.reason));
    } else {
      abort = new AbortController();
      void runStep(steps, message, abort.signal);
    }
  });
}

async function runStep(
  made: ReturnType<MakeSteps> | undefined,
  { step, input }: Extract<ToProcess, { kind: 'run' }>,
  signal: AbortSignal,
): Promise<void> {
  const progress = paced();
  try {
    const steps = await made;
    if (steps === undefined) throw new Error('a step was asked for before the setup');
    const call = steps[step] as (input: unknown, context: StepContext) => Promise<unknown>;
    const result = await call(input, { signal, onProgress: progress.tell });
    progress.flush();
    say({ kind: 'done', result, memory: process.memoryUsage.rss() });
  } catch (error) {
    progress.flush();
    say({ kind: 'failed', error: toWire(error), memory: process.memoryUsage.rss() });
  }
}

function paced(): { tell(progress: StepProgress): void; flush(): void } {
  let last: StepProgress | undefined;
  let sentAt = 0;
  const flush = (): void => {
    if (last !== undefined) say({ kind: 'progress', progress: last });
    last = undefined;
    sentAt = Date.now();
  };
  return {
    tell(progress) {
      last = progress;
      if (Date.now() - sentAt >= PROGRESS_MILLISECONDS) flush();
    },
    flush,
  };
}

function sendSecret(text: string): void {
  say({ kind: 'secret', text });
}

function remoteLogger(): Logger {
  const at =
    (level: keyof Logger) =>
    (message: string, fields?: Record<string, unknown>): void => {
      say({ kind: 'log', level, message, ...(fields === undefined ? {} : { fields: plain(fields) }) });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Errors by their messages; what JSON cannot hold is left out. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  try {
    const text = JSON.stringify(fields, (_name, value: unknown) => {
      if (value instanceof Error) return messageOf(value);
      return typeof value === 'bigint' ? value.toString() : value;
    });
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { note: 'The fields cannot be shown.' };
  }
}

/** A worker that is gone hears nothing; `disconnect` then ends the process. */
function say(message: FromProcess, then: () => void = () => undefined): void {
  if (!process.connected) {
    then();
    return;
  }
  process.send?.(message, undefined, undefined, () => {
    then();
  });
}
