import { describe, expect, it } from 'vitest';
import { parseSince } from '../../src/job/effective/since.ts';
import { refusalOf } from '../support/refusal-of.ts';

const NOW = new Date('2026-03-31T12:00:00Z');

describe('since', () => {
  it.each([
    ['2026-01-02 03:04', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02', '2026-01-02T00:00:00.000Z'],
    [' 2026-01-02 ', '2026-01-02T00:00:00.000Z'],
    ['2026-01-02T03:04', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678901+02:00', '2026-01-02T01:04:05.678Z'],
    ['2026-01-02 03:04:05.5+00:00', '2026-01-02T03:04:05.500Z'],
    ['2026-01-02T03:04-0530', '2026-01-02T08:34:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1900-01-01', '1900-01-01T00:00:00.000Z'],
    ['2026-04-01', '2026-04-01T00:00:00.000Z'],
    ['P2D', '2026-03-29T12:00:00.000Z'],
    ['P1W', '2026-03-24T12:00:00.000Z'],
    ['PT36H', '2026-03-30T00:00:00.000Z'],
    ['P1M', '2026-02-28T12:00:00.000Z'],
    ['P1Y1M', '2025-02-28T12:00:00.000Z'],
    ['2 days', '2026-03-29T12:00:00.000Z'],
    ['1 hour ago', '2026-03-31T11:00:00.000Z'],
    ['3 Months', '2025-12-31T12:00:00.000Z'],
    [{ days: 2 }, '2026-03-29T12:00:00.000Z'],
    [' {"days": 2}', '2026-03-29T12:00:00.000Z'],
    [{ weeks: 1, hours: 12 }, '2026-03-24T00:00:00.000Z'],
    [{ days: 0 }, '2026-03-31T12:00:00.000Z'],
  ])('%j is %s', (written, expected) => {
    const since = parseSince(written, NOW);
    expect(since === 'none' ? since : since.time.toISOString()).toBe(expected);
  });

  it.each(['none', 'None', ' NONE '])('%j means everything', (written) => {
    expect(parseSince(written, NOW)).toBe('none');
  });

  it.each([
    ['2026-02-30', 'a day that exists'],
    ['2025-02-29', 'a day that exists'],
    ['2026-13-01', 'a day that exists'],
    ['0000-00-00', 'a year from 0100 to now'],
    ['2026-01-02 24:00', 'a time of day'],
    ['2026-01-02 12:60', 'a time of day'],
    ['2026-01-02T12:00+15:00', 'a zone'],
    ['2026-06-01', 'a time in the past (now is 2026-03-31T12:00:00.000Z)'],
    ['02.01.2026', '"YYYY-MM-DD HH:mm"'],
    ['2026-1-2', '"YYYY-MM-DD HH:mm"'],
    ['yesterday', '"YYYY-MM-DD HH:mm"'],
    ['P', '"YYYY-MM-DD HH:mm"'],
    ['PT', '"YYYY-MM-DD HH:mm"'],
    ['-2 days', '"YYYY-MM-DD HH:mm"'],
    ['', 'found an empty text'],
    [null, 'found null'],
    [1767225600, 'found the number 1767225600'],
    [true, 'found true'],
    [[], 'found an empty list'],
    [{}, '"YYYY-MM-DD HH:mm"'],
    [{ day: 2 }, 'a span such as {"days": 2}'],
    ['{"day": 2}', 'a span such as {"days": 2}'],
    ['{"days": 2', 'found the text "{\\"days\\": 2"'],
    [{ days: -1 }, 'found "days": the number -1'],
    [{ days: '2' }, 'found "days": the text "2"'],
    [{ years: 9999 }, 'a span that ends after the year 1'],
  ])('%j is refused', (written, says) => {
    const refusal = refusalOf(() => parseSince(written, NOW));
    expect(refusal.code).toBe('E_SINCE_INVALID');
    expect(refusal.message).toContain(says);
  });
});
