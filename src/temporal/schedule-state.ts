/** The schedule of a job in Temporal: looked at, paused, resumed, deleted. One that is not ours is never touched. */
import { ScheduleNotFoundError, type Client, type ScheduleDescription, type ScheduleHandle } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import { failingAs } from './client.ts';
import { patiently } from './patiently.ts';
import type { FoundSpec } from './schedule-spec.ts';

/** In the memo of every schedule that we made. Temporal cannot change a memo afterwards. */
export const OUR_MEMO = { managed_by: 'vocab-sync' } as const;
/** The start of the note of a pause by vocab-sync. All other pauses are a person's decision. */
export const INACTIVE_NOTE = 'vocab-sync: the job is not active';

/** As many as the server gives at once. */
const LIST_PAGE = 1000;

export function scheduleId(job: string): string {
  return `vocab-sync/${job}`;
}

export interface ScheduleState {
  readonly id: string;
  /** False: another program or another installation made a schedule of this name. */
  readonly ours: boolean;
  /** The other installation that made it. */
  readonly otherInstallation: string | undefined;
  readonly paused: boolean;
  readonly note: string | undefined;
  /**
   * Up to ten times, including jitter. Those of a paused schedule were calculated at the time of the pause. Temporal
   * calculates them again when the schedule is resumed, so after some time there are none left.
   */
  readonly next: readonly Date[];
  readonly description: ScheduleDescription;
}

/** Undefined where Temporal has none of this name. */
export async function findSchedule(
  client: Client,
  job: string,
  installation?: string,
): Promise<ScheduleState | undefined> {
  const id = scheduleId(job);
  return failingAs(`look at the schedule ${id}`, async () => {
    try {
      const description = await patiently(() => client.schedule.getHandle(id).describe());
      const { memo, state, info } = description;
      const now = new Date();
      const made = memo?.['managed_by'] === OUR_MEMO.managed_by;
      const maker = made ? (installationIn(description.action.args?.[0]) ?? installationIn(memo)) : undefined;
      const otherInstallation = isOther(maker, installation) ? maker : undefined;
      return {
        id,
        ours: made && otherInstallation === undefined,
        otherInstallation,
        paused: state.paused,
        note: state.note,
        next: info.nextActionTimes.filter((time) => time > now),
        description,
      };
    } catch (thrown) {
      if (thrown instanceof ScheduleNotFoundError) return undefined;
      throw thrown;
    }
  });
}

/** Undefined where the schedule was made by a release without installations: then it is anybody's. */
function installationIn(place: unknown): string | undefined {
  const found = typeof place === 'object' && place !== null && 'installation' in place ? place.installation : undefined;
  return typeof found === 'string' ? found : undefined;
}

function isOther(maker: string | undefined, installation: string | undefined): boolean {
  return maker !== undefined && installation !== undefined && maker !== installation;
}

/** The part of a schedule that a list contains: neither its policies nor its action. */
export interface ListedSchedule extends Pick<ScheduleState, 'paused' | 'note' | 'next'> {
  readonly spec: FoundSpec;
  /** In its memo, which stays as it was when the schedule was made. */
  readonly installation: string | undefined;
}

/** Our schedules by job, hundreds in one answer. A change shows in it a moment later. */
export async function listSchedules(
  client: Client,
  installation?: string,
): Promise<ReadonlyMap<string, ListedSchedule>> {
  return failingAs('list the schedules', async () => {
    const listed = new Map<string, ListedSchedule>();
    const now = new Date();
    for await (const { scheduleId: id, memo, state, spec, info } of client.schedule.list({ pageSize: LIST_PAGE })) {
      if (memo?.['managed_by'] !== OUR_MEMO.managed_by || !id.startsWith(scheduleId('')) || spec === undefined)
        continue;
      const maker = installationIn(memo);
      if (isOther(maker, installation)) continue;
      const next = info.nextActionTimes.filter((time) => time > now);
      listed.set(id.slice(scheduleId('').length), {
        paused: state.paused,
        note: state.note,
        spec,
        next,
        installation: maker,
      });
    }
    return listed;
  });
}

/** Throws ConfigError E_SCHEDULE_STATE where the job has none, or one that is not ours. */
export async function requireSchedule(client: Client, job: string, installation?: string): Promise<ScheduleState> {
  const state = await findSchedule(client, job, installation);
  if (state?.ours === true) return state;
  const maker =
    state?.otherInstallation === undefined
      ? 'that vocab-sync did not make'
      : `of another installation (${state.otherInstallation})`;
  const found = state === undefined ? 'found none' : `found one ${maker}; it is left alone`;
  throw new ConfigError(
    'E_SCHEDULE_STATE',
    `Expected a schedule ${scheduleId(job)} of vocab-sync in Temporal, ${found}.`,
    { details: { job, schedule: scheduleId(job) } },
  );
}

export function pauseSchedule(client: Client, job: string, note: string): Promise<void> {
  return act(client, job, 'pause', (handle) => handle.pause(note));
}

/**
 * Pauses the schedule automatically. An earlier pause by a person is kept with its note. Returns false if the schedule
 * was not paused with this note; a repeated call returns the same.
 */
export async function pauseUnlessPaused(
  client: Client,
  job: string,
  note: string,
  installation?: string,
): Promise<boolean> {
  const state = await findSchedule(client, job, installation);
  if (state?.ours !== true) return false;
  if (state.paused) return state.note === note;
  await pauseSchedule(client, job, note);
  return true;
}

export function resumeSchedule(client: Client, job: string, note: string): Promise<void> {
  return act(client, job, 'resume', (handle) => handle.unpause(note));
}

/** Returns false if the job has no schedule of this installation. */
export async function deleteSchedule(client: Client, job: string, installation?: string): Promise<boolean> {
  const state = await findSchedule(client, job, installation);
  if (state?.ours !== true) return false;
  await act(client, job, 'delete', (handle) => handle.delete());
  return true;
}

/** One that went away meanwhile needs nothing more. */
function act(
  client: Client,
  job: string,
  doing: string,
  call: (handle: ScheduleHandle) => Promise<void>,
): Promise<void> {
  return failingAs(`${doing} the schedule ${scheduleId(job)}`, async () => {
    try {
      await call(client.schedule.getHandle(scheduleId(job)));
    } catch (thrown) {
      if (!(thrown instanceof ScheduleNotFoundError)) throw thrown;
    }
  });
}
