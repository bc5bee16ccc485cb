/** Quick retries in place for what passes in a moment. Long waits are not ours: the caller's caller has a durable clock. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../errors.ts';

export interface RetryPolicy {
  /** Tries after the first that fail in a row before the error is passed on. */
  readonly retries: number;
  /** Milliseconds before the first retry; doubled each time. */
  readonly pause: number;
}

/** A server that named its time, or a full disk, does not get better within a second. */
export function isPassing(error: unknown): error is UnavailableError {
  return error instanceof UnavailableError && error.code === 'E_SOURCE_UNAVAILABLE';
}

export async function pauseBefore(retry: number, policy: RetryPolicy, signal: AbortSignal): Promise<void> {
  try {
    await sleep(policy.pause * 2 ** retry, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

export async function retrying<T>(policy: RetryPolicy, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error) || retry >= policy.retries) throw error;
      await pauseBefore(retry, policy, signal);
    }
  }
}
