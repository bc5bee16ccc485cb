/** A task of a run, ready to work: the frozen config turned into component instances, targets and names of tables. */
import { coverageOf, type FetchedFile } from '../component/reader.ts';
import type { Logger } from '../component/services.ts';
import type { ChangesWriter, SnapshotWriter, Writer } from '../component/writer.ts';
import { InternalError } from '../errors.ts';
import { jobFromConfig } from '../job/effective/effective-job.ts';
import { parseChain, type ParsedChain } from '../job/effective/parse-chain.ts';
import type { Guards, Job, OnMissing, Task } from '../job/schema/job.ts';
import type { Pool } from '../postgres/pool.ts';
import { requireOpenRun, requireTask, type RunRow, type TaskRow } from '../postgres/ledger/run-rows.ts';
import { stageNames, type StageNames } from '../postgres/stage/stage-table.ts';
import type { StageDocumentType } from '../postgres/stage/staged-row.ts';
import { snapshotTarget, tableTarget, type Target } from '../postgres/publish/target.ts';
import type { Engine } from './engine.ts';
import { createTransforms } from './fetch/lookups.ts';
import type { ItemTransform } from './stage/transform-items.ts';

export interface OpenTarget {
  readonly target: Target;
  readonly onMissing: OnMissing;
  /** Where the target is written besides the database. */
  readonly snapshot: { readonly writer: SnapshotWriter; readonly args: unknown } | undefined;
  /** Who is handed the changes one by one, in a step of its own. */
  readonly changes: { readonly writer: ChangesWriter; readonly args: unknown } | undefined;
}

export interface OpenTask {
  readonly run: RunRow;
  readonly row: TaskRow;
  readonly job: Job;
  readonly guards: Guards;
  readonly names: StageNames;
  readonly source: ParsedChain['source'];
  readonly links: ParsedChain['links'];
  readonly transformers: ParsedChain['transformers'];
  readonly writers: ParsedChain['writers'];
  /** Where transformers look things up they work behind `withFetched` only. */
  readonly items: ItemTransform;
  readonly targets: readonly OpenTarget[];
  readonly documents: StageDocumentType;
  /** Every reader covers the full source, so that absence from it means removal. */
  readonly isFullSource: boolean;
}

/** Reads the run and makes its components. Throws ConfigError, also for secrets that this machine does not have. */
export async function openTask(
  engine: Engine,
  input: { readonly run: string; readonly task: string },
): Promise<OpenTask> {
  const run = await requireOpenRun(engine.pool, input.run);
  const row = await requireTask(engine.pool, input.run, input.task);
  const job = jobFromConfig(run.config, engine.catalog);
  const task = findTask(job, input.task);
  const chain = parseChain(task, engine.catalog, engine.resolveSecret);
  const targets = chain.writers.map(({ writer, args }) => openTarget(writer, args));
  return {
    run,
    row,
    job,
    // A few entries of a source fit no guard that was made for the whole of it.
    guards: run.mode === 'retry' ? {} : task.guards,
    names: stageNames(input.run, row.ordinal),
    source: chain.source,
    links: chain.links,
    transformers: chain.transformers,
    writers: chain.writers,
    items: {
      transforms: createTransforms(chain.transformers, engine.logger),
      check: task.vocabulary === undefined ? undefined : engine.recordCheck(task.vocabulary),
    },
    targets,
    documents: targets.some(({ target }) => target.documents === 'json') ? 'json' : 'jsonb',
    isFullSource:
      run.mode !== 'retry' &&
      [chain.source, ...chain.links].every(({ reader, args }) => coverageOf(reader, args) === 'full'),
  };
}

/** With the transforms that look things up in what was fetched. */
export function withFetched(task: OpenTask, files: readonly FetchedFile[], logger: Logger): OpenTask {
  return { ...task, items: { ...task.items, transforms: createTransforms(task.transformers, logger, files) } };
}

/** The targets of a task alone, for those who only need to know whether they are there. */
export function targetsOf(task: OpenTask): readonly Target[] {
  return task.targets.map(({ target }) => target);
}

/** Whose records a task may change. */
export function ownerOf(task: OpenTask): { readonly job: string; readonly run: string } {
  return { job: task.run.job_id, run: task.run.id };
}

export async function reopenRow(pool: Pool, task: OpenTask): Promise<TaskRow> {
  return requireTask(pool, task.run.id, task.row.name);
}

function findTask(job: Job, name: string): Task {
  const task = job.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new InternalError('E_INTERNAL', `The frozen config of the run has no task "${name}".`);
  return task;
}

export function openTarget(writer: Writer, args: unknown): OpenTarget {
  const name = writer.targetName(args);
  const onMissing = writer.onMissing(args);
  const rest = { onMissing, snapshot: undefined, changes: undefined };
  if (writer.receives === 'table') return { ...rest, target: tableTarget(name, writer.table(args)) };
  const kept = { ...rest, target: snapshotTarget(name) };
  return writer.receives === 'changes'
    ? { ...kept, changes: { writer, args } }
    : { ...kept, snapshot: { writer, args } };
}
