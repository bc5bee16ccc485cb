/** When a job runs by itself: InvenioRDM's two forms, with a time zone. */
import { z } from 'zod';
import { checkCron } from './cron.ts';
import type { Schedule } from './job.ts';

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

const spanSchema = z.strictObject(SPAN);
type Span = z.infer<typeof spanSchema>;

const timezone = z
  .string()
  .refine(isTimeZone, 'expected a time zone by its IANA name, such as "Europe/Zurich"')
  .default('UTC')
  .describe('IANA name. Where clocks change, a time from 02:00 to 03:00 is skipped or doubled once a year.');

const intervalSchema = z
  .strictObject({
    type: z.literal('interval'),
    ...SPAN,
    offset: spanSchema.optional().describe('Shifts every start, counted from midnight UTC of 1 January 1970.'),
  })
  .refine((span) => toSeconds(span) >= 1, 'expected an interval of at least one second')
  .describe('Runs again and again after this span.');

const field = (what: string) => z.union([z.string(), z.int()]).optional().describe(`${what}. Default "*".`);

const crontabSchema = z
  .strictObject({
    type: z.literal('crontab'),
    cron: z
      .string()
      .superRefine((cron, context) => {
        const wrong = checkCron(cron);
        if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
      })
      .optional()
      .describe('Five fields: minute, hour, day of month, month, day of week. Or the five keys of InvenioRDM instead.'),
    minute: field('Minute'),
    hour: field('Hour'),
    day_of_month: field('Day of month'),
    month_of_year: field('Month'),
    day_of_week: field('Day of week, 0 or "sun" is Sunday'),
    timezone,
  })
  .superRefine((crontab, context) => {
    const keys = fiveKeys(crontab);
    if (crontab.cron !== undefined && keys.some((key) => key !== undefined)) {
      context.addIssue({
        code: 'custom',
        message: 'expected either "cron" or the five keys minute, hour, … of InvenioRDM',
      });
    }
    const wrong = crontab.cron === undefined ? checkCron(toCron(crontab)) : undefined;
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong });
  })
  .describe('Runs at times of the clock.');

export const scheduleSchema = z
  .discriminatedUnion('type', [intervalSchema, crontabSchema])
  .nullable()
  .default(null)
  .describe(
    'When the job runs by itself; null for never. It is checked and kept; this release does not start runs by it yet.',
  );

export function toSchedule(schedule: z.infer<typeof scheduleSchema>): Schedule | undefined {
  if (schedule === null) return undefined;
  if (schedule.type === 'crontab') {
    return { type: 'crontab', cron: schedule.cron ?? toCron(schedule), timezone: schedule.timezone };
  }
  const offset = schedule.offset === undefined ? 0 : toSeconds(schedule.offset);
  return { type: 'interval', every_seconds: Math.floor(toSeconds(schedule)), offset_seconds: Math.floor(offset) };
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

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}
