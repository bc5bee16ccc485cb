/** `schedule JOB show`: the schedule as Temporal will run it. */
import type { StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { differencesFrom } from '../../../temporal/schedule-spec.ts';
import { findSchedule, type ScheduleState } from '../../../temporal/schedule-state.ts';
import { writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withServers } from '../../servers/open-servers.ts';
import { printable } from '../../render/printable.ts';
import { hint, type Page } from '../../render/page.ts';
import { renderFields, renderTable } from '../../render/render-table.ts';
import { storedSchedule } from '../job/show-jobs.ts';
import { requireStoredJob } from '../job/require-stored-job.ts';
import { scheduleWords, zonedTime } from './schedule-words.ts';

export interface ScheduleOptions extends JsonOption {
  readonly reason?: string;
}

const TIMES = 5;

export async function showSchedule(
  context: CommandContext,
  name: string,
  { json }: ScheduleOptions,
): Promise<ExitCode> {
  const { job, found } = await withServers(context, async ({ pool, temporal, installation }) => ({
    job: await requireStoredJob(pool, name),
    found: await findSchedule(temporal.client, name, installation),
  }));
  await (json === true
    ? writeJson(context, toDocument(job, found))
    : context.terminal.write(render(job, found, context.terminal.page)));
  return EXIT.success;
}

function toDocument(job: StoredJob, found: ScheduleState | undefined) {
  const zone = zoneOf(job);
  return {
    job: job.id,
    active: job.active,
    schedule: storedSchedule(job) ?? null,
    temporal:
      found === undefined
        ? null
        : {
            id: found.id,
            ours: found.ours,
            paused: found.paused,
            note: found.note ?? null,
            differs_in: differences(job, found),
            next: found.next
              .slice(0, TIMES)
              .map((time) => ({ utc: time.toISOString(), local: zonedTime(time, zone), timezone: zone })),
          },
  };
}

function render(job: StoredJob, found: ScheduleState | undefined, page: Page): string {
  const fields = renderFields(
    [
      ['job', `${job.id}${job.active ? '' : ' (not active)'}`],
      ['schedule', scheduleWords(storedSchedule(job))],
      ['in Temporal', hint(page, standing(job, found))],
    ],
    '',
    page,
  );
  if (found?.ours !== true || found.next.length === 0) return fields;
  const zone = zoneOf(job);
  const rows = found.next
    .slice(0, TIMES)
    .map((time) => [
      zonedTime(time, zone),
      ...(isUtc(zone) ? [] : [time.toISOString().slice(0, 19).replace('T', ' ')]),
    ]);
  const heading = found.paused ? 'It would run next at' : 'It runs next at';
  return `${fields}\n${heading}\n${renderTable([{ title: zone }, ...(isUtc(zone) ? [] : [{ title: 'UTC' }])], rows, '  ')}`;
}

/** Two columns of the same times say nothing more. */
function isUtc(zone: string): boolean {
  return zone === 'UTC' || zone === 'Etc/UTC';
}

function standing(job: StoredJob, found: ScheduleState | undefined): string {
  const wanted = storedSchedule(job);
  if (found === undefined) return wanted === undefined ? 'none' : 'missing: `vocab-sync apply` makes it';
  if (found.otherInstallation !== undefined)
    return `${found.id} belongs to another installation (${found.otherInstallation}) and is left alone`;
  if (!found.ours) return `${found.id} was not made by vocab-sync and is left alone`;
  const note = found.note === undefined || found.note === '' ? '' : ` ("${printable(found.note)}")`;
  const differs = differences(job, found);
  const drift =
    differs.length === 0 ? '' : `; differs from the job in ${differs.join(', ')}: \`vocab-sync apply\` corrects it`;
  const idle =
    found.next.length > 0
      ? ''
      : found.paused
        ? '; Temporal calculates its next times when it is resumed'
        : '; it has no further time';
  return `${found.id}, ${found.paused ? `paused${note}` : 'active'}${idle}${drift}`;
}

function differences(job: StoredJob, found: ScheduleState): readonly string[] {
  const wanted = storedSchedule(job);
  return wanted === undefined ? ['schedule'] : differencesFrom(wanted, found.description);
}

function zoneOf(job: StoredJob): string {
  const schedule = storedSchedule(job);
  return schedule?.type === 'crontab' ? schedule.timezone : 'UTC';
}
