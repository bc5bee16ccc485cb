/** A task of a run, ready to work: the frozen job turned into component instances, targets and names of tables. */
import { coverageOf, type FetchedFile } from '../component/reader.ts';
import type { Logger } from '../component/services.ts';
import type { ChangesWriter, SnapshotWriter, Writer } from '../component/writer.ts';
import { ConfigError, InternalError } from '../errors.ts';
import { parseChain, type ParsedChain } from '../job/effective/parse-chain.ts';
import type { Guards, Job, OnMissing, Task } from '../job/schema/job.ts';
import { findFileJob, listLayers, partTarget, refuseMeeting, type LayerRow } from '../postgres/publish/layer-rows.ts';
import type { MergedPlan } from '../postgres/publish/plan-merged.ts';
import type { Layer } from '../records/layers.ts';
import type { Pool, PoolClient } from '../postgres/pool.ts';
import { jobOfRun } from '../postgres/ledger/job-of-run.ts';
import { requireOpenRun, requireTask, type RunRow, type TaskRow } from '../postgres/ledger/run-rows.ts';
import { stageNames, type StageNames } from '../postgres/stage/stage-table.ts';
import type { StageDocumentType } from '../postgres/stage/staged-row.ts';
import { snapshotTarget, tableTarget, type Target } from '../postgres/publish/target.ts';
import { isDriftMode } from '../records/run.ts';
import type { Engine } from './engine.ts';
import { createTransforms, type TransformsOptions } from './fetch/lookups.ts';
import type { ItemTransform } from './stage/transform-items.ts';

export interface OpenTarget {
  /** Where the records of the job are stored: in the target itself or, with layers, in the job's own part. */
  readonly target: Target;
  /** Set for a target that several jobs make together. */
  readonly merged: Merged | undefined;
  /** The job adds to records that another job makes. Only in runs that verify, repair or adopt. */
  readonly isLayer?: boolean;
  /** The job that the target's manifest names, because several jobs with layers share one file. */
  readonly fileJob: string;
  readonly onMissing: OnMissing;
  /** Where the target is written in addition to the database. */
  readonly snapshot: { readonly writer: SnapshotWriter; readonly args: unknown } | undefined;
  /** Receives the changes, in a separate step. */
  readonly changes: { readonly writer: ChangesWriter; readonly args: unknown } | undefined;
}

export interface Merged {
  /** The target that users of the vocabulary see. */
  readonly target: Target;
  /** Where the base is stored; in the target itself before its first layer. */
  readonly base: Target;
  /** Includes the current layer of the job. */
  readonly layers: readonly LayerRow[];
  /** The layer of the job. Undefined: the job makes the base. */
  readonly layer: Layer | undefined;
  /**
   * Returns whether the places of the layer differ from the published ones, so that every record of the layer may
   * change.
   */
  readonly ownsOthers: boolean;
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
  /** Transformers with lookups work only after `withFetched`. */
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
  const job = jobOfRun(run);
  const task = findTask(job, input.task);
  const chain = await parseChain(task, engine.catalog, engine.resolveSecret);
  const opened = await (isDriftMode(run.mode) ? openWhole : openTargets)(engine.pool, run, chain.writers);
  const writers = chain.writers.flatMap((writer, index) => {
    const target = opened[index];
    return target === undefined ? [] : [{ ...writer, ...target }];
  });
  const targets = selectTargets(run, writers);
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
    writers: targets,
    items: {
      transforms: createTransforms(chain, { logger: engine.logger }),
      check: task.vocabulary === undefined ? undefined : engine.recordCheck(task.vocabulary),
      layer: chain.writers[0]?.layer,
    },
    targets,
    documents: targets.some(({ target }) => target.documents === 'json') ? 'json' : 'jsonb',
    isFullSource:
      run.mode !== 'retry' &&
      [chain.source, ...chain.links].every(({ reader, args }) => coverageOf(reader, args) === 'full'),
  };
}

/** Adds the transforms that look things up in the fetched files. `watch` is notified when a selector finds something in a record. */
export function withFetched(
  task: OpenTask,
  files: readonly FetchedFile[],
  logger: Logger,
  watch?: TransformsOptions['watch'],
): OpenTask {
  const transforms = createTransforms(task, { logger, files, ...(watch === undefined ? {} : { watch }) });
  return { ...task, items: { ...task.items, transforms } };
}

/** The targets of a task alone, for those who only need to know whether they are there. */
export function targetsOf(task: OpenTask): readonly Target[] {
  return task.targets.map(({ target }) => target);
}

/** Includes the targets that exist because of layers. */
export function allTargetsOf(task: OpenTask): readonly Target[] {
  return task.targets.flatMap(({ target, merged }) => (merged === undefined ? [target] : [target, merged.target]));
}

/** The name of the target in reports and for users of the vocabulary. */
export function publishedTarget({ target, merged }: OpenTarget): Target {
  return merged?.target ?? target;
}

/** Creates the plan of a target with layers from the staged documents. */
export function mergedPlanOf(task: OpenTask, { target: own }: OpenTarget, merged: Merged, ordinal: number): MergedPlan {
  const { target, base, layers, layer } = merged;
  const { names, run } = task;
  return { names, ordinal, target, own, base, layers, layer: layer?.name, job: run.job_id, stage: names.stage };
}

