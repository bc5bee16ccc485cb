/** Runs that verify, repair or adopt, step by step as the workflow takes them. */
import { randomUUID } from 'node:crypto';
import type { PublishInput, RunReport, RunRequest, RunSteps, VerifyInput } from '../../src/pipeline/run-steps.ts';
import type { DriftMode } from '../../src/records/run.ts';
import { stepContext } from './engine.ts';

export interface DriftRunOptions {
  readonly request?: Partial<RunRequest>;
  /** What to do when guards trip; without it the run is discarded. */
  readonly approve?: boolean;
  /** In place of one call for each target. */
  readonly verify?: (input: VerifyInput) => Promise<unknown>;
  readonly publish?: (input: PublishInput) => Promise<unknown>;
}

export async function runDrift(
  steps: RunSteps,
  mode: DriftMode,
  config: Readonly<Record<string, unknown>>,
  options: DriftRunOptions = {},
): Promise<RunReport> {
  const run = randomUUID();
  const context = stepContext();
  const job = String(config['id']);
  const request: RunRequest = { job, trigger: 'manual', mode, config: JSON.stringify(config), ...options.request };
  const resolved = await steps.resolveRun({ run, workflowId: `vocab-sync/${job}/${run}`, request }, context);
  if (resolved.kind !== 'ready') throw new Error(`the run is ${resolved.kind}`);
  const verify = options.verify ?? ((input: VerifyInput) => steps.verifyTarget(input, context));
  const publish = options.publish ?? ((input: PublishInput) => steps.publishTarget(input, context));
  try {
    for (const { name: task, targets = [] } of resolved.tasks) {
      if (mode === 'adopt') {
        const fetched = await steps.fetchSource({ run, task }, context);
        if (fetched.kind === 'unchanged') throw new Error('an adoption reads its source in any case');
        for (const partition of fetched.partitions) await steps.stagePartition({ run, task, partition }, context);
      }
      for (const target of targets) await verify({ run, task, target });
      if (mode === 'verify') continue;
      const compared = await steps.compareTargets({ run, task }, context);
      if (compared.trips.length > 0 && options.approve !== true) {
        return await steps.finishRun({ run, outcome: 'discarded', decision: { by: 'test' } }, context);
      }
      const applied = await steps.applyChanges({ run, task, planDigest: compared.planDigest }, context);
      for (const target of applied.publications ?? []) await publish({ run, task, target });
    }
    return await steps.finishRun({ run, outcome: 'ended' }, context);
  } catch (error) {
    const failure = { code: String((error as { code?: unknown }).code), message: (error as Error).message };
    await steps.finishRun({ run, outcome: 'failed', error: failure }, context);
    throw error;
  }
}
