/**
 * Calculates the changes that make a schedule in Temporal match its stored job, without making them. A schedule of
 * another program is not changed. A pause from the Web UI or `vocab-sync schedule JOB pause` is kept.
 */
import type { Client } from '@temporalio/client';
import type { Schedule } from '../job/schema/job.ts';
import { differencesIn, type ScheduledJob } from './schedule-definition.ts';
import { differencesInTimes } from './schedule-spec.ts';
import { findSchedule, INACTIVE_NOTE, type ListedSchedule, type ScheduleState } from './schedule-state.ts';

export interface Reconciled {
  /** `ended`: its end date has passed, so Temporal is not asked to keep one. `foreign`: not ours, left alone. */
  readonly action: 'none' | 'created' | 'updated' | 'unchanged' | 'deleted' | 'foreign' | 'ended' | 'refused';
  /** What differed in Temporal, in words of the job file. */
  readonly differed: readonly string[];
  readonly paused: boolean;
  /** A pause that is not ours was kept; its note. */
  readonly keptPause?: string;
  /** It is there, and starts nothing any more: its end date has passed. */
  readonly isOver?: boolean;
  /** The next start as ISO 8601; null if no start is planned, the schedule is paused, or nothing was done yet. */
  readonly next: string | null;
  /** The installation whose schedule it is. Of `foreign` alone. */
  readonly otherInstallation?: string;
  /** Why Temporal does not take it. Of `refused` alone. */
  readonly error?: { readonly code: string; readonly message: string };
}

export interface SchedulePlan {
  readonly job: ScheduledJob;
  readonly step: 'create' | 'update' | 'delete' | 'nothing';
  /** What it rests on; undefined where Temporal has none. */
  readonly found: ScheduleState | undefined;
  /** What there is to tell once the step is done. */
  readonly answer: Reconciled;
}

/** `isNew`: most likely its schedule is too, so it is made without looking for it first. */
export async function planSchedule(client: Client, job: ScheduledJob, isNew = false): Promise<SchedulePlan> {
  const mayBeThere = !isNew || job.schedule === undefined;
  return planFrom(job, mayBeThere ? await findSchedule(client, job.id, job.installation) : undefined);
}

/**
 * From what a list told, for a job that did not change; undefined where the schedule itself has to be looked at. Its
 * policies and what it starts were edited by nobody but, perhaps, in Temporal.
 */
export function planFromList(job: ScheduledJob, listed: ListedSchedule | undefined): SchedulePlan | undefined {
  const { schedule } = job;
  const plan = { job, step: 'nothing' as const, found: undefined };
  if (schedule === undefined) return listed === undefined ? { ...plan, answer: NONE } : undefined;
  // One from before there were installations is given the one that applies it.
  if (listed !== undefined && listed.installation !== job.installation) return undefined;
  if (listed === undefined || differencesInTimes(schedule, listed.spec).length > 0) return undefined;
  const { paused } = pauseFor(job, listed);
  return paused === listed.paused ? { ...plan, answer: unchanged(job, listed) } : undefined;
}

function planFrom(job: ScheduledJob, found: ScheduleState | undefined): SchedulePlan {
  const plan = (step: SchedulePlan['step'], answer: Reconciled): SchedulePlan => ({ job, step, found, answer });
  if (found?.ours === false)
    return plan('nothing', {
      ...NONE,
      action: 'foreign',
      paused: found.paused,
      ...(found.otherInstallation === undefined ? {} : { otherInstallation: found.otherInstallation }),
    });
  const { schedule } = job;
  if (schedule === undefined) {
    return found === undefined ? plan('nothing', NONE) : plan('delete', { ...NONE, action: 'deleted' });
  }
  if (found === undefined) {
    // Temporal deletes a schedule that has nothing more to do: making it again each time would be noise.
    if (isOver(schedule)) return plan('nothing', { ...NONE, action: 'ended' });
    return plan('create', { ...NONE, action: 'created', paused: !job.active });
  }
  const differed = differencesIn(job, schedule, found);
  const { paused } = pauseFor(job, found);
  if (differed.length === 0 && paused === found.paused) return plan('nothing', unchanged(job, found));
  const keptPause = job.active && paused ? { keptPause: found.note ?? '' } : {};
  const over = isOver(schedule) ? { isOver: true } : {};
  return plan('update', { action: 'updated', differed, paused, ...keptPause, ...over, next: null });
}

function isOver({ end_at }: Schedule): boolean {
  return end_at !== undefined && Date.parse(end_at) <= Date.now();
}

function unchanged(
  job: ScheduledJob,
  { paused, note, next }: Pick<ScheduleState, 'paused' | 'note' | 'next'>,
): Reconciled {
  const keptPause = job.active && paused ? { keptPause: note ?? '' } : {};
  return {
    action: 'unchanged',
    differed: [],
    paused,
    ...keptPause,
    next: paused ? null : (next[0]?.toISOString() ?? null),
  };
}

const NONE: Reconciled = { action: 'none', differed: [], paused: false, next: null };

/** Only a pause that we made for an inactive job is ours to take back. */
export function pauseFor(
  job: ScheduledJob,
  found: Pick<ScheduleState, 'paused' | 'note'>,
): { readonly paused: boolean; readonly note?: string } {
  const note = found.note === undefined ? {} : { note: found.note };
  if (!job.active) return found.paused ? { paused: true, ...note } : { paused: true, note: INACTIVE_NOTE };
  if (!found.paused) return { paused: false, ...note };
  if (found.note?.startsWith(INACTIVE_NOTE) === true)
    return { paused: false, note: 'vocab-sync: the job is active again' };
  return { paused: true, ...note };
}