/** Whose records a task may change. */
export function ownerOf(task: OpenTask): { readonly job: string; readonly run: string } {
  return { job: task.run.job_id, run: task.run.id };
}

/**
 * The targets that a run is about. Verifying, repairing and adopting may name one; a table of this database is repaired by
 * a run that reads the source, and only targets that receive changes can be adopted. The records of a target with layers
 * are verified and repaired with the job that makes them.
 */
export function selectTargets<T extends Pick<OpenTarget, 'target' | 'snapshot' | 'changes' | 'isLayer'>>(
  { mode, request }: Pick<RunRow, 'mode' | 'request'>,
  targets: readonly T[],
): readonly T[] {
  if (!isDriftMode(mode)) return targets;
  const { target: wanted } = request;
  return targets.filter(
    ({ target: { name }, snapshot, changes, isLayer = false }) =>
      !isLayer &&
      (wanted === undefined || name === wanted || name.startsWith(`${wanted}:`)) &&
      (mode === 'verify' || changes !== undefined || (mode === 'resync' && snapshot !== undefined)),
  );
}

function findTask(job: Job, name: string): Task {
  const task = job.tasks.find((candidate) => candidate.name === name);
  if (task === undefined) throw new InternalError('E_INTERNAL', `The frozen job of the run has no task "${name}".`);
  return task;
}

/** Throws ConfigError E_TARGET_CONFLICT if another job owns a place that a layer of this job claims. */
export async function openTargets(
  db: Pool | PoolClient,
  { job_id: job }: Pick<RunRow, 'job_id'>,
  writers: ParsedChain['writers'],
): Promise<readonly OpenTarget[]> {
  const opened = writers.map(({ writer, args }) => openTarget(writer, args, job));
  const layers = await listLayers(
    db,
    opened.map(({ target }) => target.name),
  );
  const targets: OpenTarget[] = [];
  for (const [index, one] of opened.entries()) {
    const known = layers.filter(({ target }) => target === one.target.name);
    const layer = writers[index]?.layer;
    const isFirst = layer !== undefined && known.length === 0 && one.snapshot !== undefined;
    const fileJob = (isFirst ? await findFileJob(db, one.target) : known[0]?.fileJob) ?? job;
    targets.push({ ...withLayers(one, job, layer, known), fileJob });
  }
  return targets;
}

/**
 * What the targets hold, for runs that compare it with what was published. Throws ConfigError E_DRIFT_REFUSED for an
 * adoption if several jobs make the records.
 */
async function openWhole(
  db: Pool | PoolClient,
  { job_id: job, mode }: Pick<RunRow, 'job_id' | 'mode'>,
  writers: ParsedChain['writers'],
): Promise<readonly OpenTarget[]> {
  const opened = writers.map(({ writer, args }) => openTarget(writer, args, job));
  const layers = await listLayers(
    db,
    opened.map(({ target }) => target.name),
  );
  return opened.map((one, index) => {
    const { name } = one.target;
    const known = layers.find(({ target }) => target === name);
    if (mode === 'adopt' && (known !== undefined || writers[index]?.layer !== undefined)) {
      throw new ConfigError(
        'E_DRIFT_REFUSED',
        `Expected one job to make the records of ${name}, but it has layers. Adopt it with the job that makes the whole records, before the first run of a layer.`,
        { details: { target: name, job } },
      );
    }
    const isLayer = writers[index]?.layer !== undefined;
    return { ...one, isLayer, fileJob: known?.fileJob ?? job };
  });
}

function withLayers(opened: OpenTarget, job: string, layer: Layer | undefined, known: readonly LayerRow[]): OpenTarget {
  const { target } = opened;
  if (layer === undefined && known.length === 0) return opened;
  const base = known.length === 0 ? target : partTarget(target, undefined);
  if (layer === undefined) {
    return { ...opened, target: base, merged: { target, base, layers: known, layer, ownsOthers: false } };
  }
  refuseMeeting(target.name, layer, job, known);
  const before = known.find(({ name }) => name === layer.name);
  const others = known.filter((row) => row !== before);
  const layers = [...others, { target: target.name, job, ...layer }];
  const ownsOthers = before !== undefined && JSON.stringify(before.owns) !== JSON.stringify(layer.owns);
  return { ...opened, target: partTarget(target, layer.name), merged: { target, base, layers, layer, ownsOthers } };
}

/** The target alone, whether other jobs have a part in it or not. */
export function openTarget(writer: Writer, args: unknown, fileJob: string): OpenTarget {
  const name = writer.targetName(args);
  const onMissing = writer.onMissing(args);
  const rest = { onMissing, fileJob, merged: undefined, snapshot: undefined, changes: undefined };
  if (writer.receives === 'table') return { ...rest, target: tableTarget(name, writer.table(args)) };
  const kept = { ...rest, target: snapshotTarget(name) };
  return writer.receives === 'changes'
    ? { ...kept, changes: { writer, args } }
    : { ...kept, snapshot: { writer, args } };
}
