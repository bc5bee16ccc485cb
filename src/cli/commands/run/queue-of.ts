/** Returns the task queue of a run from Temporal: `--queue` may have named another one than the job. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { StateError } from '../../../errors.ts';
import type { RunRow } from '../../../postgres/ledger/run-rows.ts';
import { failingAs } from '../../../temporal/client.ts';

/** Throws StateError E_RUN_STATE when Temporal no longer knows the run. */
export async function queueOf(client: Client, run: RunRow): Promise<string> {
  return failingAs(`look at workflow ${run.workflow_id}`, async () => {
    try {
      return (await client.workflow.getHandle(run.workflow_id).describe()).taskQueue;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw new StateError(
        'E_RUN_STATE',
        `Temporal no longer knows the workflow ${run.workflow_id} of run ${run.id}. End it in the ledger: vocab-sync cancel ${run.id}`,
        { cause: error, details: { run: run.id } },
      );
    }
  });
}
