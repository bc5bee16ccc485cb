/** A worker: the workflow code, the activities, or both, on the task queue of the jobs. */
import {
  Worker,
  type NativeConnection,
  type WorkerOptions as SdkWorkerOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { createActivities } from '../../activities/create-activities.ts';
import { activityEnding } from '../../activities/interceptor.ts';
import type { Logger } from '../component/services.ts';
import { InternalError, UnavailableError, messageOf } from '../errors.ts';
import type { RunSteps } from '../pipeline/run-steps.ts';
import { failingAs } from './client.ts';
import { pollerIdentity } from './poller-identity.ts';
import { workflowSource } from './workflow-bundle.ts';

/** Both roles poll one queue: Temporal keeps workflow tasks and activity tasks of a name apart. */
export type WorkerRole = 'all' | 'workflow' | 'io';

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly queue: string;
  readonly steps: RunSteps;
  /** Takes secrets out of every text that leaves for Temporal. */
  readonly redact: (text: string) => string;
  readonly logger: Logger;
  /** Steps of other installations are returned, and pollers are distinguished by it. Absent: all steps are executed. */
  readonly installation?: string;
  readonly role?: WorkerRole;
  /** Absent: Worker Versioning is not used, and every worker of the queue takes every task. */
  readonly deployment?: { readonly name: string; readonly buildId: string };
  /** See activities/heartbeat.ts. */
  readonly stallMilliseconds?: number;
  /** Made beforehand, so that several workers of a process bundle once. */
  readonly workflowBundle?: Pick<WorkflowBundleWithSourceMap, 'code'>;
}

export interface RunningWorker {
  /** Settles when the worker has ended: resolved after `drain`, rejected when it failed. */
  readonly ended: Promise<void>;
  /**
   * Accepts no new work, hands over the current steps, and resolves when all of them have ended. May be called again.
   */
  drain(): Promise<void>;
  state(): string;
}

/** Steps that parse share one thread, so more of them at once only wait for each other; a few wait for servers. */
const STEPS_AT_ONCE = 8;
/** Cancel, pause and a lost lease arrive with the answer to a heartbeat, so this is how late they may be. */
const HEARTBEAT_THROTTLE = '2s';
/** For the steps that end in a moment, such as finishing a run, to end by themselves. */
const GRACE = '1s';
/** A worker that was killed holds its workflows for this long; one that is only busy parsing needs less. */
const STICKY = '3s';
/**
 * A step that ignores its signal is abandoned after this time; it is below the 30 seconds after which Kubernetes kills.
 */
const FORCE = '25s';

/** The worker polls when this resolves. Throws UnavailableError or ConfigError. */
export async function createWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = await failingAs(`start a worker on queue ${options.queue}`, () => Worker.create(sdkOptions(options)));
  const { logger, queue, role = 'all' } = options;
  let draining = false;
  const ended = worker.run().catch((thrown: unknown) => {
    throw draining ? leftBehind(queue, thrown) : failed(queue, thrown);
  });
  // The caller awaits `ended`, perhaps after it has failed.
  ended.catch(() => undefined);
  logger.info('worker started', { queue, role, namespace: options.namespace });
  return {
    ended,
    async drain() {
      if (!draining && worker.getState() === 'RUNNING') {
        draining = true;
        logger.info('worker hands over', { queue, role });
        worker.shutdown();
      }
      await ended;
    },
    state: () => worker.getState(),
  };
}

/** The process should exit now. The step still runs in it, and its next attempt waits for the heartbeat timeout. */
function leftBehind(queue: string, thrown: unknown): InternalError {
  const text = `The worker on queue ${queue} ended with a step that ignored the signal to stop.`;
  return new InternalError('E_INTERNAL', text, { cause: thrown });
}

function failed(queue: string, thrown: unknown): UnavailableError {
  const text = `The worker on queue ${queue} ended unexpectedly: ${messageOf(thrown)}`;
  return new UnavailableError('E_TEMPORAL_UNAVAILABLE', text, { cause: thrown });
}

function sdkOptions(options: WorkerOptions): SdkWorkerOptions {
  const { role = 'all', stallMilliseconds, workflowBundle, installation, logger, deployment } = options;
  return {
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.queue,
    ...(installation === undefined ? {} : { identity: pollerIdentity(installation) }),
    ...(deployment === undefined
      ? {}
      : {
          workerDeploymentOptions: {
            useWorkerVersioning: true,
            version: { deploymentName: deployment.name, buildId: deployment.buildId },
            // A run may wait for approval for a year: it ends with the workflow code that it started with.
            defaultVersioningBehavior: 'PINNED',
          },
        }),
    maxConcurrentActivityTaskExecutions: STEPS_AT_ONCE,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    stickyQueueScheduleToStartTimeout: STICKY,
    shutdownGraceTime: GRACE,
    shutdownForceTime: FORCE,
    ...(role === 'io' ? {} : workflowBundle === undefined ? workflowSource() : { workflowBundle }),
    ...(role === 'workflow'
      ? {}
      : {
          activities: createActivities(options.steps, {
            ...(stallMilliseconds === undefined ? {} : { stallMilliseconds }),
            ...(installation === undefined ? {} : { owner: { installation, logger } }),
          }),
          interceptors: { activity: [activityEnding(options.redact)] },
        }),
  };
}
