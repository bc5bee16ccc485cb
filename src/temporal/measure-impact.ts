/** Lets a worker measure the impact of a task, because it has the credentials of the targets. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { MeasureRequest, measureImpact as measureWorkflow } from '../../workflows/measure-impact.ts';
import type { MeasuredImpact } from '../pipeline/run-steps.ts';
import { messageOf } from '../errors.ts';
import type { RunFailure } from '../records/run.ts';
import { failingAs } from './client.ts';

export type Measured =
  | { readonly kind: 'measured'; readonly impact: MeasuredImpact }
  | { readonly kind: 'failed'; readonly error: RunFailure };

/** Joins a measurement of the task that is in progress. Throws UnavailableError while Temporal cannot be reached. */
export async function measureImpact(client: Client, queue: string, request: MeasureRequest): Promise<Measured> {
  const { run, task } = request.input;
  return failingAs(`measure the impact of run ${run}`, async () => {
    try {
      const impact = await client.workflow.execute<typeof measureWorkflow>('measureImpact', {
        workflowId: `vocab-sync/impact/${run}/${task}`,
        taskQueue: queue,
        args: [request],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `impact of run ${run}`,
      });
      return { kind: 'measured', impact };
    } catch (thrown) {
      if (!(thrown instanceof WorkflowFailedError)) throw thrown;
      const { cause } = thrown;
      const code = cause instanceof ApplicationFailure ? (cause.type ?? 'E_INTERNAL') : 'E_INTERNAL';
      return { kind: 'failed', error: { code, message: messageOf(cause ?? thrown) } };
    }
  });
}
