/**
 * Notices of a run, sent by activities of the run itself, so that the list of runs has one row for each. Nothing waits for
 * them while the run works. At its end they get a few seconds; a channel that cannot be reached by then is left to a
 * workflow of its own, so that the end of the run is not held up and the notice is still delivered.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ParentClosePolicy,
  condition,
  patched,
  proxyActivities,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunActivities } from '../activities/create-activities.ts';
import type { NotifyInput } from '../src/pipeline/run-steps.ts';
import type { NoticeEvent } from '../src/records/outcome.ts';
import { notify } from './notify.ts';
import { DEFAULT_HEARTBEAT_SECONDS, NOTICES_AT_END_MILLISECONDS, POLICIES } from './policies.ts';

export interface Notices {
  wants(event: NoticeEvent): boolean;
  /** Returns at once, and does nothing where nobody wants to know of the event. */
  send(event: NoticeEvent, about?: string): Promise<void>;
  /** Called last: waits for what was sent, for a few seconds. */
  settle(): Promise<void>;
}

const NOTICES_IN_RUN = 'notices-in-run';

/** `run` is the id in the ledger. */
export function openNotices(job: string, run: string, wanted: readonly NoticeEvent[], installation?: string): Notices {
  const pending = new Map<string, NotifyInput>();
  const scope = new CancellationScope({ cancellable: false });
  let sent = 0;
  const steps = proxyActivities<RunActivities>({
    ...POLICIES.notice,
    heartbeatTimeout: DEFAULT_HEARTBEAT_SECONDS * 1000,
    cancellationType: 'TRY_CANCEL',
  });
  const wants = (event: NoticeEvent): boolean => wanted.includes(event);
  return {
    wants,
    async send(event, about = '') {
      if (!wants(event)) return;
      const input: NotifyInput = { run, event, about, ...(installation === undefined ? {} : { installation }) };
      if (!patched(NOTICES_IN_RUN)) return startWorkflow(job, input);
      sent += 1;
      const activityId = `notify:${event}:${String(sent)}`;
      pending.set(activityId, input);
      const options = { activityId, summary: `notify of ${event}` };
      void scope
        .run(() => steps.notify.executeWithOptions(options, [input]))
        // The ledger has what was refused; a notice never decides how a run ends.
        .catch(() => undefined)
        .then(() => pending.delete(activityId));
    },
    settle: () =>
      CancellationScope.nonCancellable(async () => {
        if (pending.size === 0) return;
        const isQuiet = await condition(() => pending.size === 0, NOTICES_AT_END_MILLISECONDS, {
          summary: 'notices are being delivered',
        });
        if (isQuiet) return;
        for (const input of [...pending.values()]) await startWorkflow(job, input);
      }),
  };
}

async function startWorkflow(job: string, input: NotifyInput): Promise<void> {
  try {
    await startChild(notify, {
      args: [input],
      workflowId: `${workflowInfo().workflowId}/notice:${input.event}`,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `notify of ${job}: ${input.event}`,
    });
  } catch (thrown) {
    // An earlier one is still working: after a reset of the run, or for the plan that waited before.
    if (!(thrown instanceof WorkflowExecutionAlreadyStartedError)) throw thrown;
  }
}
