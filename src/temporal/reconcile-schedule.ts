/**
 * Brings the schedule of a stored job in Temporal to what the job says. Idempotent. It never touches a schedule that is
 * not ours, never undoes a pause that somebody made in the Web UI or with `vocab-sync schedule JOB pause`, and makes a
 * schedule again that was deleted, or that Temporal itself removed.
 */
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type Client,
  type ScheduleUpdateOptions,
} from '@temporalio/client';
import type { runJob } from '../../workflows/run-job.ts';
import { escaped } from '../../workflows/details-text.ts';
import { VOCAB_JOB } from '../../workflows/search-attributes.ts';
import type { Schedule } from '../job/job.ts';
import type { RunRequest } from '../records/run.ts';
import { failingAs } from './client.ts';
import { differencesFrom, differencesInTimes, toPolicies, toScheduleSpec } from './schedule-spec.ts';
import {
  deleteSchedule,
  findSchedule,
  INACTIVE_NOTE,
  OUR_MEMO,
  scheduleId,
  type ListedSchedule,
  type ScheduleState,
} from './schedule-state.ts';

export interface ScheduledJob {
  readonly id: string;
  readonly title: string;
  readonly queue: string;
  readonly active: boolean;
  readonly schedule: Schedule | undefined;
  /** False where the namespace has no search attributes for us. */
  readonly searchAttributes: boolean;
}

export interface Reconciled {
  /** `ended`: its end date has passed, so Temporal is not asked to keep one. `foreign`: not ours, left alone. */
  readonly action: 'none' | 'created' | 'updated' | 'unchanged' | 'deleted' | 'foreign' | 'ended';
  /** What differed in Temporal, in words of the job file. */
  readonly differed: readonly string[];
  readonly paused: boolean;
  /** A pause that is not ours was kept; its note. */
  readonly keptPause?: string;
  /** The first of the next starts, as ISO 8601; null where there is none, it is paused, or nothing was done yet. */
  readonly next: string | null;
}

export interface ReconcileOptions {
  /** Nothing is changed, and `action` says what would be. */
  readonly dryRun?: boolean;
  /** The job is new, so most likely its schedule is too: it is made without looking for it first. */
  readonly isNew?: boolean;
  /** Look up the next start of a schedule that was made or changed. Default true; with hundreds of jobs it costs seconds. */
  readonly withNext?: boolean;
  /**
   * What a list told of the schedules, for a job that did not change: one whose times and pause are as they should be is
   * not asked about again. Its policies were edited by nobody but, perhaps, in Temporal.
   */
  readonly listed?: ReadonlyMap<string, ListedSchedule>;
}

export async function reconcileSchedule(
  client: Client,
  job: ScheduledJob,
  options: ReconcileOptions = {},
): Promise<Reconciled> {
  const { dryRun = false, isNew = false } = options;
  if (isNew && !dryRun && job.schedule !== undefined) return create(client, job, job.schedule, options);
  const known = options.listed === undefined ? undefined : asListed(job, options.listed.get(job.id));
  if (known !== undefined) return known;
  const found = await findSchedule(client, job.id);
  if (found !== undefined && !found.ours) return { action: 'foreign', differed: [], paused: found.paused, next: null };
  if (job.schedule === undefined) {
    if (found === undefined) return NONE;
    if (!dryRun) await deleteSchedule(client, job.id);
    return { ...NONE, action: 'deleted' };
  }
  if (found === undefined) return create(client, job, job.schedule, options);
  return update(client, job, job.schedule, found, options);
}

const NONE: Reconciled = { action: 'none', differed: [], paused: false, next: null };

async function create(
  client: Client,
  job: ScheduledJob,
  schedule: Schedule,
  { dryRun = false, withNext = true }: ReconcileOptions,
): Promise<Reconciled> {
  // Temporal deletes a schedule that has nothing more to do: making it again each time would be noise.
  if (schedule.end_at !== undefined && Date.parse(schedule.end_at) <= Date.now()) return { ...NONE, action: 'ended' };
  if (dryRun) return { ...NONE, action: 'created', paused: !job.active };
  const wasThere = await failingAs(`create the schedule ${scheduleId(job.id)}`, async () => {
    try {
      await client.schedule.create<typeof runJob>({
        scheduleId: scheduleId(job.id),
        memo: { ...OUR_MEMO, job: job.id },
        ...definitionOf(job, schedule),
        state: job.active ? {} : { paused: true, note: INACTIVE_NOTE },
      });
      return false;
    } catch (thrown) {
      if (thrown instanceof ScheduleAlreadyRunning) return true;
      throw thrown;
    }
  });
  // One that is there already is looked at as any other.
  if (wasThere) return reconcileSchedule(client, job, { withNext });
  const next = job.active && withNext ? await nextStart(client, job.id) : null;
  return { ...NONE, action: 'created', paused: !job.active, next };
}

