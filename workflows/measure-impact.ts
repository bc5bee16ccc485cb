/** Measures the impact of a task for `vocab-sync impact`, and notifies its run, which may wait for approval. */
import { TemporalFailure, getExternalWorkflowHandle, proxyActivities } from '@temporalio/workflow';
import type { RunActivities } from '../activities/create-activities.ts';
import type { ImpactInput, MeasuredImpact } from '../src/pipeline/run-steps.ts';
import { impactSignal } from './board.ts';
import { failedRun, toRunFailure } from './failure.ts';
import { DEFAULT_HEARTBEAT_SECONDS, POLICIES } from './policies.ts';

export interface MeasureRequest {
  readonly input: ImpactInput;
  /** The workflow of the run, where the run waits for approval. */
  readonly waiting?: { readonly workflowId: string; readonly runId: string };
}

const steps = proxyActivities<RunActivities>({
  ...POLICIES.impact,
  heartbeatTimeout: DEFAULT_HEARTBEAT_SECONDS * 1000,
});

/** Fails with the code of what went wrong. */
export async function measureImpact({ input, waiting }: MeasureRequest): Promise<MeasuredImpact> {
  const measured = await measure(input);
  if (waiting === undefined) return measured;
  const { workflowId, runId } = waiting;
  try {
    await getExternalWorkflowHandle(workflowId, runId).signal(impactSignal, {
      task: input.task,
      impacts: measured.impacts,
    });
  } catch (thrown) {
    // The run ended in the meantime. The ledger has the measurement.
    if (!(thrown instanceof TemporalFailure)) throw thrown;
  }
  return measured;
}

async function measure(input: ImpactInput): Promise<MeasuredImpact> {
  try {
    const label = { activityId: 'impact', summary: `impact of ${input.task}` };
    return await steps.measureImpact.executeWithOptions(label, [input]);
  } catch (thrown) {
    if (!(thrown instanceof TemporalFailure)) throw thrown;
    throw failedRun(toRunFailure(thrown), thrown);
  }
}
