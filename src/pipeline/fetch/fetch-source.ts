/** The second step: finds the newest version of the source, decides whether it is new, and fetches its files to this machine. */
import type { FetchContext, FetchedFile, SourceVersion } from '../../component/reader.ts';
import type { TaskSource } from '../../records/source.ts';
import { redactClipped } from '../../logging/redact.ts';
import { lastPublished, type PublishedSource } from '../../postgres/ledger/last-published.ts';
import { saveSource, saveTaskOutcome, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { findVersionRead } from '../../postgres/ledger/watermark.ts';
import { withClient } from '../../postgres/pool.ts';
import { targetExists } from '../../postgres/publish/target.ts';
import { forgetStage } from '../stage/stage-lifecycle.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { inspectTargets, writeFilesAgain, type Inspection } from './inspect-targets.ts';
import { locateLookups, sourceFiles, withLookups } from './lookups.ts';
import { partsToStage, planParts } from './plan-parts.ts';
import { preflightTargets } from './preflight-targets.ts';
import { allTargetsOf, openTask, type OpenTask } from '../open-task.ts';
import type { Fetched, StepContext, TaskInput } from '../run-steps.ts';
import { digestOf, fetchFiles, keepingWarnings, ofReader, toSourceReport } from './spooled-source.ts';

const LONGEST_NAME = 500;

export async function fetchSource(engine: Engine, input: TaskInput, context: StepContext): Promise<Fetched> {
  await enterPhase(engine, input.run, 'fetch');
  const task = await openTask(engine, input);
  if (task.row.applied_at !== null) return publishedBefore(task.row);
  await preflightTargets(engine, task.run.job_id, task.writers, context.signal);
  const inspection = await inspectTargets(engine, task, context.signal);
  const published = inspection.readsAgain ? undefined : await findPublished(engine, task);
  const located = task.row.source?.version ?? (await locate(engine, task, context));
  if ('nothingNew' in located) {
    return unchanged(engine, task, inspection, located.nothingNew, undefined, context.signal);
  }
  await saveSource(engine.pool, task.row, { ...task.row.source, version: located });
  if (published !== undefined && located.identity !== undefined && located.identity === published.identity) {
    return unchanged(
      engine,
      task,
      inspection,
      `${located.name} is what was published last, by its identity at the source`,
      published.source ?? undefined,
      context.signal,
    );
  }
  const files = await fetchFiles(engine, task, located, context);
  const digest = digestOf(files);
  const whole = { version: located, files };
  if (published?.digest === digest) {
    await saveSource(engine.pool, task.row, whole, digest);
    return unchanged(
      engine,
      task,
      inspection,
      `${located.name} is identical to what was published last`,
      whole,
      context.signal,
    );
  }
  const source = await freezeParts(engine, task, whole, digest, context);
  await saveSource(engine.pool, task.row, source, digest);
  return { kind: 'fetched', source: toSourceReport(source), partitions: [...partsToStage(source).keys()] };
}

/** The workflow was reset after its publication: the publication, its outcome and its counts are kept. */
function publishedBefore({ source }: TaskRow): Fetched {
  const report = source === null ? null : toSourceReport(source);
  return { kind: 'unchanged', reason: 'this run had published it before its workflow was reset', source: report };
}

/** The last publication counts only while all its targets exist, and never if the operator forces the run. */
async function findPublished(engine: Engine, task: OpenTask): Promise<PublishedSource | undefined> {
  if (task.run.forced) return undefined;
  return withClient(engine.pool, async (client) => {
    for (const target of allTargetsOf(task)) if (!(await targetExists(client, target))) return undefined;
    return lastPublished(client, task.run.job_id, task.row.name, task.row.digest);
  });
}

async function locate(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
): Promise<SourceVersion | { nothingNew: string }> {
  return keepingWarnings(engine, task, context, (fetching) => locateWith(engine, task, context, fetching));
}

async function locateWith(
  engine: Engine,
  task: OpenTask,
  context: StepContext,
  fetching: FetchContext,
): Promise<SourceVersion | { nothingNew: string }> {
  const previous = await findPrevious(engine, task);
  const locating = previous === undefined ? fetching : { ...fetching, previous };
  const { reader, args } = task.source;
  const located = await ofReader(reader.type, context, () => reader.locate(args, locating));
  if ('nothingNew' in located) return { nothingNew: redactClipped(located.nothingNew, LONGEST_NAME) };
  // They are kept with the run and shown.
  const shown = {
    name: redactClipped(located.name, LONGEST_NAME),
    version: redactClipped(located.version, LONGEST_NAME),
  };
  return withLookups(
    { ...located, ...shown },
    await locateLookups(task.transformers, fetching, { mayLack: task.run.has_input }),
  );
}

async function findPrevious(engine: Engine, { run, row, job }: OpenTask): Promise<SourceVersion | undefined> {
  if (run.since_origin !== 'watermark') return undefined;
  return findVersionRead(engine.pool, { job: run.job_id, task: row.name, acceptPartial: job.accept_partial });
}

async function unchanged(
  engine: Engine,
  task: OpenTask,
  { files, waiting }: Inspection,
  why: string,
  source: TaskSource | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const report = source === undefined ? null : toSourceReport(source);
  const reason =
    waiting === 0
      ? why
      : `${why}; ${String(waiting)} records still wait for the records that they refer to (E_TARGET_REFERENCE)`;
  if (files.length === 0 || task.run.mode === 'plan') {
    await saveTaskOutcome(engine.pool, task.run.id, task.row.name, 'unchanged');
    return { kind: 'unchanged', reason, source: report };
  }
  await writeFilesAgain(engine, task, files, signal);
  await saveTaskOutcome(engine.pool, task.run.id, task.row.name, 'success');
  const names = files.map(({ target }) => target.name).join(', ');
  return { kind: 'unchanged', reason: `${reason}; ${names} was written again`, source: report };
}

/**
 * Cuts the source into parts once for each run, because what was staged of one cut would not fit another. A source with the
 * same digest keeps its parts. Of a source with another digest, nothing that was staged is kept.
 */
async function freezeParts(
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
