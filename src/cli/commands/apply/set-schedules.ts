/** Sets the schedules of jobs that were just stored, hundreds at a time. */
import type { Client } from '@temporalio/client';
import { ConfigError, UnavailableError } from '../../../errors.ts';
import type { Job } from '../../../job/schema/job.ts';
import { planFromList, planSchedule, type Reconciled, type SchedulePlan } from '../../../temporal/plan-schedule.ts';
import { carryOut } from '../../../temporal/reconcile-schedule.ts';
import type { ScheduledJob } from '../../../temporal/schedule-definition.ts';
import { listSchedules } from '../../../temporal/schedule-state.ts';
import type { AppliedJob, ApplyOptions, ApplyServers } from './applied-job.ts';

/** A call takes some milliseconds; measured, twice as many are answered in a second by 32 at once as by 8. */
const CALLS_AT_ONCE = 32;

/** With more schedules, the next start is not shown, because it takes one more call for each changed schedule. */
const FEW_JOBS = 50;

/**
 * Up to this number, schedules are read one by one. Beyond it, unchanged jobs are compared with a list of all
 * schedules, which takes one call. The list contains neither policies nor queues, so only `schedule JOB` shows an edit
 * of those in Temporal.
 */
const MOST_LOOKED_AT = 200;

export interface ToSchedule {
  readonly job: Job;
  readonly standing: Pick<AppliedJob, 'active' | 'switched'>;
  readonly applied: AppliedJob;
}

/** In a dry run it is only said what would be done. Throws UnavailableError where Temporal goes away meanwhile. */
export async function setSchedules(
  servers: ApplyServers,
  work: readonly ToSchedule[],
  { dryRun }: ApplyOptions,
): Promise<readonly AppliedJob[]> {
  if (dryRun) return (await lookAtAll(servers, work, dryRun)).map(({ applied }) => applied);
  let done = 0;
  try {
    const looked = await lookAtAll(servers, work, dryRun);
    return await inParallel(CALLS_AT_ONCE, looked, async ({ applied, plan }) => {
      const schedule = plan && (await carryOutOrSay(servers.client, plan, work.length <= FEW_JOBS));
      done += 1;
      return schedule === undefined ? applied : { ...applied, schedule };
    });
  } catch (error) {
    throw error instanceof UnavailableError ? brokenOff(error, done, work.length) : error;
  }
}

async function lookAtAll(
  servers: ApplyServers,
  work: readonly ToSchedule[],
  dryRun: boolean,
): Promise<readonly { readonly applied: AppliedJob; readonly plan?: SchedulePlan }[]> {
  const { client } = servers;
  const listed = work.length > MOST_LOOKED_AT ? await listSchedules(client, servers.installation) : undefined;
  return inParallel(CALLS_AT_ONCE, work, async ({ job, standing, applied }) => {
    if (applied.status === 'conflict') return { applied };
    const scheduled = toScheduled(job, standing.active, servers);
    const known = listed !== undefined && isAsBefore(applied) ? planFromList(scheduled, listed.get(job.id)) : undefined;
    const plan = known ?? (await planSchedule(client, scheduled, applied.status === 'new' && !dryRun));
    return { applied: { ...applied, ...standing, schedule: plan.answer }, plan };
  });
}

function brokenOff(error: UnavailableError, done: number, all: number): UnavailableError {
  const set =
    done === 0 ? 'none of their schedules is set' : `the schedules of ${String(done)} of ${String(all)} are set`;
  const message = `${error.message} The jobs are stored, ${set}: apply again when Temporal is back; it then sets the others.`;
  return new UnavailableError('E_TEMPORAL_UNAVAILABLE', message, { cause: error, details: { done, jobs: all } });
}

/** Returns whether the schedule and the job that it starts are the ones that were stored before. */
function isAsBefore({ status, changes }: AppliedJob): boolean {
  const concerns = /^(\/(title|queue|active|schedule)(\/|$)|$)/;
  return status === 'unchanged' || (status === 'changed' && !changes.some(({ pointer }) => concerns.test(pointer)));
}

/** If Temporal refuses the schedule of one job, the schedules of the others are still set. */
async function carryOutOrSay(client: Client, plan: SchedulePlan, withNext: boolean): Promise<Reconciled> {
  try {
    return await carryOut(client, plan, { withNext });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const message = `${error.message}${plan.found === undefined ? '' : ' The one in Temporal stays as it was.'}`;
    return { ...plan.answer, action: 'refused', differed: [], next: null, error: { code: error.code, message } };
  }
}

export function toScheduled(
  { id, title, queue, schedule }: Job,
  active: boolean,
  { searchAttributes, installation }: Pick<ApplyServers, 'searchAttributes' | 'installation'>,
): ScheduledJob {
  const own = installation === undefined ? {} : { installation };
  return { id, title, queue, active, schedule, searchAttributes, ...own };
}

/**
 * `work` for every item, at most `most` at once, answers in the order of the items. The first failure ends it: nothing
 * more is begun.
 */
async function inParallel<T, R>(
  most: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, lane));
  return results;
}
