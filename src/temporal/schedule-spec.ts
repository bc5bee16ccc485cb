/**
 * A job's schedule as Temporal takes it, and whether what Temporal answers is the same. Calendars are spelt out instead of
 * handing over cron expressions: Temporal compiles those, adds them to the calendars that are there already when a
 * schedule is updated, and never shows the text again; the comment keeps it.
 */
import type { CalendarSpec, ScheduleDescription, ScheduleOptions, ScheduleSpec } from '@temporalio/client';
import { toCalendars, type CronCalendar } from '../job/schedule/cron.ts';
import type { Schedule } from '../job/schema/job.ts';

const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

const OVERLAPS = {
  skip: 'SKIP',
  buffer_one: 'BUFFER_ONE',
  buffer_all: 'BUFFER_ALL',
  cancel_other: 'CANCEL_OTHER',
  terminate_other: 'TERMINATE_OTHER',
  allow_all: 'ALLOW_ALL',
} as const;

export function toScheduleSpec(schedule: Schedule): ScheduleSpec {
  const rules = {
    ...(schedule.jitter_seconds === 0 ? {} : { jitter: schedule.jitter_seconds * 1000 }),
    ...(schedule.end_at === undefined ? {} : { endAt: new Date(schedule.end_at) }),
  };
  if (schedule.type === 'interval') {
    const { every_seconds, offset_seconds } = schedule;
    return { intervals: [{ every: every_seconds * 1000, offset: offset_seconds * 1000 }], ...rules };
  }
  const calendars = toCalendars(schedule.cron, schedule.days).map((calendar) =>
    toCalendarSpec(calendar, schedule.cron),
  );
  return { calendars, timezone: schedule.timezone, ...rules };
}

export function toPolicies(schedule: Schedule): NonNullable<ScheduleOptions['policies']> {
  return {
    overlap: OVERLAPS[schedule.overlap],
    catchupWindow: schedule.catchup_window_seconds * 1000,
    pauseOnFailure: false,
  };
}

/** In what times and policies of the schedule in Temporal differ, in words of the job file; empty = in nothing. */
export function differencesFrom(schedule: Schedule, { spec, policies }: ScheduleDescription): readonly string[] {
  return [
    ...differencesInTimes(schedule, spec),
    ...unequal([
      ['overlap', OVERLAPS[schedule.overlap], policies.overlap],
      ['catchup_window_seconds', schedule.catchup_window_seconds, policies.catchupWindow / 1000],
      ['pause on failure', false, policies.pauseOnFailure],
    ]),
  ];
}

export type FoundSpec = ScheduleDescription['spec'];

/** The same of the times alone, which is what a list of schedules tells. */
export function differencesInTimes(schedule: Schedule, spec: FoundSpec): readonly string[] {
  const wanted = toScheduleSpec(schedule);
  return unequal([
    ['times', timesOf(wanted), timesOf(spec)],
    ['timezone', wanted.timezone ?? 'UTC', (spec.timezone ?? '') === '' ? 'UTC' : spec.timezone],
    ['jitter_seconds', schedule.jitter_seconds, (spec.jitter ?? 0) / 1000],
    ['end_at', wanted.endAt?.getTime() ?? null, spec.endAt?.getTime() ?? null],
    ['start', null, spec.startAt?.getTime() ?? null],
    ['skipped times', 0, spec.skip?.length ?? 0],
  ]);
}

function unequal(pairs: readonly (readonly [name: string, wanted: unknown, found: unknown])[]): readonly string[] {
  return pairs.filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b)).map(([name]) => name);
}

function toCalendarSpec(calendar: CronCalendar, comment: string): CalendarSpec {
  return {
    second: 0,
    minute: toRanges(calendar.minute, (value) => value),
    hour: toRanges(calendar.hour, (value) => value),
    dayOfMonth: toRanges(calendar.dayOfMonth, (value) => value),
    month: toRanges(calendar.month, (value) => MONTHS[value - 1] ?? 'JANUARY'),
    dayOfWeek: toRanges(calendar.dayOfWeek, (value) => DAYS[value] ?? 'SUNDAY'),
    comment,
  };
}

function toRanges<T>(values: readonly number[], name: (value: number) => T): { start: T; end: T }[] {
  const runs: { first: number; last: number }[] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === value) run.last = value;
    else runs.push({ first: value, last: value });
  }
  return runs.map(({ first, last }) => ({ start: name(first), end: name(last) }));
}

/** The same text for the same times, however their ranges are cut. */
function timesOf({
  intervals = [],
  calendars = [],
}: Pick<ScheduleDescription['spec'] | ScheduleSpec, 'intervals' | 'calendars'>) {
  return [
    ...intervals.map(({ every, offset }) => `${String(every)}+${String(offset ?? 0)}`),
    ...calendars.map((calendar) =>
      [
        valuesOf(calendar.second, []),
        valuesOf(calendar.minute, []),
        valuesOf(calendar.hour, []),
        valuesOf(calendar.dayOfMonth, []),
        valuesOf(calendar.month, MONTHS),
        // A list that is absent or empty means every year.
        valuesOf(calendar.year ?? [], []),
        valuesOf(calendar.dayOfWeek, DAYS),
      ].join(' '),
    ),
  ].toSorted();
}

function valuesOf(field: CalendarSpec[keyof CalendarSpec], names: readonly string[]): string {
  if (typeof field === 'string') return field === '*' ? '' : String(names.indexOf(field));
  const ranges: readonly unknown[] = Array.isArray(field) ? field : [field ?? 0];
  const toNumber = (value: unknown): number => (typeof value === 'string' ? names.indexOf(value) : Number(value));
  const values = ranges.flatMap((range) => {
    if (typeof range !== 'object' || range === null || !('start' in range)) return [toNumber(range)];
    const first = toNumber(range.start);
    const last = 'end' in range && range.end !== undefined ? toNumber(range.end) : first;
    const step = 'step' in range && typeof range.step === 'number' && range.step > 0 ? range.step : 1;
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_none, index) => first + index * step);
  });
  return [...new Set(values)].toSorted((a, b) => a - b).join(',');
}
