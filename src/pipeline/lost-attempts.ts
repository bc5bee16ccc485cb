/**
 * Detects steps that end their worker or process. Another attempt may help, because memory and CPU time depend on the
 * other load of the machine. The third consecutive attempt at the same position will not: it would end one worker after
 * the other for days.
 */
import { LimitError, UnavailableError } from '../errors.ts';
import type { EarlierAttempt } from '../postgres/ledger/run-log.ts';

/** Attempts in a row. */
export const MOST_LOST = 3;

/** `before` are the last attempts, the latest first. Throws LimitError E_STEP_LOST. */
export function refuseAfterLosses(before: readonly EarlierAttempt[]): void {
  if (before.length < MOST_LOST || !before.every(({ lost, stood }) => lost && stood)) return;
  throw new LimitError(
    'E_STEP_LOST',
    `The last ${String(MOST_LOST)} attempts of this step ended together with their worker, and none of them came any further. It is not tried again.`,
    { details: { attempts: MOST_LOST } },
  );
}

/** Returns the error of the step: the end of its process is retried until it happens three times in a row. */
export function afterDeath(thrown: unknown, before: readonly EarlierAttempt[]): unknown {
  const isLimit = thrown instanceof LimitError && (thrown.code === 'E_STEP_MEMORY' || thrown.code === 'E_STEP_STUCK');
  const isEnded = thrown instanceof UnavailableError && thrown.code === 'E_STEP_ENDED';
  if (!isLimit && !isEnded) return thrown;
  const earlier = before.slice(0, MOST_LOST - 1);
  const isLast =
    earlier.length === MOST_LOST - 1 && earlier.every(({ code, stood }) => code === 'E_STEP_ENDED' && stood);
  if (isLimit && !isLast) {
    const { message, details } = thrown;
    return new UnavailableError('E_STEP_ENDED', `${message} The step is tried again.`, { details, cause: thrown });
  }
  if (!isEnded || !isLast) return thrown;
  const message = `The process of this step was ended ${String(MOST_LOST)} times in a row, and the step came no further. It is not tried again. ${thrown.message}`;
  return new LimitError('E_STEP_LOST', message, { details: thrown.details, cause: thrown });
}
