/**
 * Makes the schedule in Temporal match its stored job. Idempotent: a deleted schedule is created again, also if
 * Temporal deleted it. Each change is based on the schedule that was read. If someone edits, pauses or deletes the
 * schedule in between, that change is kept and the schedule is read again.
 */
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import type { Schedule } from '../job/schema/job.ts';
import { failingAs } from './client.ts';
import { describedHandle } from './described-handle.ts';
import { patiently } from './patiently.ts';
import { pauseFor, planSchedule, type Reconciled, type SchedulePlan } from './plan-schedule.ts';
import { definitionOf, type RunJob, type ScheduledJob } from './schedule-definition.ts';
import { deleteSchedule, INACTIVE_NOTE, OUR_MEMO, scheduleId, type ScheduleState } from './schedule-state.ts';

export async function reconcileSchedule(client: Client, job: ScheduledJob): Promise<Reconciled> {
  return carryOut(client, await planSchedule(client, job));
}

export interface CarryOutOptions {
  /** Look at a schedule that was made or changed, for its next start. Default true; with hundreds of jobs it costs seconds. */
  readonly withNext?: boolean;
}

/** So often is looked again where others were faster. */
const ATTEMPTS = 3;

/** Throws ConfigError E_SCHEDULE_REFUSED where Temporal does not take it. */
export async function carryOut(
  client: Client,
  plan: SchedulePlan,
  { withNext = true }: CarryOutOptions = {},
): Promise<Reconciled> {
  let current = plan;
  for (let attempt = 1; current.step !== 'nothing' && attempt <= ATTEMPTS; attempt += 1) {
    const isDone = await perform(client, current);
    if (isDone && !withNext) return current.answer;
    const after = await planSchedule(client, plan.job);
    if (isDone && after.step === 'nothing') {
      const { action, differed, isOver } = current.answer;
      return { ...after.answer, action, differed, ...(isOver === undefined ? {} : { isOver }) };
    }
    current = after;
  }
  return current.answer;
}

/** False where the schedule is no longer what the plan rests on. */
async function perform(client: Client, { job, step, found }: SchedulePlan): Promise<boolean> {
  const { schedule } = job;
  if (step === 'delete') {
    await deleteSchedule(client, job.id, job.installation);
    return true;
  }
  if (schedule === undefined) return true;
  return found === undefined ? create(client, job, schedule) : update(client, job, schedule, found);
}

function create(client: Client, job: ScheduledJob, schedule: Schedule): Promise<boolean> {
  return accepted(`create the schedule ${scheduleId(job.id)}`, job, async () => {
    await client.schedule.create<RunJob>({
      scheduleId: scheduleId(job.id),
      memo: {
        ...OUR_MEMO,
        job: job.id,
        ...(job.installation === undefined ? {} : { installation: job.installation }),
      },
      ...definitionOf(job, schedule),
      state: job.active ? {} : { paused: true, note: INACTIVE_NOTE },
    });
  });
}

function update(client: Client, job: ScheduledJob, schedule: Schedule, found: ScheduleState): Promise<boolean> {
  return accepted(`update the schedule ${found.id}`, job, () =>
    describedHandle(client, found.description).update<RunJob>(() => {
      return { ...definitionOf(job, schedule), state: pauseFor(job, found) };
    }),
  );
}

async function accepted(doing: string, job: ScheduledJob, call: () => Promise<void>): Promise<boolean> {
  try {
    await failingAs(doing, () => patiently(call));
    return true;
  } catch (thrown) {
    if (thrown instanceof ScheduleAlreadyRunning || thrown instanceof ScheduleNotFoundError) return false;
    const refusal = refusalIn(thrown);
    if (refusal === undefined) throw thrown;
    throw new ConfigError(
      'E_SCHEDULE_REFUSED',
      `Temporal does not take the schedule of job ${job.id}: ${refusal.replace(/\.$/, '')}.`,
      { cause: thrown, details: { job: job.id, schedule: job.schedule } },
    );
  }
}

/** The SDK turns what a server says against the times of a schedule into a TypeError. */
function refusalIn(thrown: unknown): string | undefined {
  if (thrown instanceof TypeError) return thrown.message;
  return undefined;
}
