/**
 * The one place where an activity ends. A step that was aborted may throw anything (AbortError, a broken socket); what
 * counts is why it was aborted. Temporal accepts an end as "paused", "reset" or "cancelled" only as the CancelledFailure
 * that it sent, and a bare AbortError of a paused attempt would hang until its heartbeat timeout.
 */
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { withOwnSecrets } from '../src/logging/redact.ts';
import { handOver, toApplicationFailure, type Redact } from './failure.ts';

export function activityEnding(redact: Redact): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        // The secrets that this attempt resolves are masked in what leaves it, and forgotten with it.
        return withOwnSecrets(async () => {
          try {
            return withoutSecrets(await next(input), redact);
          } catch (thrown) {
            throw failureOf(context, thrown, redact);
          }
        });
      },
    },
  });
}

/** Other steps find tasks, targets and plans by these: they come from the job, and a job holds no secrets. */
const IDENTITIES = new Set(
  'run job kind workflowId workflow_id planDigest digest configDigest phase outcome event mode trigger code guard name task chain'.split(
    ' ',
  ),
);

/** Results stay in the history for good, as failures do, and quote the source too. Names of objects are left as they are. */
function withoutSecrets(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, IDENTITIES.has(key) ? item : withoutSecrets(item, redact)]),
  );
}

function failureOf(context: Context, thrown: unknown, redact: Redact): unknown {
  if (!context.cancellationSignal.aborted) return toApplicationFailure(thrown, redact);
  return context.cancellationDetails?.workerShutdown === true ? handOver() : context.cancellationSignal.reason;
}
