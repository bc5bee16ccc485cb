/**
 * Heartbeats for the whole of an activity, from one place: on entry, then from a timer, whatever the step does. They tell
 * Temporal that the worker lives, bring back cancel and pause, and show position, counts and rate in the Web UI.
 */
import { Context } from '@temporalio/activity';
import { UnavailableError } from '../src/errors.ts';
import { redactClipped } from '../src/logging/redact.ts';
import type { StepContext, StepProgress } from '../src/pipeline/run-steps.ts';

export interface HeartbeatOptions {
  /**
   * A step that tells nothing for this long is taken for hung: its heartbeats end and it is aborted, so that another
   * attempt begins. Long, because one statement of the database that works in silence is no hang.
   */
  readonly stallMilliseconds?: number;
}

/** What the card of a pending activity in the Web UI shows, and what `vocab-sync run` reads its progress from. */
export interface HeartbeatDetails extends Partial<StepProgress> {
  readonly attempt: number;
  /** Records read, or bytes where none are, per second since this attempt began to tell. */
  readonly per_second?: number;
  /** The percentage of the bytes, if their number is known. */
  readonly percent?: number;
  readonly ready_in_seconds?: number;
}

/** Two hours: an index on a table of 20 million records takes one. */
const DEFAULT_STALL_MILLISECONDS = 2 * 60 * 60 * 1000;
/** Cancel and pause arrive in the answer to a heartbeat, so this is how long they may take. */
const LONGEST_BEAT_MILLISECONDS = 2000;
const WITHOUT_TIMEOUT_MILLISECONDS = 60_000;

export async function underHeartbeat<T>(
  options: HeartbeatOptions,
  work: (context: StepContext) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const stall = new AbortController();
  const pace = watchPace(context.info.attempt);
  const beat = (): void => {
    context.heartbeat(pace.details());
  };
  const stallMilliseconds = options.stallMilliseconds ?? DEFAULT_STALL_MILLISECONDS;
  const timeout = context.info.heartbeatTimeoutMs ?? WITHOUT_TIMEOUT_MILLISECONDS;
  const timer = setInterval(
    () => {
      if (pace.silentFor() < stallMilliseconds) {
        beat();
        return;
      }
      clearInterval(timer);
      stall.abort(stalled(stallMilliseconds));
    },
    Math.min(timeout / 3, LONGEST_BEAT_MILLISECONDS),
  );
  beat();
  try {
    return await work({
      signal: AbortSignal.any([context.cancellationSignal, stall.signal]),
      onProgress: pace.tell,
    });
  } catch (thrown) {
    // What the step throws because it was aborted is of no interest: the hang is.
    if (stall.signal.aborted && !context.cancellationSignal.aborted) throw stall.signal.reason;
    throw thrown;
  } finally {
    clearInterval(timer);
  }
}

interface Pace {
  readonly tell: (progress: StepProgress) => void;
  readonly details: () => HeartbeatDetails;
  readonly silentFor: () => number;
}

function watchPace(attempt: number): Pace {
  let last: StepProgress | undefined;
  let first: { readonly at: number; readonly done: number; readonly begun: number } | undefined;
  let heardAt = Date.now();
  return {
    tell(progress) {
      last = progress;
      heardAt = Date.now();
      if (progress.waiting !== undefined) return;
      first ??= { at: heardAt, done: doneOf(progress), begun: sizeOf(progress).done ?? 0 };
    },
    details() {
      if (last?.waiting !== undefined) return { ...last, attempt };
      if (last === undefined || first === undefined) return { attempt };
      const seconds = (heardAt - first.at) / 1000;
      const rate = seconds < 1 ? {} : { per_second: Math.round((doneOf(last) - first.done) / seconds) };
      return { ...withoutSecrets(last), ...rate, ...shareOf(last, first.begun, seconds), attempt };
    },
    silentFor: () => Date.now() - heardAt,
  };
}

/** A position may hold names from the source. */
function withoutSecrets(progress: StepProgress): StepProgress {
  return progress.position === undefined ? progress : { ...progress, position: redactClipped(progress.position, 500) };
}

/** How far the step is and when it will be done, at the pace of this attempt. Nothing where the size is unknown. */
function shareOf(
  progress: StepProgress,
  begun: number,
  seconds: number,
): Pick<HeartbeatDetails, 'percent' | 'ready_in_seconds'> {
  const { done, total } = sizeOf(progress);
  if (done === undefined || total === undefined || total <= 0) return {};
  const percent = Math.min(100, Math.floor((100 * done) / total));
  const perSecond = (done - begun) / seconds;
  if (seconds < 1 || perSecond <= 0) return { percent };
  return { percent, ready_in_seconds: Math.max(0, Math.ceil((total - done) / perSecond)) };
}

/** The rate: in changes for a step that publishes, in bytes for others. */
function sizeOf({ bytes, totalBytes, done, total }: StepProgress): Pick<StepProgress, 'done' | 'total'> {
  if (done !== undefined && total !== undefined) return { done, total };
  return {
    ...(bytes === undefined ? {} : { done: bytes }),
    ...(totalBytes === undefined ? {} : { total: totalBytes }),
  };
}

function doneOf(progress: StepProgress): number {
  return progress.done ?? progress.counts?.read ?? progress.bytes ?? 0;
}

function stalled(milliseconds: number): UnavailableError {
  const seconds = Math.round(milliseconds / 1000);
  return new UnavailableError(
    'E_STEP_STALLED',
    `The step told nothing for ${String(seconds)} seconds and was given up; it is tried again.`,
    {
      details: { seconds },
    },
  );
}
