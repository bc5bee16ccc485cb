/**
 * Converts the error of a step for the ledger and the Web UI. This is the only file in workflows/ that creates an
 * ApplicationFailure.
 */
import { ActivityFailure, ApplicationFailure, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { RunFailure } from '../src/pipeline/run-steps.ts';

const STAGE_LOST = 'E_STAGE_LOST';

/** The code that activities/failure.ts gave the failure, its message and its details. */
export function toRunFailure(failure: TemporalFailure): RunFailure {
  const cause = failure instanceof ActivityFailure ? (failure.cause ?? failure) : failure;
  if (cause instanceof ApplicationFailure) {
    return { code: cause.type ?? 'E_INTERNAL', message: cause.message, ...detailsOf(cause) };
  }
  if (cause instanceof TimeoutFailure) {
    const last = cause.cause instanceof Error ? ` Its last failure: ${cause.cause.message}` : '';
    const step = failure instanceof ActivityFailure ? failure.activityType : 'a step';
    return {
      code: 'E_STEP_TIMEOUT',
      message: `The step ${step} did not end in time (${String(cause.timeoutType)}).${last}`,
    };
  }
  return { code: 'E_INTERNAL', message: cause.message };
}

/** The database crashed and its unlogged tables are empty: going back to the stage helps, trying again does not. */
export function isStageLost(thrown: unknown): boolean {
  return thrown instanceof TemporalFailure && toRunFailure(thrown).code === STAGE_LOST;
}

/** Ends the workflow as failed, which the Web UI shows in red. */
export function failedRun(failure: RunFailure, cause: Error): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: true,
    details: failure.details === undefined ? [] : [failure.details],
    cause,
  });
}

/** A decision that came too late, between its validation and its handling. */
export function decisionFailure(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'E_RUN_STATE');
}

export function settingFailure(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'E_SETTINGS_INVALID');
}

function detailsOf(failure: ApplicationFailure): Pick<RunFailure, 'details'> {
  const details: unknown = failure.details?.[0];
  return typeof details === 'object' && details !== null ? { details: details as Record<string, unknown> } : {};
}
