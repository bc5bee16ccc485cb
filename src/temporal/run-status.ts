/** What Temporal knows about a run without asking a worker. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
// The package exports nothing by name to Node's ESM.
import proto from '@temporalio/proto';
import type { HeartbeatDetails } from '../../activities/heartbeat.ts';
import { FOREIGN_INSTALLATION } from '../records/foreign-installation.ts';
import { failingAs } from './client.ts';
import { installationOf } from './poller-identity.ts';

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
  /** Its last attempt reached a worker of another installation. Then there is no `lastFailure`. */
  readonly handedBack: boolean;
}

/** The ledger asks this about the holder of a job: anything but `running` lets the next run take over. */
export async function workflowStatus(client: Client, run: RunReference): Promise<WorkflowStatus> {
  const description = await describe(client, run);
  return description === undefined ? 'missing' : statusOf(description);
}

/** Reads what Temporal waits for in an active run. */
export interface PendingWork {
  readonly steps: readonly PendingStep[];
  /** Since when something is ready that no worker has taken up; undefined where nothing is. */
  readonly untakenSince: Date | undefined;
}

export async function pendingWork(client: Client, run: RunReference): Promise<PendingWork> {
  const description = await describe(client, run);
  return { steps: stepsOf(description), untakenSince: untakenSince(description) };
}

export async function pendingSteps(client: Client, run: RunReference): Promise<readonly PendingStep[]> {
  return stepsOf(await describe(client, run));
}

function stepsOf(description: WorkflowExecutionDescription | undefined): readonly PendingStep[] {
  return (description?.raw.pendingActivities ?? []).map((pending) => {
    const payload = pending.heartbeatDetails?.payloads?.[0];
    const handedBack = pending.lastFailure?.applicationFailureInfo?.type === FOREIGN_INSTALLATION;
    return {
      id: pending.activityId ?? '',
      activity: pending.activityType?.name ?? '',
      attempt: pending.attempt ?? 1,
      paused: pending.paused ?? false,
      progress: payload ? defaultPayloadConverter.fromPayload<HeartbeatDetails>(payload) : undefined,
      lastFailure: handedBack ? undefined : (pending.lastFailure?.message ?? undefined),
      handedBack,
    };
  });
}

/** Until the time of a retry is reached, nothing waits for a worker. */
function untakenSince(description: WorkflowExecutionDescription | undefined): Date | undefined {
  if (description === undefined) return undefined;
  const { pendingActivities, pendingWorkflowTask: task } = description.raw;
  const times = (pendingActivities ?? [])
    .filter(({ state, paused }) => state === ACTIVITY_READY && paused !== true)
    .map(({ scheduledTime }) => millisecondsOf(scheduledTime));
  if (task?.state === TASK_READY) times.push(millisecondsOf(task.scheduledTime));
  const since = Math.min(...times.filter((time) => time > 0 && time < Date.now()));
  return since === Infinity ? undefined : new Date(since);
}

function millisecondsOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);
}

/** A long poll of a worker lasts a minute, so one that has not asked for longer is gone. */
const POLL_MILLISECONDS = 70_000;
const { TaskQueueType, PendingActivityState, PendingWorkflowTaskState } = proto.temporal.api.enums.v1;
const ACTIVITY_READY = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED;
const TASK_READY = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED;
const TASK_KINDS = [TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY];

/** Whether a run on this queue would be executed: see QueueState. */
export async function isPolled(client: Client, queue: string, installation?: string): Promise<boolean> {
  return (await lookAtQueue(client, queue, installation)).polled;
}

export interface QueueState {
  /** One worker polls for workflows, and one of this installation, or of none that is known, for steps. */
  readonly polled: boolean;
  /** The other installations whose workers poll it. */
  readonly others: readonly string[];
  /** For how long the oldest task has waited for a worker; 0 where none waits. */
  readonly waitingSeconds: number;
}

/**
 * A worker that died a moment ago counts as polling until its last poll is over; tasks that wait tell sooner. Without an
 * installation every worker will do, and the first of several installations counts as ours.
 */
export async function lookAtQueue(client: Client, queue: string, installation?: string): Promise<QueueState> {
  const answers = await Promise.all(
    TASK_KINDS.map((taskQueueType) =>
      failingAs(`look who polls the queue ${queue}`, () =>
        client.workflowService.describeTaskQueue({
          namespace: client.options.namespace,
          taskQueue: { name: queue },
          taskQueueType,
          reportStats: true,
        }),
      ),
    ),
  );
  const polling = answers.map(({ pollers }) =>
    pollers
      .filter((poller) => Date.now() - millisecondsOf(poller.lastAccessTime) < POLL_MILLISECONDS)
      .map(({ identity }) => installationOf(identity)),
  );
  const all = [...new Set(polling.flat())].filter((one) => one !== undefined);
  const own = installation ?? all[0];
  const [forWorkflows = [], forSteps = []] = polling;
  return {
    polled: forWorkflows.length > 0 && forSteps.some((one) => one === undefined || one === own),
    others: all.filter((one) => one !== own),
    waitingSeconds: Math.max(...answers.map(({ stats }) => Number(stats?.approximateBacklogAge?.seconds ?? 0))),
  };
}

/** The latest execution of the run: a reset closes the first one, and the run continues in another. */
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
    // A paused execution continues, and so does one that continues as new. An unknown state is assumed to continue.
    default:
      return 'running';
  }
}
