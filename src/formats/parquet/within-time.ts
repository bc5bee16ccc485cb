/** Ends work that would never come back, such as a loop of a library over damaged bytes. */
import { runInNewContext } from 'node:vm';

/** A column takes a second for 50 MB. A step whose event loop does not turn for a minute is ended. */
export function columnMilliseconds(bytes: number): number {
  return Math.min(50_000, 10_000 + Math.ceil(Math.max(0, bytes) / 5_000));
}

/** Returns what `work` returns. Throws if it takes longer, also out of a loop without an end. */
export function withinTime<T>(work: () => T, milliseconds: number): T {
  try {
    return runInNewContext('work()', { work }, { timeout: milliseconds }) as T;
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new Error(`a column is damaged, or takes longer than ${String(Math.round(milliseconds / 100) / 10)} seconds`);
  }
}

/** An error of another context is no instance of our Error. */
function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
