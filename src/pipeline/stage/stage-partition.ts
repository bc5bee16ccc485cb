/** The third step: read, transform, check and stage one partition, with a checkpoint at every batch. */
import type { Since, Warning } from '../../component/reader.ts';
import { claimPartition, type Claim, type PartitionKey } from '../../postgres/stage/partitions.ts';
import { inTransaction, withClient } from '../../postgres/pool.ts';
import { endSupersededSessions, partitionSession } from '../../postgres/superseded-sessions.ts';
import { deleteRejections } from '../../postgres/stage/rejections.ts';
import { requireOpenRun, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { clearPartitionStage, createStage } from '../../postgres/stage/stage-table.ts';
import { ensureTarget, holdsRecords, type Target } from '../../postgres/publish/target.ts';
import { measureTarget } from '../../postgres/publish/target-size.ts';
import type { Recognise } from '../../records/entry.ts';
import type { SourcePart } from '../../records/source.ts';
import { tallyWarning, toStageCounts, watchSelectors, type Tally } from '../../records/tally.ts';
import { cleanSample } from './transform-items.ts';
import type { Engine } from '../engine.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import { chainSource } from './chain-source.ts';
import { enterPhase } from '../enter-phase.ts';
import { ensureFiles } from '../fetch/spooled-source.ts';
import { partsToStage } from '../fetch/plan-parts.ts';
import { allTargetsOf, openTask, targetsOf, withFetched, type OpenTask } from '../open-task.ts';
import { lookupFiles, sourceFiles } from '../fetch/lookups.ts';
import { loadRecogniser, withRecogniser } from './load-recogniser.ts';
import { cursorOf, readChain, type ChainSource, type ReadBatch } from './read-chain.ts';
import { placeBeforeRejected, readRejected, rejectedEntries } from './read-rejected.ts';
import type { StageInput, Staged, StepContext } from '../run-steps.ts';
import { createStageSink, type SinkPlace } from './stage-sink.ts';
import { transformBatch } from './transform-batch.ts';

/** Resumes from the last checkpoint. On abort, the current batch is committed before `signal.reason` is thrown. */
export async function stagePartition(engine: Engine, input: StageInput, context: StepContext): Promise<Staged> {
  await enterPhase(engine, input.run, 'stage');
  return limitConcurrency(engine.pool, `${input.run} ${input.task}`, context.signal, () =>
    stageInTurn(engine, input, context),
  );
}

async function stageInTurn(engine: Engine, input: StageInput, context: StepContext): Promise<Staged> {
  const opened = await openTask(engine, input);
  const files = await ensureFiles(engine, opened, context);
  const key: PartitionKey = { run: input.run, task: input.task, partition: input.partition };
  const part = partsToStage(opened.row.source)[input.partition];
  await withClient(engine.pool, (client) => endSupersededSessions(client, key));
  const claim = await claimStage(engine, opened, key, part);
  const task = withFetched(opened, files, engine.logger, watchSelectors(claim.tally));
  const source = chainSource(task.source, files);
  if (claim.state === 'running') {
    await recognising(engine, task, (recognise) =>
      stageFrom(engine, task, key, claim, { source, part, recognise }, context),
    );
  }
  return { counts: toStageCounts(claim.tally) };
}

/** The stage, the targets and the claim in one transaction: what another attempt staged otherwise is gone with it. */
async function claimStage(
  engine: Engine,
  task: OpenTask,
  key: PartitionKey,
  part: SourcePart | undefined,
): Promise<Claim> {
  const slice = part === undefined ? [] : [JSON.stringify([part.from, part.until])];
  const pin = [task.row.source_digest, task.row.digest, task.run.since?.toISOString(), ...slice].join(' ');
  return inTransaction(
    engine.pool,
    async (client) => {
      // An attempt that continues after the end of its run must not store anything.
      await requireOpenRun(client, key.run, true);
      await createStage(client, task.names, task.documents);
      for (const target of allTargetsOf(task)) await ensureTarget(client, target);
      const claim = await claimPartition(client, key, pin);
      if (claim.restart) {
        await clearPartitionStage(client, task.names, key.partition);
        await deleteRejections(client, key);
      }
      return claim;
    },
    partitionSession(key),
  );
}

interface PartRead {
  readonly source: ChainSource;
  readonly part: SourcePart | undefined;
  readonly recognise: Recognise | undefined;
}

async function stageFrom(
  engine: Engine,
  task: OpenTask,
  key: PartitionKey,
  claim: Claim,
  { source, part, recognise }: PartRead,
  context: StepContext,
): Promise<void> {
  const { tally } = claim;
  const { names, documents } = task;
  const lookUp = await targetsToLookUp(engine, task);
  const sink = createStageSink({ pool: engine.pool, key, lease: claim.lease, names, documents, lookUp, tally });
  let place: SinkPlace = { after: claim.after, bytes: 0, totalBytes: undefined };
  const rejected = rejectedEntries(engine.pool, task, claim.after);
  const after = rejected === undefined ? claim.after : await placeBeforeRejected(rejected);
  const read = readChain({
    source,
    links: task.links,
    ...(after === undefined ? {} : { after }),
    ...(part === undefined
      ? {}
      : { slice: { from: part.from, ...(part.until === null ? {} : { until: part.until }) } }),
    signal: context.signal,
    services: engine.services,
    since: sinceOf(task.run),
    ...(recognise === undefined ? {} : { recognise }),
    warn: warnOnce(tally),
  });
  const batches = rejected === undefined ? read : readRejected(rejected, read);
  try {
    for await (const batch of batches) {
      transformBatch(task, batch, tally, sink);
      place = placeBehind(batch, part);
      if (sink.isFull()) await sink.flush(place);
      context.onProgress(progressOf(place, tally));
    }
    place = { ...place, bytes: place.totalBytes ?? place.bytes };
    await sink.finish(place);
    context.onProgress(progressOf(place, tally));
  } finally {
    await sink.settle();
  }
}

/**
 * Empty if one of the targets is empty, as in a first load: records that it lacks must be staged with their documents.
 */
async function targetsToLookUp(engine: Engine, task: OpenTask): Promise<readonly Target[]> {
  const targets = targetsOf(task);
  return withClient(engine.pool, async (client) => {
    for (const target of targets) if (!(await holdsRecords(client, target))) return [];
    return targets;
  });
}

/** Only a single target can vouch for a record: with several, each would have to hold it. */
async function recognising(
  engine: Engine,
  task: OpenTask,
  use: (recognise: Recognise | undefined) => Promise<void>,
): Promise<void> {
  const [target, ...others] = targetsOf(task);
  if (target === undefined || others.length > 0) return use(undefined);
  // Only the parts of a layer are kept, which do not show whether the other fields were filled.
  if (task.items.layer !== undefined && Object.keys(task.guards.min_fill_percent ?? {}).length > 0)
    return use(undefined);
  const job = task.run.job_id;
  const load = async (): Promise<Recognise> => {
    const { rows } = await measureTarget(engine.pool, target, job);
    const options = { job, target, taskDigest: chainDigest(task), isWorthLoading: isWorthLoading(task, rows) };
    return withClient(engine.pool, (client) => loadRecogniser(client, options));
  };
  return withRecogniser(engine.pool, `${task.run.id} ${task.row.name}`, load, use);
}

/** Loading the digests of so many records takes 10 ms. */
const QUICKLY_LOADED = 10_000;
/**
 * Bytes of the source for each row of the target. Loading a digest takes 1 µs, reading a record again 15 to 30 µs, and
 * a record has at least 200 bytes, compressed, in the sources that are known. Below this, reading again is faster.
 */
const WORTH_BYTES = 20;

/**
 * Returns whether the source is so large that recognising its records saves more time than loading all digests costs.
 */
function isWorthLoading({ row }: OpenTask, rows: number): boolean {
  const bytes = sourceFiles(row.source?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
  return rows <= QUICKLY_LOADED || bytes >= rows * WORTH_BYTES;
}

/** Digests everything except the record's bytes that determines the result. */
function chainDigest({ row }: OpenTask): string {
  return [row.digest, ...lookupFiles(row.source?.files ?? []).map(({ digest }) => digest)].join(' ');
}

function placeBehind(batch: ReadBatch, part: SourcePart | undefined): SinkPlace {
  const { items, progress } = batch;
  const last = items.at(-1);
  const after = last === undefined ? undefined : cursorOf(last);
  if (part === undefined) return { after, bytes: progress.bytes, totalBytes: progress.totalBytes };
  const bytes = Math.min(Math.max(progress.bytes - part.start, 0), part.bytes);
  return { after, bytes, totalBytes: part.bytes };
}

/** A reader reports the same about a resource in every attempt; it counts once. */
function warnOnce(tally: Tally): (warning: Warning) => void {
  return (warning) => {
    const message = cleanSample(warning.message);
    if (tally.warnings[warning.code]?.samples.includes(message) === true) return;
    tallyWarning(tally, warning.code, message);
  };
}

function sinceOf(run: RunRow): Since | undefined {
  return run.since === null || run.since_origin === null ? undefined : { time: run.since, origin: run.since_origin };
}

function progressOf(place: SinkPlace, tally: Tally): Parameters<StepContext['onProgress']>[0] {
  return {
    step: 'stage',
    ...(place.after === undefined ? {} : { position: place.after.join('.') }),
    bytes: place.bytes,
    ...(place.totalBytes === undefined ? {} : { totalBytes: place.totalBytes }),
    counts: toStageCounts(tally),
  };
}
