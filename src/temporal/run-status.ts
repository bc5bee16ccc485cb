/** What Temporal knows about a run without asking a worker. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
// The package exports nothing by name to Node's ESM.
import proto from '@temporalio/proto';
import type { HeartbeatDetails } from '../../activities/heartbeat.ts';
import { failingAs } from './client.ts';

/** `runId` is the run's id in the ledger: the first execution, which a reset in Temporal keeps. */
export interface RunReference {
  readonly workflowId: string;
  readonly runId: string;
}

export type WorkflowStatus = 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' | 'missing';

/** A step that Temporal waits for: on a worker now, or between two attempts. */
export interface PendingStep {
  /** `stage:main:0` */
  readonly id: string;
  readonly activity: string;
  readonly attempt: number;
  readonly paused: boolean;
  /** From the last heartbeat, at most a few seconds old. */
  readonly progress: HeartbeatDetails | undefined;
  readonly lastFailure: string | undefined;
}

/** The ledger asks this about the holder of a job: anything but `running` lets the next run take over. */
export async function workflowStatus(client: Client, run: RunReference): Promise<WorkflowStatus> {
  const description = await describe(client, run);
  return description === undefined ? 'missing' : statusOf(description);
}

export async function pendingSteps(client: Client, run: RunReference): Promise<readonly PendingStep[]> {
  const description = await describe(client, run);
  return (description?.raw.pendingActivities ?? []).map((pending) => {
    const payload = pending.heartbeatDetails?.payloads?.[0];
    return {
      id: pending.activityId ?? '',
      activity: pending.activityType?.name ?? '',
      attempt: pending.attempt ?? 1,
      paused: pending.paused ?? false,
      progress: payload ? defaultPayloadConverter.fromPayload<HeartbeatDetails>(payload) : undefined,
      lastFailure: pending.lastFailure?.message ?? undefined,
    };
  });
}

/** A long poll of a worker lasts a minute, so one that has not asked for longer is gone. */
const POLL_MILLISECONDS = 70_000;
const { TaskQueueType } = proto.temporal.api.enums.v1;
const TASK_KINDS = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];

/** Whether a run on this queue would go on: somebody polls for its workflow, and somebody for its steps. */
export async function isPolled(client: Client, queue: string): Promise<boolean> {
  const polled = await Promise.all(
    TASK_KINDS.map((taskQueueType) =>
      failingAs(`look who polls the queue ${queue}`, () =>
        client.workflowService.describeTaskQueue({
          namespace: client.options.namespace,
          taskQueue: { name: queue },
          taskQueueType,
        }),
      ),
    ),
  );
  return polled.every(({ pollers }) =>
    pollers.some((poller) => Date.now() - Number(poller.lastAccessTime?.seconds ?? 0) * 1000 < POLL_MILLISECONDS),
  );
}

/** The latest execution in the chain of the run: a reset closes the first one while the run goes on. */
async function describe(client: Client, run: RunReference): Promise<WorkflowExecutionDescription | undefined> {
  const latest = await describeExecution(client, run.workflowId);
  const firstRunId = latest?.raw.workflowExecutionInfo?.firstRunId;
  if (latest === undefined || latest.runId === run.runId || firstRunId === run.runId) return latest;
  return describeExecution(client, run.workflowId, run.runId);
}

async function describeExecution(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  return failingAs(`look at workflow ${workflowId}`, async () => {
    try {
      return await client.workflow.getHandle(workflowId, runId).describe();
    } catch (thrown) {
      if (thrown instanceof WorkflowNotFoundError) return undefined;
      throw thrown;
    }
  });
}

function statusOf(description: WorkflowExecutionDescription): WorkflowStatus {
  switch (description.status.name) {
    case 'COMPLETED':
      return 'completed';
    case 'FAILED':
      return 'failed';
    case 'CANCELLED':
      return 'cancelled';
    case 'TERMINATED':
      return 'terminated';
    case 'TIMED_OUT':
      return 'timed_out';
    // A paused one goes on, and so does one that continues as new; of anything unknown we assume that it may.
    default:
      return 'running';
  }
}
