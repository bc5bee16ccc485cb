/** Lets a workflow of its own tell of an event, so that a run neither waits for a chat nor fails with it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { NotifyInput } from '../src/pipeline/run-steps.ts';
import type { NoticeEvent } from '../src/records/outcome.ts';
import { notify } from './notify.ts';

/** Does nothing where nobody wants to know of the event. */
export async function startNotice(job: string, input: NotifyInput, wanted: readonly NoticeEvent[]): Promise<void> {
  if (!wanted.includes(input.event)) return;
  try {
    await startChild(notify, {
      args: [input],
      workflowId: `${workflowInfo().workflowId}/notice:${input.event}`,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `tell of ${job}: ${input.event}`,
    });
  } catch (thrown) {
    // The one before is still at it: after a reset of the run, or of the plan that waited before.
    if (!(thrown instanceof WorkflowExecutionAlreadyStartedError)) throw thrown;
  }
}
