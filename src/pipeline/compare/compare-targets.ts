/** The fourth step: what publishing would change, and whether a guard objects. Publishes nothing. */
import { InternalError, SourceError, UnavailableError } from '../../errors.ts';
import {
  analysePlan,
  countMissingDocuments,
  countPlan,
  createPlan,
  digestPlan,
  joinAnyRows,
  joinWholeTables,
  joinFewRows,
  countAbsent,
  countNamed,
  countStaged,
  planChanges,
  planDeletions,
  planWithdrawals,
  removeDuplicates,
  type StagedRows,
  type TargetSize,
} from '../../postgres/publish/change-set.ts';
import { requireQuiet } from '../../postgres/publish/layer-rows.ts';
import {
  countMerged,
  mergeDocuments,
  ordinalOfParts,
  planMerged,
  refuseForeign,
  sayAfterPlan,
} from '../../postgres/publish/plan-merged.ts';
import { stagedTallies } from '../../postgres/stage/partitions.ts';
import { cancellable, inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { summariseRejections } from '../../postgres/stage/rejections.ts';
import { countKnownFilled, resolveKnownRows } from '../../postgres/stage/source-hashes.ts';
import { requireOpenRun, requireTask, savePlan, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { planAdoption } from '../../postgres/publish/drift-plan.ts';
import { ensureTarget, type Target } from '../../postgres/publish/target.ts';
import { countTarget, type TargetState } from '../../postgres/publish/target-size.ts';
import { brokenConservation, type StageCounts, type TargetCounts } from '../../records/counts.ts';
import {
  addWarning,
  sumTallies,
  tallyWarning,
  toStageCounts,
  warnOfUnselected,
  type Tally,
} from '../../records/tally.ts';
import { askFirst, planOf, planRepair } from '../drift/plan-repair.ts';
import type { Engine } from '../engine.ts';
import { enterPhase } from '../enter-phase.ts';
import { partsToStage } from '../fetch/plan-parts.ts';
import { cleanSample } from '../stage/transform-items.ts';
import { tripGuards } from './guards.ts';
import { sampleChanges, sampleEnded } from './sample-changes.ts';
import { settleNotes } from './settle-notes.ts';
import { isFew, measureTargets, type TargetStates } from '../measure-targets.ts';
import {
  mergedPlanOf,
  openTask,
  ownerOf,
  publishedTarget,
  targetsOf,
  type Merged,
  type OpenTarget,
  type OpenTask,
} from '../open-task.ts';
import type { Compared, StepContext, TaskInput } from '../run-steps.ts';
import { forgetStage } from '../stage/stage-lifecycle.ts';

/** Throws SourceError E_SOURCE_EMPTY for a source without records, UnavailableError E_STAGE_LOST when it must be staged again. */
export async function compareTargets(engine: Engine, input: TaskInput, context: StepContext): Promise<Compared> {
  await enterPhase(engine, input.run, 'compare');
  const task = await openTask(engine, input);
  if (task.run.mode === 'resync') return planRepair(engine, task);
  const states = await measureTargets(engine.pool, task);
  try {
    return await inTransaction(engine.pool, (client) =>
      cancellable(engine.pool, client, context.signal, () => compareStaged(client, task, states)),
    );
  } catch (error) {
    if (error instanceof UnavailableError && error.code === 'E_STAGE_LOST') await forgetStage(engine, task);
    throw error;
  }
}

async function compareStaged(client: PoolClient, task: OpenTask, states: TargetStates): Promise<Compared> {
  // One comparison at a time, and none for an ended run or during its publication.
  await requireOpenRun(client, task.run.id, true);
  const row = await requireTask(client, task.run.id, task.row.name);
  const before = comparedBefore(row);
  if (before !== undefined) return before;
  await joinWholeTables(client);
  const tally = await requireTally(client, task);
  for (const [code, found] of Object.entries(row.fetch_warnings ?? {})) addWarning(tally, code, found);
  refuseEmpty(task, tally);
  // A few rejected entries, read again, say nothing of all records.
  if (task.run.mode !== 'retry') warnOfUnselected(tally, cleanSample);
  const { filled, knownAreEqual } = await resolveKnown(client, task, tally);
  const { records, deletions } = await distinctRows(client, task);
  const counts = toStageCounts(tally, tally.staged - records);
  await createPlan(client, task.names);
  const sizes: (TargetSize & { readonly name: string; readonly planned: TargetCounts })[] = [];
  const targets: Record<string, TargetCounts> = {};
  for (const [index, opened] of task.targets.entries()) {
    const { target, merged } = opened;
    const { name } = publishedTarget(opened);
    const ordinal = merged === undefined ? index : ordinalOfParts(index);
    await ensureTarget(client, target);
    const size = await chooseJoin(client, task, target, tally, states.get(target.name));
    await planChanges(client, task.names, { target, ordinal, job: task.run.job_id, knownAreEqual });
    if (task.run.mode === 'adopt') await planAdoption(client, { ...planOf(task), target, ordinal });
    const deleted = deletions === 0 ? 0 : await planDeletions(client, task.names, target, ordinal, task.run.job_id);
    const absent = deleted + (await planAbsent(client, task, { opened, ordinal }, tally, size));
    const planned = await countPlan(client, task.names, ordinal, counts.staged);
    sizes.push({ name, published: size.published, absent, planned });
    targets[name] =
      merged === undefined ? planned : await compareMerged(client, task, { opened, merged, index }, counts);
  }
  await requireDocuments(client, task);
  assertConservation(counts, targets);
  const facts = { counts, filled, stagedRows: tally.staged, targets: sizes };
  const trips = [...tripGuards(task.guards, facts), ...askFirst(task, targets)];
  await analysePlan(client, task.names);
  const isNoted = await settleNotes(client, task);
  const planDigest = await digestPlan(client, task.names);
  const plan = { counts, warnings: tally.warnings, targets, trips, planDigest };
  await savePlan(client, task.run.id, task.row.name, plan);
  const rejections =
    counts.rejected === 0 ? [] : await summariseRejections(client, task.run.id, task.row.name, tally.rejectedBy);
  const changes = await sampleChanges(client, task, targets);
  const ended = isNoted ? await sampleEnded(client, task, targets) : undefined;
  return { counts, targets, trips, rejections, changes, planDigest, ...(ended === undefined ? {} : { ended }) };
}

/** Compares the merged records in a target that other jobs also publish into. */
async function compareMerged(
  client: PoolClient,
  task: OpenTask,
  { opened, merged, index }: { readonly opened: OpenTarget; readonly merged: Merged; readonly index: number },
  { staged }: StageCounts,
): Promise<TargetCounts> {
  await ensureTarget(client, merged.target);
  if (opened.changes !== undefined) await requireQuiet(client, merged.target, task.run.id);
  const plan = mergedPlanOf(task, opened, merged, index);
  if (merged.layer === undefined) await refuseForeign(client, plan);
  await analysePlan(client, task.names);
  await joinAnyRows(client);
  await sayAfterPlan(client, plan, merged.ownsOthers);
  await planMerged(client, plan);
  await analysePlan(client, task.names);
  await mergeDocuments(client, plan);
  return countMerged(client, plan, staged);
}

interface ChosenJoin {
  /** The published records of this job. */
  readonly published: number;
  /** Few rows are compared with a large target, so the cost follows the rows. */
  readonly isFew: boolean;
}

/** A full comparison reads the whole target, so it also counts it. Otherwise the kept count is used. */
async function chooseJoin(
  client: PoolClient,
  task: OpenTask,
  target: Target,
  tally: Tally,
  state: TargetState | undefined,
): Promise<ChosenJoin> {
  if (state !== undefined && isFew(tally.read, state)) {
    await joinFewRows(client);
    return { published: state.published, isFew: true };
  }
  await joinWholeTables(client);
  return { published: await countTarget(client, target, task.run.job_id), isFew: false };
}

/** The plan of a task that is published: compared once more with what it published it would change nothing. */
function comparedBefore({ applied_at, counts, targets, trips, plan_digest }: TaskRow): Compared | undefined {
  if (applied_at === null || counts === null || plan_digest === null) return undefined;
  return { counts, targets: targets ?? {}, trips: trips ?? [], rejections: [], planDigest: plan_digest };
}

async function requireTally(client: PoolClient, task: OpenTask): Promise<Tally> {
  const tallies = await stagedTallies(client, task.run.id, task.row.name);
  if (tallies.length === partsToStage(task.row.source).length) return sumTallies(tallies);
  throw new UnavailableError(
    'E_STAGE_LOST',
    `The database lost the stage of task ${task.row.name} in a crash; it is staged again.`,
  );
}

interface ResolvedRows {
  /** The fill counts of all rows. */
  readonly filled: Readonly<Record<string, number>>;
  /** See PlannedTarget. */
  readonly knownAreEqual: boolean;
}

/** Records that were recognised by their bytes become rows like any other. */
async function resolveKnown(client: PoolClient, task: OpenTask, tally: Tally): Promise<ResolvedRows> {
  const [target] = targetsOf(task);
  if (tally.known === 0 || target === undefined) return { filled: tally.filled, knownAreEqual: false };
  const resolved = await resolveKnownRows(client, task.names, { job: task.run.job_id, target });
  const fields = Object.keys(task.guards.min_fill_percent ?? {});
  const known = await countKnownFilled(client, task.names, target, fields);
  const filled = Object.fromEntries(fields.map((field) => [field, (tally.filled[field] ?? 0) + (known[field] ?? 0)]));
  return { filled, knownAreEqual: resolved === tally.known };
}

/** The same answer however often it is asked: a second comparison finds the duplicates gone already. */
async function distinctRows(client: PoolClient, task: OpenTask): Promise<StagedRows> {
  await removeDuplicates(client, task.names);
  return countStaged(client, task.names);
}

function refuseEmpty(task: OpenTask, tally: Tally): void {
  if (tally.read > 0 || task.guards.allow_empty === true) return;
  const source = task.row.source?.version.name ?? 'the source';
  throw new SourceError(
    'E_SOURCE_EMPTY',
    `Expected records in ${source}, found none. Nothing was published; where an empty source is right, set "guards": {"allow_empty": true}.`,
  );
}

/**
 * Withdraws absent records, only after a complete read of a full source in which the id of every record is known.
 * Returns the number of absent published records, whether withdrawn or not.
 */
async function planAbsent(
  client: PoolClient,
  task: OpenTask,
  { opened: wanted, ordinal }: { readonly opened: OpenTarget; readonly ordinal: number },
  tally: Tally,
  { published, isFew: looksUp }: ChosenJoin,
): Promise<number> {
  // A source that delivers only what changed says nothing by leaving a record out.
  if (!task.isFullSource) return 0;
  const { names } = task;
  const withdraws = wanted.onMissing === 'withdraw';
  if (looksUp) {
    const absent = Math.max(0, published - (await countNamed(client, names, wanted.target, ownerOf(task))));
    if (withdraws && tally.rejectedWithoutId > 0) warnPostponed(tally, wanted.target);
    if (absent === 0 || !withdraws || tally.rejectedWithoutId > 0) return absent;
    // The absent records must be found, which reads the whole target.
    await joinWholeTables(client);
  }
  if (withdraws && tally.rejectedWithoutId === 0) {
    return planWithdrawals(client, names, wanted.target, ordinal, ownerOf(task));
  }
  if (withdraws) warnPostponed(tally, wanted.target);
  return countAbsent(client, names, wanted.target, ownerOf(task));
}

function warnPostponed(tally: Tally, target: Target): void {
  tallyWarning(
    tally,
    'W_WITHDRAWALS_POSTPONED',
    `Of the rejected records ${String(tally.rejectedWithoutId)} had no readable id, so nothing is withdrawn from ${target.name}: an absent record may be one of them`,
  );
}

async function requireDocuments(client: PoolClient, task: OpenTask): Promise<void> {
  const missing = await countMissingDocuments(client, task.names);
  if (missing === 0) return;
  throw new UnavailableError(
    'E_STAGE_LOST',
    `${String(missing)} records of the target changed while task ${task.row.name} was staged; it is staged again.`,
  );
}

function assertConservation(counts: StageCounts, targets: Readonly<Record<string, TargetCounts>>): void {
  const broken = brokenConservation(counts, targets);
  if (broken !== undefined)
    throw new InternalError('E_CONSERVATION', `The counts do not add up: ${broken}. Nothing was published.`);
}
