/**
 * The one place where an activity ends. A step that was aborted may throw anything (AbortError, a broken socket); what
 * counts is why it was aborted. Temporal accepts an end as "paused", "reset" or "cancelled" only as the CancelledFailure
 * that it sent, and a bare AbortError of a paused attempt would hang until its heartbeat timeout.
 */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { handOver, toApplicationFailure, type Redact } from './failure.ts';

export function activityEnding(redact: Redact): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (thrown) {
          throw failureOf(context, thrown, redact);
        }
      },
    },
  });
}

function failureOf(context: Context, thrown: unknown, redact: Redact): unknown {
  if (!context.cancellationSignal.aborted) return toApplicationFailure(thrown, redact);
  return context.cancellationDetails?.workerShutdown === true ? handOver() : context.cancellationSignal.reason;
}
