/**
 * Steps that end what they run in: attempts that took their worker with them, or their own process. Another attempt may
 * help, because memory and processor time depend on what else a machine does. The third in a row at the same place will
 * not: it would take down one worker after the other for days.
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

/** What the step fails with: the death of its process is tried again until it is the third in a row. */
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
