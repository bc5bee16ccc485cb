/** What the schedule of a job is in Temporal: when it starts a run, with which policies, and what it starts. */
import type { runJob } from '../../workflows/run-job.ts';
import { escaped } from '../../workflows/details-text.ts';
import { VOCAB_JOB } from '../../workflows/search-attributes.ts';
import type { Schedule } from '../job/schema/job.ts';
import type { RunRequest } from '../records/run.ts';
import { differencesFrom, toPolicies, toScheduleSpec } from './schedule-spec.ts';
import { scheduleId, type ScheduleState } from './schedule-state.ts';

export interface ScheduledJob {
  readonly id: string;
  readonly title: string;
  readonly queue: string;
  readonly active: boolean;
  readonly schedule: Schedule | undefined;
  /** False where the namespace has no search attributes for us. */
  readonly searchAttributes: boolean;
  /** Whose job it is. Absent: the schedule is made without it. */
  readonly installation?: string;
}

export type RunJob = typeof runJob;

export function definitionOf(job: ScheduledJob, schedule: Schedule) {
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
      // A cut between the halves of a character would be no text any more.
      staticSummary: escaped(Array.from(`${job.title}, by its schedule`).slice(0, 150).join('')),
      memo: { title: job.title },
      ...attributes,
    },
    ...attributes,
  };
}

/** In what the schedule in Temporal differs, in words of the job file; empty = in nothing. */
export function differencesIn(
  job: ScheduledJob,
  schedule: Schedule,
  { description }: ScheduleState,
): readonly string[] {
  const { action } = description;
  return [
    ...differencesFrom(schedule, description),
    ...(action.taskQueue === job.queue ? [] : ['queue']),
    ...(action.memo?.['title'] === job.title ? [] : ['title']),
    ...(action.workflowType === 'runJob' && sameJson(action.args?.[0], requestOf(job)) ? [] : ['workflow input']),
  ];
}

/** Plain: everything else is looked up when the run starts, so a new version of the job needs no new schedule. */
function requestOf({ id, searchAttributes, installation }: ScheduledJob): RunRequest {
  return {
    job: id,
    trigger: 'schedule',
    ...(searchAttributes ? {} : { searchAttributes: false }),
    ...(installation === undefined ? {} : { installation }),
  };
}

function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): string =>
    JSON.stringify(Object.entries(value ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return sorted(a) === sorted(b);
}
