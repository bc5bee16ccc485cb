/** The parts of a fetched source, cut once for each run: what was staged of one cut would not fit another. */
import type { TaskSource } from '../../postgres/ledger/run-rows.ts';
import type { FetchedFile } from '../../records/source.ts';
import { forgetStage } from '../compare/compare-targets.ts';
import type { Engine } from '../engine.ts';
import { sourceFiles } from './lookups.ts';
import type { OpenTask } from '../open-task.ts';
import { planParts } from './plan-parts.ts';
import type { StepContext } from '../run-steps.ts';

/** A source that is what it was, by its digest, keeps its parts; of another one nothing that was staged is kept. */
export async function freezeParts(
  engine: Engine,
  task: OpenTask,
  source: TaskSource & { readonly files: readonly FetchedFile[] },
  digest: string,
  context: StepContext,
): Promise<TaskSource> {
  const { source: before, source_digest: digestBefore } = task.row;
  if (before?.files !== undefined && digestBefore === digest) {
    return { ...source, ...(before.parts === undefined ? {} : { parts: before.parts }) };
  }
  if (digestBefore !== null) await forgetStage(engine, task);
  const parts = await planParts(engine, task, sourceFiles(source.files), context);
  return { ...source, ...(parts === undefined ? {} : { parts }) };
}
