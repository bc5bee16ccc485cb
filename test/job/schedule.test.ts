import { describe, expect, it } from 'vitest';
import { GOOD, check } from './check-text.ts';

describe('schedules', () => {
  it.each([
    [{ type: 'crontab', cron: '0 3 * *' }, '/schedule/cron', 'expected five fields'],
    [{ type: 'crontab', cron: '60 3 * * *' }, '/schedule/cron', 'expected a minute from 0 to 59'],
    [{ type: 'crontab', cron: '0 3 * * 5-1' }, '/schedule/cron', 'expected a day of week'],
    [{ type: 'crontab', hour: 25 }, '/schedule', 'expected a hour from 0 to 23'],
    [{ type: 'crontab', cron: '0 3 * * *', hour: 3 }, '/schedule', 'expected either "cron" or the five keys'],
    [{ type: 'crontab', cron: '0 3 * * *', timezone: 'Europe/Zuerich' }, '/schedule/timezone', 'expected a time zone'],
    [{ type: 'interval' }, '/schedule', 'expected an interval of at least one second'],
    [{ type: 'interval', days: 1.5 }, '/schedule/days', 'expected a whole number'],
    ['daily', '/schedule', 'expected an object, found the text'],
  ])('%j is refused', (schedule, pointer, message) => {
    const problem = check({ ...GOOD, schedule }).problems.find((found) => found.pointer === pointer);
    expect(problem?.message).toContain(message);
  });

  it('warns that both days must fit', () => {
    const { job, problems } = check({ ...GOOD, schedule: { type: 'crontab', cron: '0 3 1-7 * mon' } });
    expect(job).toBeDefined();
    expect(problems).toMatchObject([{ severity: 'warning', pointer: '/schedule' }]);
  });
});