async function update(
  client: Client,
  job: ScheduledJob,
  schedule: Schedule,
  found: ScheduleState,
  { dryRun = false, withNext = true }: ReconcileOptions,
): Promise<Reconciled> {
  const differed = [...differencesFrom(schedule, found.description), ...actionDifferences(job, found)];
  const state = pauseFor(job, found);
  const isSame = differed.length === 0 && state.paused === found.paused;
  const keptPause = job.active && state.paused ? { keptPause: found.note ?? '' } : {};
  const answer = { differed, paused: state.paused, ...keptPause };
  if (isSame || dryRun) {
    const next = state.paused || !isSame ? null : (found.next[0]?.toISOString() ?? null);
    return { action: isSame ? 'unchanged' : 'updated', ...answer, next };
  }
  const wasGone = await failingAs(`update the schedule ${found.id}`, async () => {
    try {
      await client.schedule
        .getHandle(found.id)
        .update<typeof runJob>((previous) => withState(job, schedule, pauseFor(job, { ...found, ...previous.state })));
      return false;
    } catch (thrown) {
      if (thrown instanceof ScheduleNotFoundError) return true;
      throw thrown;
    }
  });
  if (wasGone) return create(client, job, schedule, { withNext });
  const next = state.paused || !withNext ? null : await nextStart(client, job.id);
  return { action: 'updated', ...answer, next };
}

/** Undefined where it has to be looked at. */
function asListed(job: ScheduledJob, listed: ListedSchedule | undefined): Reconciled | undefined {
  if (job.schedule === undefined) return listed === undefined ? NONE : undefined;
  if (listed === undefined || differencesInTimes(job.schedule, listed.spec).length > 0) return undefined;
  const state = pauseFor(job, listed);
  if (state.paused !== listed.paused) return undefined;
  const keptPause = job.active && state.paused ? { keptPause: listed.note ?? '' } : {};
  const next = state.paused ? null : (listed.next[0]?.toISOString() ?? null);
  return { action: 'unchanged', differed: [], paused: state.paused, ...keptPause, next };
}

type Pause = { readonly paused: boolean; readonly note?: string };

/** Only a pause that we made for an inactive job is ours to take back. */
function pauseFor(job: ScheduledJob, found: Pick<ScheduleState, 'paused' | 'note'>): Pause {
  const note = found.note === undefined ? {} : { note: found.note };
  if (!job.active) return found.paused ? { paused: true, ...note } : { paused: true, note: INACTIVE_NOTE };
  if (!found.paused) return { paused: false, ...note };
  if (found.note?.startsWith(INACTIVE_NOTE) === true)
    return { paused: false, note: 'vocab-sync: the job is active again' };
  return { paused: true, ...note };
}

function withState(job: ScheduledJob, schedule: Schedule, state: Pause): ScheduleUpdateOptions<ActionOf> {
  return { ...definitionOf(job, schedule), state };
}

function definitionOf(job: ScheduledJob, schedule: Schedule) {
  const attributes = job.searchAttributes ? { typedSearchAttributes: [{ key: VOCAB_JOB, value: job.id }] } : {};
  return {
    spec: toScheduleSpec(schedule),
    policies: toPolicies(schedule),
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'runJob',
      workflowId: scheduleId(job.id),
      taskQueue: job.queue,
      args: [requestOf(job)] as [RunRequest],
      staticSummary: escaped(`${job.title}, by its schedule`.slice(0, 150)),
      memo: { title: job.title },
      ...attributes,
    },
    ...attributes,
  };
}

type ActionOf = ReturnType<typeof definitionOf>['action'];

/** Plain: everything else is looked up when the run starts, so a new version of the job needs no new schedule. */
function requestOf({ id, searchAttributes }: ScheduledJob): RunRequest {
  return { job: id, trigger: 'schedule', ...(searchAttributes ? {} : { searchAttributes: false }) };
}

function actionDifferences(job: ScheduledJob, { description: { action } }: ScheduleState): readonly string[] {
  return [
    ...(action.taskQueue === job.queue ? [] : ['queue']),
    ...(action.memo?.['title'] === job.title ? [] : ['title']),
    ...(action.workflowType === 'runJob' && sameJson(action.args?.[0], requestOf(job)) ? [] : ['workflow input']),
  ];
}

function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): string =>
    JSON.stringify(Object.entries(value ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return sorted(a) === sorted(b);
}

async function nextStart(client: Client, job: string): Promise<string | null> {
  return (await findSchedule(client, job))?.next[0]?.toISOString() ?? null;
}
