import { describe, expect, it } from 'vitest';
import { toCalendars } from '../../src/job/schedule/cron.ts';
import { GOOD, check } from './check-text.ts';

describe('schedules', () => {
  it.each([
    [{ type: 'crontab', cron: '0 3 * *' }, '/schedule/cron', 'expected five fields'],
    [{ type: 'crontab', cron: '60 3 * * *' }, '/schedule/cron', 'expected a minute from 0 to 59'],
    [{ type: 'crontab', hour: 25 }, '/schedule', 'expected an hour from 0 to 23'],
    [{ type: 'crontab', cron: '0 3 * * *', hour: 3 }, '/schedule', 'expected either "cron" or the five keys'],
    [{ type: 'crontab', cron: '0 3 * * *', timezone: 'Europe/Zuerich' }, '/schedule/timezone', 'expected a time zone'],
    [{ type: 'interval' }, '/schedule', 'expected an interval of at least one second'],
    [{ type: 'interval', milliseconds: 999 }, '/schedule', 'expected an interval of at least one second'],
    [{ type: 'interval', weeks: 1_000_000_000 }, '/schedule', 'expected an interval of at most 100 years'],
    [{ type: 'interval', days: 1, offset: { weeks: 1e15 } }, '/schedule', 'expected an offset of at most 100 years'],
    [{ type: 'crontab', cron: '@daily' }, '/schedule/cron', '@daily is "0 0 * * *"'],
    [{ type: 'crontab', cron: '0 0 31 2 *' }, '/schedule/cron', 'expected a day that there is'],
    [{ type: 'crontab', cron: '0 0 31 4,6,9-11/2 *' }, '/schedule/cron', 'expected a day that there is'],
    [{ type: 'crontab', day_of_month: '30-31', month_of_year: 'feb', day_of_week: 1 }, '/schedule', 'a day that there'],
    [{ type: 'crontab', cron: '0 3 * * 1', timezone: 'europe/zurich' }, '/schedule/timezone', '"Europe/Zurich"'],
    [{ type: 'crontab', cron: '0 3 * * 1', timezone: 'us/eastern' }, '/schedule/timezone', 'capital letters'],
    [{ type: 'interval', days: 1.5 }, '/schedule/days', 'expected a whole number'],
    [{ type: 'interval', days: 1, end_at: 'tomorrow' }, '/schedule/end_at', 'expected a date, or a time with a zone'],
    [{ type: 'interval', days: 1, overlap: 'queue' }, '/schedule/overlap', '"buffer_one"'],
    [{ type: 'interval', days: 1, catchup_window_seconds: 5 }, '/schedule/catchup_window_seconds', '10'],
    ['daily', '/schedule', 'expected an object, found the text'],
  ])('%j is refused', async (schedule, pointer, message) => {
    const problem = (await check({ ...GOOD, schedule })).problems.find((found) => found.pointer === pointer);
    expect(problem?.message).toContain(message);
  });

  it.each([
    '0 0 29 2 *',
    '0 0 31 1,2 *',
    '0 0 31 2 mon',
    '0 3 * * mon-FRI',
    '0 3 * * sat-sun',
    '5 4 * * sun',
    '0 22-2 * * *',
    '0 3 * * fri-tue',
    '0 3 * * sunday',
  ])('takes %s', async (cron) => {
    const { problems } = await check({ ...GOOD, schedule: { type: 'crontab', cron } });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('ends a week with Sunday', () => {
    expect(toCalendars('0 3 * * sat-sun', 'either').map(({ dayOfWeek }) => dayOfWeek)).toEqual([[0, 6]]);
    const days = (text: string) => toCalendars(`0 3 * * ${text}`, 'both')[0]?.dayOfWeek;
    expect(['fri-tue', '5-1', 'sunday', 'Saturday-monday', '5-7', '7-2', 'fri-tue/2'].map(days)).toEqual([
      [0, 1, 2, 5, 6],
      [0, 1, 5, 6],
      [0],
      [0, 1, 6],
      [0, 5, 6],
      [0, 1, 2],
      [0, 2, 5],
    ]);
    expect(toCalendars('50-10/10 22-2 30-2 nov-february *', 'both')).toMatchObject([
      { minute: [0, 10, 50], hour: [0, 1, 2, 22, 23], dayOfMonth: [1, 2, 30, 31], month: [1, 2, 11, 12] },
    ]);
    expect(toCalendars('0 3 * * sun-tue', 'either').map(({ dayOfWeek }) => dayOfWeek)).toEqual([[0, 1, 2]]);
  });

  it.each([
    'Etc/UTC',
    'UTC',
    'GMT',
    'EST5EDT',
    'US/Eastern',
    'Europe/Kyiv',
    'Asia/Calcutta',
    'America/Argentina/Buenos_Aires',
    'Etc/GMT+5',
  ])('takes the zone %s', async (timezone) => {
    const { problems } = await check({ ...GOOD, schedule: { type: 'crontab', cron: '0 3 * * 1', timezone } });
    expect(problems).toEqual([]);
  });

  it.each([
    [{ cron: '0 3 1-7 * mon' }, 'a day that fits either day of month or day of week starts the job'],
    [{ day_of_month: '1-7', day_of_week: 'mon' }, 'day of month and day of week must both fit'],
  ])('%j: warns which days start the job', async (days, message) => {
    const { job, problems } = await check({ ...GOOD, schedule: { type: 'crontab', ...days } });
    expect(job).toBeDefined();
    expect(problems).toMatchObject([
      { severity: 'warning', pointer: '/schedule', message: expect.stringContaining(message) as unknown },
    ]);
  });

  it('keeps what the operator says about lateness, overlap and the end', async () => {
    const { job, problems } = await check({
      ...GOOD,
      schedule: {
        type: 'interval',
        hours: 6,
        offset: { hours: 7 },
        jitter_seconds: 60,
        overlap: 'buffer_one',
        catchup_window_seconds: 7200,
        end_at: '2027-06-30T14:00:00+02:00',
      },
    });
    expect(problems).toEqual([]);
    expect(job?.schedule).toEqual({
      type: 'interval',
      every_seconds: 21_600,
      // An offset counts from any start: seven hours are one.
      offset_seconds: 3600,
      jitter_seconds: 60,
      overlap: 'buffer_one',
      catchup_window_seconds: 7200,
      end_at: '2027-06-30T12:00:00.000Z',
    });
  });
});

describe('a cron expression as calendars', () => {
  const EVERY_MONTH = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const WEEK = [0, 1, 2, 3, 4, 5, 6];

  it.each([
    ['30 3 * * 1', 'minute', [30]],
    ['*/20 3 * * 1', 'minute', [0, 20, 40]],
    ['5/20 3 * * 1', 'minute', [5, 25, 45]],
    ['1,8-10 3 * * 1', 'minute', [1, 8, 9, 10]],
    ['0 8-18/5 * * 1', 'hour', [8, 13, 18]],
    ['0 0 * jan,jul *', 'month', [1, 7]],
    ['0 0 * * *', 'month', EVERY_MONTH],
    ['0 0 * * 7', 'dayOfWeek', [0]],
    ['0 0 * * fri-7', 'dayOfWeek', [0, 5, 6]],
    ['0 0 * * *', 'dayOfWeek', WEEK],
  ] as const)('%s: %s', (cron, field, values) => {
    const [calendar, ...more] = toCalendars(cron, 'either');
    expect(calendar?.[field]).toEqual(values);
    expect(more).toEqual([]);
  });

  it('is the union of two where either day is enough, and one where both must fit', () => {
    expect(toCalendars('0 0 13 * fri', 'either')).toMatchObject([
      { dayOfMonth: [13], dayOfWeek: WEEK },
      { dayOfMonth: { length: 31 }, dayOfWeek: [5] },
    ]);
    expect(toCalendars('0 0 13 * fri', 'both')).toMatchObject([{ dayOfMonth: [13], dayOfWeek: [5] }]);
  });

  it('takes a day field that begins with * as no restriction of its own, as crontab(5) does', () => {
    expect(toCalendars('0 0 */2 * mon', 'either')).toMatchObject([{ dayOfMonth: { length: 16 }, dayOfWeek: [1] }]);
  });
});
