/** The second step of a run: its source, or, of a retry of rejections, the source that the retried run had frozen. */
import { ConfigError, SourceError } from '../../errors.ts';
import { requireOpenRun, saveSource } from '../../postgres/ledger/run-rows.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { fetchSource } from './fetch-source.ts';
import { ensureFiles, toSourceReport } from './spooled-source.ts';
import { openTask } from '../open-task.ts';
import { retryRefused } from '../undo/retried-run.ts';
import type { Fetched, StepContext, TaskInput } from '../run-steps.ts';

export async function fetchForRun(engine: Engine, input: TaskInput, context: StepContext): Promise<Fetched> {
  const { mode, request } = await requireOpenRun(engine.pool, input.run);
  if (mode !== 'retry') return fetchSource(engine, input, context);
  return fetchRejected(engine, input, request.retries ?? '', context);
}

/** Never a newer version. Throws ConfigError E_RETRY_REFUSED where the frozen one cannot be had any more. */
async function fetchRejected(
  engine: Engine,
  input: TaskInput,
  retried: string,
  context: StepContext,
): Promise<Fetched> {
  await enterPhase(engine, input.run, 'fetch');
  const task = await openTask(engine, input);
  const { source, applied_at } = task.row;
  if (source === null) throw retryRefused(retried, `the source of task ${input.task} is not in the ledger`);
  if (applied_at !== null) {
    const reason = 'this run had published it before its workflow was reset';
    return { kind: 'unchanged', reason, source: toSourceReport(source) };
  }
  const files = await ensureFiles(engine, task, context).catch((error: unknown) => {
    if (!(error instanceof SourceError) && !(error instanceof ConfigError)) throw error;
    const why = `${source.version.name} is not in the spool as that run read it, and cannot be fetched so again (${error.code}: ${error.message})`;
    throw retryRefused(retried, why, { cause: error });
  });
  // Without the parts that it was cut into: what was rejected is read by one.
  await saveSource(engine.pool, task.row, { version: source.version, files });
  return { kind: 'fetched', source: toSourceReport(source), partitions: [0] };
}
