/** Renders the result of `apply` for people: one line for each job, with its changes below. */
import type { FieldChange } from '../../records/field-changes.ts';
import type { Reconciled } from '../../temporal/plan-schedule.ts';
import type { Applied } from '../commands/apply/apply-jobs.ts';
import type { AppliedJob } from '../commands/apply/applied-job.ts';
import { countOf, formatTime } from './format-number.ts';
import { fitText, hint, paint, PLAIN, type Page } from './page.ts';
import { printable } from './printable.ts';

const LONGEST_VALUE = 100;

export function renderApplied(
  { jobs, only_stored }: Applied,
  options: { dryRun: boolean; isFolder: boolean },
  page: Page = PLAIN,
): string {
  const lines = jobs.flatMap((job) => [
    headOf(job),
    ...detailsOf(job, page).map((line) => `    ${paintChange(page, line)}`),
  ]);
  if (options.isFolder && only_stored.length > 0) {
    lines.push(
      `only stored, left as they are: ${only_stored.join(', ')} (${hint(page, `vocab-sync job delete ${only_stored[0] ?? ''}`)} deletes one)`,
    );
  }
  const kinds = (['new', 'changed', 'unchanged', 'conflict'] as const)
    .map((status) => [status, jobs.filter((job) => job.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${String(count)} ${status}`);
  lines.push(
    `${countOf(jobs.length, 'job')}: ${kinds.join(', ')}${options.dryRun ? '; a dry run, nothing was stored' : ''}`,
  );
  return fitText(lines.map((line) => `${line}\n`).join(''), page);
}

/** `+` green, `-` red, `~` yellow. */
export function paintChange(page: Page, line: string): string {
  const colour = { '+': 'green', '-': 'red', '~': 'yellow' } as const;
  const sign = line.slice(0, 2);
  return sign === '+ ' || sign === '- ' || sign === '~ ' ? paint(page, colour[sign[0] as '+'], line) : line;
}

/** `~ /guards/min_records: 20000 → 25000` */
export function renderChanges(changes: readonly FieldChange[]): readonly string[] {
  return changes.map(({ pointer, before, after }) => {
    const place = pointer === '' ? '/' : pointer;
    if (before === undefined) return `+ ${place}: ${valueOf(after)}`;
    if (after === undefined) return `- ${place}: ${valueOf(before)}`;
    return `~ ${place}: ${valueOf(before)} → ${valueOf(after)}`;
  });
}

function valueOf(value: unknown): string {
  return printable(JSON.stringify(value), LONGEST_VALUE);
}

function headOf({ job, status, version, previous }: AppliedJob): string {
  if (status === 'changed' && previous !== null) {
    const by = `${String(previous.version)} was stored by ${previous.by ?? 'unknown'}, ${formatTime(previous.at)}`;
    return `changed    ${job}: version ${String(previous.version)} → ${String(version)} (${by})`;
  }
  return `${status.padEnd(9)}  ${job}: version ${String(version)}`;
}

function detailsOf({ job, changes, message, active, switched, schedule }: AppliedJob, page: Page): readonly string[] {
  return [
    ...renderChanges(changes),
    ...(message === null ? [] : [message]),
    ...(switched === null
      ? []
      : [
          `${active ? 'activated' : 'deactivated'} by ${switched.by}, ${formatTime(switched.at)}; apply does not change this`,
        ]),
    ...(schedule === null ? [] : renderSchedule(schedule, job).map((line) => hint(page, line))),
  ];
}

const ACTIONS: Readonly<Record<Reconciled['action'], string>> = {
  none: '',
  created: 'schedule created',
  updated: 'schedule updated',
  unchanged: '',
  deleted: 'schedule deleted: the job has none any more',
  ended: 'schedule not created: its "end_at" has passed',
  refused: 'NOT SCHEDULED',
  foreign:
    'NOT SCHEDULED: Temporal has a schedule of this name that vocab-sync did not make; it was left alone. Delete or rename it there, then apply again',
};

export function renderSchedule(reconciled: Reconciled, job: string): readonly string[] {
  const { action, otherInstallation, differed, paused, keptPause, next, error, isOver } = reconciled;
  const plain =
    otherInstallation === undefined
      ? ACTIONS[action]
      : `NOT SCHEDULED: Temporal has a schedule of this name of another installation (${otherInstallation}); it was left alone. Give each installation a namespace of its own`;
  const said = error === undefined ? plain : `${ACTIONS[action]}: ${error.message} (${error.code})`;
  const what = action === 'updated' && differed.length > 0 ? ` (differed in Temporal: ${differed.join(', ')})` : '';
  const over = isOver === true ? '; it starts nothing any more: its "end_at" has passed' : '';
  const when = next === null ? over : `, next start ${formatTime(next)}`;
  const lines = said === '' ? [] : [`${said}${what}${when}`];
  if (keptPause !== undefined) {
    lines.push(
      `schedule stays paused${keptPause === '' ? '' : `: "${printable(keptPause, LONGEST_VALUE)}"`}; vocab-sync schedule ${job} resume ends that`,
    );
  } else if (paused && action !== 'foreign' && action !== 'refused' && said !== '')
    lines.push('schedule is paused: the job is not active');
  return lines;
}
