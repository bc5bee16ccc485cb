/** The schedule of a job: InvenioRDM's two forms, with a time zone. */
import { z } from 'zod';
import { checkCron } from './cron.ts';
import type { Schedule } from '../schema/job.ts';

const count = z.int('expected a whole number of at least 0').min(0).optional();

const SPAN = {
  weeks: count,
  days: count,
  hours: count,
  minutes: count,
  seconds: count,
  milliseconds: count.describe('Accepted from InvenioRDM; rounded down to seconds.'),
  microseconds: count.describe('Accepted from InvenioRDM; rounded down to seconds.'),
};

const SECONDS = {
  weeks: 604_800,
  days: 86_400,
  hours: 3600,
  minutes: 60,
  seconds: 1,
  milliseconds: 1e-3,
  microseconds: 1e-6,
};

/** Temporal stores durations as nanoseconds in 64 bits. A longer duration silently becomes another one. */
const LONGEST_SECONDS = 36_525 * 86_400;

const spanSchema = z.strictObject(SPAN);
type Span = z.infer<typeof spanSchema>;

const timezone = z
  .string()
  .superRefine((name, context) => {
    const wrong = checkTimeZone(name);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
  })
  .default('UTC')
  .describe('IANA name. Where clocks change, a time from 02:00 to 03:00 is skipped or doubled once a year.');

const OVERLAPS = ['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'] as const;

const RULES = {
  jitter_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(0)
    .describe(
      'Each start is delayed by up to this many seconds, at random, so that jobs do not all access a source at once.',
    ),
  overlap: z
    .enum(OVERLAPS)
    .default('skip')
    .describe(
      'What happens at a start time while the previous run of this schedule is active: "skip" skips the start, "buffer_one" starts one run afterwards, ' +
        '"buffer_all" all of them, "cancel_other" and "terminate_other" end the running one, "allow_all" starts it (it then ends at once as skipped).',
    ),
  catchup_window_seconds: z
    .int()
    .min(10)
    .max(31_536_000)
    .default(3600)
    .describe('Starts that Temporal missed, because it was down, are made up for when they are not older than this.'),
  end_at: z
    .union(
      [z.iso.datetime({ offset: true }), z.iso.date()],
      'expected a date, or a time with a zone such as "2027-06-30T12:00:00Z"',
    )
    .optional()
    .describe('No start after this time: ISO 8601 with a zone, or a date, which is its beginning in UTC.'),
};

const intervalSchema = z
  .strictObject({
    type: z.literal('interval'),
    ...SPAN,
    ...RULES,
    offset: spanSchema.optional().describe('Shifts every start, counted from midnight UTC of 1 January 1970.'),
  })
  .refine((span) => toSeconds(span) >= 1, 'expected an interval of at least one second')
  .refine((span) => toSeconds(span) <= LONGEST_SECONDS, 'expected an interval of at most 100 years')
  .refine(({ offset = {} }) => toSeconds(offset) <= LONGEST_SECONDS, 'expected an offset of at most 100 years')
  .describe('Runs again and again after this span.');

const field = (what: string) => z.union([z.string(), z.int()]).optional().describe(`${what}. Default "*".`);

const crontabSchema = z
  .strictObject({
    type: z.literal('crontab'),
    cron: z
      .string()
      .superRefine((cron, context) => {
        const wrong = checkCron(cron, 'either');
        if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
      })
      .optional()
      .describe(
        'Five fields: minute, hour, day of month, month, day of week. Or the five keys of InvenioRDM instead. Where both days ' +
          'restrict, a day that fits either starts the job, as in crontab(5); with the five keys it must fit both, as in InvenioRDM.',
      ),
    minute: field('Minute'),
    hour: field('Hour'),
    day_of_month: field('Day of month'),
    month_of_year: field('Month'),
    day_of_week: field('Day of week, 0 or "sun" is Sunday'),
    timezone,
    ...RULES,
  })
  .superRefine((crontab, context) => {
    const keys = fiveKeys(crontab);
    if (crontab.cron !== undefined && keys.some((key) => key !== undefined)) {
      context.addIssue({
        code: 'custom',
        message: 'expected either "cron" or the five keys minute, hour, … of InvenioRDM',
      });
    }
    const wrong = crontab.cron === undefined ? checkCron(toCron(crontab), 'both') : undefined;
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
  })
  .describe('Runs at times of the clock.');

export const scheduleSchema = z
  .discriminatedUnion('type', [intervalSchema, crontabSchema])
  .nullable()
  .default(null)
  .describe('When the job is started automatically; null for never. `vocab-sync apply` sets it in Temporal.');

export function toSchedule(schedule: z.infer<typeof scheduleSchema>): Schedule | undefined {
  if (schedule === null) return undefined;
  const { jitter_seconds, overlap, catchup_window_seconds, end_at } = schedule;
  const end = end_at === undefined ? {} : { end_at: new Date(end_at).toISOString() };
  const rules = { jitter_seconds, overlap, catchup_window_seconds, ...end };
  if (schedule.type === 'crontab') {
    const { cron, timezone } = schedule;
    return {
      type: 'crontab',
      cron: cron ?? toCron(schedule),
      timezone,
      days: cron === undefined ? 'both' : 'either',
      ...rules,
    };
  }
  const offset = schedule.offset === undefined ? 0 : toSeconds(schedule.offset);
  const every_seconds = Math.floor(toSeconds(schedule));
  return { type: 'interval', every_seconds, offset_seconds: Math.floor(offset) % every_seconds, ...rules };
}

type Crontab = z.infer<typeof crontabSchema>;

function fiveKeys(crontab: Crontab): (string | number | undefined)[] {
  return [crontab.minute, crontab.hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week];
}

function toCron(crontab: Crontab): string {
  return fiveKeys(crontab)
    .map((key) => String(key ?? '*'))
    .join(' ');
}

function toSeconds(span: Span): number {
  return (Object.keys(SECONDS) as (keyof typeof SECONDS)[]).reduce(
    (sum, unit) => sum + (span[unit] ?? 0) * SECONDS[unit],
    0,
  );
}

/** Here a name may be written in any case; Temporal takes it in one alone. */
function checkTimeZone(name: string): string | undefined {
  const expected = 'expected a time zone by its IANA name';
  const known = canonicalZone(name);
  if (known === undefined || !/^[A-Za-z]/.test(name)) return `${expected}, such as "Europe/Zurich"`;
  if (known !== name && known.toLowerCase() === name.toLowerCase()) return `${expected}, "${known}"`;
  const isWritten = /^[A-Z]/.test(name) && !/[/_](?!(es|of)_)[a-z]/.test(name);
  return isWritten ? undefined : `${expected}, with its capital letters, such as "Europe/Zurich"`;
}

function canonicalZone(name: string): string | undefined {
  if (name === 'UTC') return name;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
