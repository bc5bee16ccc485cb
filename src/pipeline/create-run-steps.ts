/** Binds the steps of a run to one engine and records them in the ledger. */
import { setWaiting } from '../postgres/ledger/run-rows.ts';
import { applyChanges } from './publish/apply-changes.ts';
import { publishTarget } from './publish/publish-target.ts';
import { compareTargets } from './compare/compare-targets.ts';
import { verifyTarget } from './drift/verify-target.ts';
import { measureImpact } from './compare/measure-impact.ts';
import type { Engine } from './engine.ts';
import { fetchForRun } from './fetch/fetch-rejected.ts';
import { finishRun } from './finish/finish-run.ts';
import { notifyChannels } from './finish/notify-channels.ts';
import { limitConcurrency } from './stage/limit-concurrency.ts';
import { recordSteps } from './record-steps.ts';
import { resolveRun } from './resolve/resolve-run.ts';
import { undoRun } from './undo/undo-run.ts';
import type { RunSteps } from './run-steps.ts';
import { stagePartition } from './stage/stage-partition.ts';

export function createRunSteps(engine: Engine): RunSteps {
  return recordSteps(engine, bindSteps);
}

function bindSteps(engine: Engine): RunSteps {
  const { isolation } = engine;
  return {
    resolveRun: (input) => resolveRun(engine, input),
    fetchSource: (input, context) =>
      isolation === undefined
        ? fetchForRun(engine, input, context)
        : isolation.run('fetchSource', input, context, engine.logger),
    stagePartition: (input, context) =>
      isolation === undefined
        ? stagePartition(engine, input, context)
        : limitConcurrency(engine.pool, `${input.run} ${input.task}`, context.signal, () =>
            isolation.run('stagePartition', input, context, engine.logger),
          ),
    compareTargets: (input, context) => compareTargets(engine, input, context),
    verifyTarget: (input, context) => verifyTarget(engine, input, context),
    measureImpact: (input, context) => measureImpact(engine, input, context),
    awaitApproval: (input) => setWaiting(engine.pool, input.run, new Date(input.deadline)),
    applyChanges: (input, context) => applyChanges(engine, input, context),
    undoRun: (input, context) => undoRun(engine, input, context),
    publishTarget: (input, context) => publishTarget(engine, input, context),
    finishRun: (input, context) => finishRun(engine, input, context),
    notify: (input, context) => notifyChannels(engine, input, context),
  };
}
