/** The schedules of jobs that were stored just now, hundreds at a time. */
import type { Client } from '@temporalio/client';
import { ConfigError, UnavailableError } from '../../../errors.ts';
import type { Job } from '../../../job/schema/job.ts';
import { planFromList, planSchedule, type Reconciled, type SchedulePlan } from '../../../temporal/plan-schedule.ts';
import { carryOut } from '../../../temporal/reconcile-schedule.ts';
import type { ScheduledJob } from '../../../temporal/schedule-definition.ts';
import { listSchedules } from '../../../temporal/schedule-state.ts';
import type { AppliedJob, ApplyOptions, ApplyServers } from './applied-job.ts';
import { inParallel } from './in-parallel.ts';

/** A call takes some milliseconds; measured, twice as many are answered in a second by 32 at once as by 8. */
const CALLS_AT_ONCE = 32;

/** Of more, the next start is not told: it is one more call for each schedule that was made or changed. */
const FEW_JOBS = 50;

/**
 * So many are looked at one by one. Of more, those that did not change are held against a list of all schedules, which
 * takes one call; it tells neither policies nor queues, so an edit of those in Temporal shows in `schedule JOB` alone.
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
  const message = `${error.message} The jobs are stored, ${set}: apply again when Temporal is back, it goes on from there.`;
  return new UnavailableError('E_TEMPORAL_UNAVAILABLE', message, { cause: error, details: { done, jobs: all } });
}

/** What its schedule says, and what that starts, is what was stored before. */
function isAsBefore({ status, changes }: AppliedJob): boolean {
  const concerns = /^(\/(title|queue|active|schedule)(\/|$)|$)/;
  return status === 'unchanged' || (status === 'changed' && !changes.some(({ pointer }) => concerns.test(pointer)));
}

/** What Temporal has against the schedule of one job is no reason to leave those of the others as they were. */
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
