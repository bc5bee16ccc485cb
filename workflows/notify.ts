/** Tells those who want to know of one event of a run. The step itself knows whom it told. */
import { proxyActivities } from '@temporalio/workflow';
import type { RunActivities } from '../activities/create-activities.ts';
import type { NotifyInput } from '../src/pipeline/run-steps.ts';
import { DEFAULT_HEARTBEAT_SECONDS, POLICIES } from './policies.ts';

const steps = proxyActivities<RunActivities>({
  ...POLICIES.notice,
  heartbeatTimeout: DEFAULT_HEARTBEAT_SECONDS * 1000,
});

export async function notify(input: NotifyInput): Promise<void> {
  await steps.notify.executeWithOptions({ activityId: 'notify', summary: `tell of ${input.event}` }, [input]);
}
