/** The steps of a run as Temporal activities: heartbeats around each of them, and nothing of their work. */
import type { RunSteps, StepContext } from '../src/pipeline/run-steps.ts';
import { underHeartbeat, type HeartbeatOptions } from './heartbeat.ts';

/** What the workflow sees: each step without its context. */
export type RunActivities = {
  [K in keyof RunSteps]: (input: Parameters<RunSteps[K]>[0]) => ReturnType<RunSteps[K]>;
};

export function createActivities(steps: RunSteps, options: HeartbeatOptions): RunActivities {
  const beating = <T>(work: (context: StepContext) => Promise<T>): Promise<T> => underHeartbeat(options, work);
  return {
    resolveRun: (input) => beating((context) => steps.resolveRun(input, context)),
    fetchSource: (input) => beating((context) => steps.fetchSource(input, context)),
    stagePartition: (input) => beating((context) => steps.stagePartition(input, context)),
    compareTargets: (input) => beating((context) => steps.compareTargets(input, context)),
    awaitApproval: (input) => beating((context) => steps.awaitApproval(input, context)),
    applyChanges: (input) => beating((context) => steps.applyChanges(input, context)),
    notify: (input) => beating((context) => steps.notify(input, context)),
    finishRun: (input) => beating((context) => steps.finishRun(input, context)),
  };
}
