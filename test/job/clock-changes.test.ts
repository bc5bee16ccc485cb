import { describe, expect, it } from 'vitest';
import { findClockChanges } from '../../src/job/schedule/clock-changes.ts';
import { GOOD, check } from './check-text.ts';

const NOW = new Date('2026-11-29T12:00:00Z');
const of = (cron: string, timezone: string, end_at?: string) =>
  findClockChanges({ cron, days: 'either', timezone, end_at }, NOW);

describe('the starts that a change of the clocks leaves out or doubles', () => {
  it('are those of a yearly time, in the years in which the clocks change on that day', () => {
    expect(of('30 2 28 3 *', 'Europe/Zurich')).toEqual({
      leftOut: ['2027-03-28 02:30', '2032-03-28 02:30'],
      doubled: [],
    });
    expect(of('30 2 31 10 *', 'Europe/Zurich')).toEqual({
      leftOut: [],
      doubled: ['2027-10-31 02:30', '2032-10-31 02:30'],
    });
  });

  it.each([
    ['30 2 * * *', 'UTC'],
    ['30 2 * * *', 'Asia/Kolkata'],
    ['0 3 * * *', 'Europe/Zurich'],
    ['59 1 * * *', 'Europe/Zurich'],
    ['30 2 * * mon', 'Europe/Zurich'],
    ['*/5 * * * *', 'Europe/Zurich'],
    ['30 2 1 1 *', 'Europe/Zurich'],
  ])('are none of "%s" in %s', (cron, timezone) => {
    expect(of(cron, timezone)).toEqual({ leftOut: [], doubled: [] });
  });

  it.each([
    ['30 2 * * *', 'America/New_York', '2027-03-14 02:30', undefined],
    ['30 1 * * *', 'America/New_York', undefined, '2027-11-07 01:30'],
    ['15 2 * * sun', 'Australia/Lord_Howe', '2027-10-03 02:15', undefined],
    ['45 1 * * sun', 'Australia/Lord_Howe', undefined, '2027-04-04 01:45'],
    ['0 0 * * *', 'America/Santiago', '2027-09-05 00:00', undefined],
  ])('of "%s" in %s begin with %s and %s', (cron, timezone, leftOut, doubled) => {
    const found = of(cron, timezone);
    expect([found.leftOut[0], found.doubled[0]]).toEqual([leftOut, doubled]);
  });

  it('end with the schedule', () => {
    expect(of('30 2 * * *', 'Europe/Zurich', '2027-03-28T00:00:00.000Z')).toEqual({ leftOut: [], doubled: [] });
    expect(of('30 2 * * *', 'Europe/Zurich', '2027-04-01T00:00:00.000Z').leftOut).toEqual(['2027-03-28 02:30']);
  });
});

describe('check', () => {
  const warnings = async (cron: string): Promise<string[]> =>
    (await check({ ...GOOD, schedule: { type: 'crontab', cron, timezone: 'Europe/Zurich' } })).problems
      .filter(({ pointer, severity }) => pointer === '/schedule' && severity === 'warning')
      .map(({ message }) => message);

  it('warns of a time that does not exist or exists twice, with the way out', async () => {
    const [leftOut, doubled, ...more] = await warnings('30 2 * * *');
    expect(leftOut).toMatch(
      /\d{4}-03-\d\d 02:30 .* \d+ more.*do not exist in Europe\/Zurich.*skipped.*another hour.*"UTC"/,
    );
    expect(doubled).toMatch(/\d{4}-10-\d\d 02:30 .*exist twice in Europe\/Zurich.*another hour.*"UTC"/);
    expect(more).toEqual([]);
  });

  it('says nothing of another hour', async () => {
    expect(await warnings('30 4 * * *')).toEqual([]);
  });
});
