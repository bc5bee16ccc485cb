/**
 * Stores in the ledger the duration, the error and the log of each attempt of a step. This record is only for
 * inspection: if it cannot be written, the step continues and the worker logs the failure.
 */
import type { Logger } from '../component/services.ts';
import { VocabSyncError, messageOf } from '../errors.ts';
import { redactClipped } from '../logging/redact.ts';
import { appendLog, beginAttempt, endAttempt, lastAttempts, type LogLevel } from '../postgres/ledger/run-log.ts';
import type { RunFailure } from '../records/run.ts';
import type { Engine } from './engine.ts';
import { MOST_LOST, afterDeath, refuseAfterLosses } from './lost-attempts.ts';
import type { RunSteps, StepContext } from './run-steps.ts';

/** Characters of a message, and of a text in a field, that the ledger keeps. */
const LONGEST_MESSAGE = 2_000;

type StepName = keyof RunSteps;
interface StepPlace {
  readonly run: string;
  readonly task?: string;
  readonly partition?: number;
  readonly event?: string;
  readonly target?: string;
}

/** `make` binds the steps to an engine; each call gets one whose logger writes into the log of the run, too. */
export function recordSteps(engine: Engine, make: (engine: Engine) => RunSteps): RunSteps {
  const recorded =
    <K extends StepName>(name: K) =>
    (input: Parameters<RunSteps[K]>[0], context: StepContext): ReturnType<RunSteps[K]> => {
      const call = (own: Engine): Promise<unknown> =>
        (make(own)[name] as (input: unknown, context: StepContext) => Promise<unknown>)(input, context);
      return recordStep(engine, name, input, context, call) as ReturnType<RunSteps[K]>;
    };
  return {
    // The run is written down by this step itself, or not at all.
    resolveRun: (input, context) => make(engine).resolveRun(input, context),
    fetchSource: recorded('fetchSource'),
    stagePartition: recorded('stagePartition'),
    compareTargets: recorded('compareTargets'),
    verifyTarget: recorded('verifyTarget'),
    measureImpact: recorded('measureImpact'),
    awaitApproval: recorded('awaitApproval'),
    applyChanges: recorded('applyChanges'),
    publishTarget: recorded('publishTarget'),
    undoRun: recorded('undoRun'),
    finishRun: recorded('finishRun'),
    notify: recorded('notify'),
  };
}

async function recordStep<T>(
  engine: Engine,
  step: StepName,
  place: StepPlace,
  context: StepContext,
  call: (engine: Engine) => Promise<T>,
): Promise<T> {
  const log = openLog(engine, place.run);
  const about = { step, ...(place.task === undefined ? {} : { task: place.task }) };
  const part = { step, ...partOf(place) };
  const before = (await log.keep(() => lastAttempts(engine.pool, place.run, part, MOST_LOST))) ?? [];
  const attempt = await log.keep(() => beginAttempt(engine.pool, place.run, part));
  const started = Date.now();
  const end = async (error?: RunFailure): Promise<void> => {
    if (attempt !== undefined) await log.keep(() => endAttempt(engine.pool, attempt, error));
    await log.settle();
  };
  try {
    refuseAfterLosses(before);
    const result = await call(withLogger(engine, log.logger));
    log.write('info', 'The step ended.', { ...about, took_ms: Date.now() - started });
    await end();
    return result;
  } catch (failure) {
    const thrown = afterDeath(failure, before);
    const error = context.signal.aborted ? interruption(context.signal.reason) : failureOf(thrown);
    if (context.signal.aborted) log.write('info', 'The step was interrupted.', { ...about, reason: error.message });
    // The end of the run reports a failure that is not retried: one line for each event.
    else if (isRetried(thrown))
      log.logger.warn('The step failed and is tried again.', { run: place.run, ...about, ...error });
    else log.write('error', 'The step failed.', { ...about, ...error });
    await end(error);
    throw thrown;
  }
}

function partOf({ task, partition, event, target }: StepPlace): {
  readonly task: string | null;
  readonly part: string | null;
} {
  return { task: task ?? null, part: partition === undefined ? (event ?? target ?? null) : String(partition) };
}

function withLogger(engine: Engine, logger: Logger): Engine {
  return { ...engine, logger, services: { ...engine.services, logger } };
}

interface RunLog {
  /** Writes to the logger of the engine as well. */
  readonly logger: Logger;
  write(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Undefined if the ledger could not be written; the step does not depend on it. */
  keep<T>(work: () => Promise<T>): Promise<T | undefined>;
  settle(): Promise<void>;
}

function openLog({ pool, logger }: Engine, run: string): RunLog {
  let writing: Promise<unknown> = Promise.resolve();
  const keep = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      logger.warn('The log of the run could not be kept.', { run, error });
      return undefined;
    }
  };
  const write = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void => {
    const line = {
      level,
      message: redactClipped(message, LONGEST_MESSAGE),
      fields: fields === undefined ? undefined : toPlain(fields),
    };
    writing = writing.then(() => keep(() => appendLog(pool, run, line)));
  };
  const tee = (level: Exclude<LogLevel, 'debug'>) => (message: string, fields?: Record<string, unknown>) => {
    logger[level](message, fields);
    write(level, message, fields);
  };
  return {
    logger: {
      debug: (message, fields) => {
        logger.debug(message, fields);
      },
      info: tee('info'),
      warn: tee('warn'),
      error: tee('error'),
    },
    write,
    keep,
    settle: async () => {
      await writing;
    },
  };
}

/** Redacted JSON; an error in a field is replaced by its message. */
function toPlain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(fields, (_name, value: unknown) =>
    value instanceof Error
      ? messageOf(value)
      : typeof value === 'bigint'
        ? value.toString()
        : typeof value === 'string'
          ? redactClipped(value, LONGEST_MESSAGE)
          : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

/** Why Temporal or the watch over stalled steps ended an attempt. Nothing failed, so it is no error of the step. */
function interruption(reason: unknown): RunFailure {
  if (reason instanceof VocabSyncError) return failureOf(reason);
  const message = INTERRUPTIONS[messageOf(reason)] ?? `The step was interrupted: ${messageOf(reason)}.`;
  return { code: 'E_STEP_INTERRUPTED', message };
}

/** By the reason that the Temporal SDK gives. */
const INTERRUPTIONS: Readonly<Record<string, string>> = {
  WORKER_SHUTDOWN: 'The worker was stopped, the step was handed over.',
  CANCELLED: 'The run was cancelled.',
  PAUSED: 'The step was paused in Temporal.',
  RESET: 'The step was reset in Temporal.',
  NOT_FOUND: 'Temporal no longer waited for this attempt: it took too long, or the run had ended.',
  TIMED_OUT: 'The attempt took too long.',
};

function failureOf(thrown: unknown): RunFailure {
  const code = thrown instanceof VocabSyncError ? thrown.code : codeOf(thrown);
  return { code, message: redactClipped(messageOf(thrown), LONGEST_MESSAGE) };
}

function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : 'E_INTERNAL';
}

/** Decides as activities/failure.ts does, for errors that the engine throws itself. */
function isRetried(thrown: unknown): boolean {
  return !(thrown instanceof VocabSyncError) || thrown.kind === 'unavailable';
}
