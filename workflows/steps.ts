/** The steps of a run as the workflow calls them: each with its policy, a summary for the timeline and an id that can be typed. */
import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import { clip } from '../src/clip.ts';
import type { RunActivities } from '../activities/create-activities.ts';
import type { RunRequest } from '../src/pipeline/run-steps.ts';
import { settingFailure } from './failure.ts';
import { DEFAULT_HEARTBEAT_SECONDS, HEARTBEAT_SECONDS_RANGE, POLICIES } from './policies.ts';

/** How one call of a step appears in the Web UI and in `temporal activity` commands. */
export interface StepLabel {
  readonly id: string;
  readonly summary: string;
}

export type Steps = {
  readonly [K in Exclude<keyof RunActivities, 'notify'>]: (
    label: StepLabel,
    input: Parameters<RunActivities[K]>[0],
  ) => ReturnType<RunActivities[K]>;
};

/** Each input carries whose run it is: what the request says, else what the worker that resolved the run said. */
export function stepsOf(request: RunRequest): Steps {
  let { installation } = request;
  const own = <T extends object>(input: T): T => (installation === undefined ? input : { ...input, installation });
  const always: ActivityOptions = {
    heartbeatTimeout: heartbeatSeconds(request) * 1000,
    // The cleanup of a cancelled run must not begin while a step still writes. The default does not wait.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  };
  const ledger = proxyActivities<RunActivities>({ ...always, ...POLICIES.ledger });
  const source = proxyActivities<RunActivities>({ ...always, ...POLICIES.source });
  // Eager: straight to the worker that has the workflow, past others that wait for work.
  const stage = proxyActivities<RunActivities>({ ...always, ...POLICIES.stage, allowEagerDispatch: false });
  const publish = proxyActivities<RunActivities>({ ...always, ...POLICIES.publish });
  const impact = proxyActivities<RunActivities>({ ...always, ...POLICIES.impact });
  const database = proxyActivities<RunActivities>({ ...always, ...POLICIES.database });
  return {
    resolveRun: async (label, input) => {
      const resolved = await ledger.resolveRun.executeWithOptions(shown(label), [input]);
      if (resolved.kind === 'ready') installation ??= resolved.installation;
      return resolved;
    },
    fetchSource: (label, input) => source.fetchSource.executeWithOptions(shown(label), [own(input)]),
    stagePartition: (label, input) => stage.stagePartition.executeWithOptions(shown(label), [own(input)]),
    compareTargets: (label, input) => database.compareTargets.executeWithOptions(shown(label), [own(input)]),
    verifyTarget: (label, input) => publish.verifyTarget.executeWithOptions(shown(label), [own(input)]),
    measureImpact: (label, input) => impact.measureImpact.executeWithOptions(shown(label), [own(input)]),
    awaitApproval: (label, input) => ledger.awaitApproval.executeWithOptions(shown(label), [own(input)]),
    applyChanges: (label, input) => database.applyChanges.executeWithOptions(shown(label), [own(input)]),
    undoRun: (label, input) => database.undoRun.executeWithOptions(shown(label), [own(input)]),
    publishTarget: (label, input) => publish.publishTarget.executeWithOptions(shown(label), [own(input)]),
    finishRun: (label, input) => ledger.finishRun.executeWithOptions(shown(label), [own(input)]),
  };
}

/** Temporal's documented limit for a summary is 200 bytes; each character takes at most four. */
const SUMMARY_CHARACTERS = 150;

function shown(label: StepLabel): ActivityOptions {
  return { activityId: label.id, summary: clip(label.summary, SUMMARY_CHARACTERS) };
}

function heartbeatSeconds(request: RunRequest): number {
  const seconds = request.heartbeatSeconds ?? DEFAULT_HEARTBEAT_SECONDS;
  const { min, max } = HEARTBEAT_SECONDS_RANGE;
  if (seconds >= min && seconds <= max) {
    return seconds;
  }
  throw settingFailure(`heartbeatSeconds must be between ${String(min)} and ${String(max)}, found ${String(seconds)}`);
}
