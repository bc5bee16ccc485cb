/** The steps of a run as Temporal activities: heartbeats around each of them, and nothing of their work. */
import { Context } from '@temporalio/activity';
import type { RunSteps, StepContext } from '../src/pipeline/run-steps.ts';
import type { Logger } from '../src/component/services.ts';
import { handBack } from './failure.ts';
import { underHeartbeat, type HeartbeatOptions } from './heartbeat.ts';

/** What the workflow sees: each step without its context. */
export type RunActivities = {
  [K in keyof RunSteps]: (input: Parameters<RunSteps[K]>[0]) => ReturnType<RunSteps[K]>;
};

export interface ActivityOptions extends HeartbeatOptions {
  /** Steps of runs of any other installation are handed back. Absent: every step is executed. */
  readonly owner?: { readonly installation: string; readonly logger: Logger };
}

export function createActivities(steps: RunSteps, options: ActivityOptions): RunActivities {
  const refuse = createRefusal(options.owner);
  const beating = <T>(input: Owned, work: (context: StepContext) => Promise<T>): Promise<T> => {
    refuse(input.installation);
    return underHeartbeat(options, work);
  };
  return {
    resolveRun: (input) => beating(input.request, (context) => steps.resolveRun(input, context)),
    fetchSource: (input) => beating(input, (context) => steps.fetchSource(input, context)),
    stagePartition: (input) => beating(input, (context) => steps.stagePartition(input, context)),
    compareTargets: (input) => beating(input, (context) => steps.compareTargets(input, context)),
    verifyTarget: (input) => beating(input, (context) => steps.verifyTarget(input, context)),
    measureImpact: (input) => beating(input, (context) => steps.measureImpact(input, context)),
    awaitApproval: (input) => beating(input, (context) => steps.awaitApproval(input, context)),
    applyChanges: (input) => beating(input, (context) => steps.applyChanges(input, context)),
    publishTarget: (input) => beating(input, (context) => steps.publishTarget(input, context)),
    undoRun: (input) => beating(input, (context) => steps.undoRun(input, context)),
    notify: (input) => beating(input, (context) => steps.notify(input, context)),
    finishRun: (input) => beating(input, (context) => steps.finishRun(input, context)),
  };
}

interface Owned {
  readonly installation?: string;
}

const SAY_AGAIN_MILLISECONDS = 60_000;

/** Throws for a step of another installation. Says so in the log, about once a minute for each of them. */
function createRefusal(owner: ActivityOptions['owner']): (installation: string | undefined) => void {
  const said = new Map<string, number>();
  return (installation) => {
    if (owner === undefined || installation === undefined || installation === owner.installation) return;
    const { info } = Context.current();
    if (Date.now() - (said.get(installation) ?? 0) > SAY_AGAIN_MILLISECONDS) {
      said.set(installation, Date.now());
      owner.logger.warn(
        'A step of another installation was handed back. Give each installation a task queue or a namespace of its own.',
        {
          queue: info.taskQueue,
          workflowId: info.workflowExecution?.workflowId,
          step: info.activityType,
          its_installation: installation,
          our_installation: owner.installation,
        },
      );
    }
    throw handBack(installation, owner.installation, info.attempt);
  };
}
