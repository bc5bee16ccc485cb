/** Finds the starts of a schedule that a change of the clocks skips or doubles. */
import { toCalendars, type CronCalendar } from './cron.ts';

/** A local time such as `2027-03-28 02:30`, in the zone of the schedule. */
export interface ClockChanges {
  /** Local times that do not exist: Temporal starts nothing then. Ascending. */
  readonly leftOut: readonly string[];
  /** Local times that exist twice: Temporal may start the job at both. Ascending. */
  readonly doubled: readonly string[];
}

export interface ClockSchedule {
  readonly cron: string;
  readonly days: 'either' | 'both';
  readonly timezone: string;
  readonly end_at?: string | undefined;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Two changes of one zone are further apart; Morocco's of Ramadan are about 30 days apart. */
const STEP = 7 * DAY;
const YEARS = 10;

/**
 * Checks ten years from `now`, or until the schedule ends. A schedule for every hour of the day is not checked: if the
 * clock skips an hour, no start is lost.
 */
export function findClockChanges(schedule: ClockSchedule, now: Date): ClockChanges {
  const calendars = toCalendars(schedule.cron, schedule.days).filter(({ hour }) => hour.length < 24);
  const leftOut: string[] = [];
  const doubled: string[] = [];
  if (calendars.length > 0) {
    const end = Date.parse(schedule.end_at ?? '9999-01-01');
    for (const { at, before, after } of changesOfZone(schedule.timezone, now)) {
      if (at < now.getTime() || at >= end) continue;
      const found = after > before ? leftOut : doubled;
      const last = at + Math.max(before, after);
      for (let local = at + Math.min(before, after); local < last; local += MINUTE) {
        const time = new Date(local);
        if (calendars.some((calendar) => fits(calendar, time))) {
          found.push(time.toISOString().slice(0, 16).replace('T', ' '));
        }
      }
    }
  }
  return { leftOut, doubled };
}

interface Change {
  /** The first moment of the new offset. All three in milliseconds. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** Caches by zone and first day: a command that checks many jobs needs the same zones again, which takes 8 ms each. */
const KNOWN = new Map<string, readonly Change[]>();

function changesOfZone(zone: string, now: Date): readonly Change[] {
  const from = Math.floor(now.getTime() / DAY) * DAY;
  const key = `${zone} ${String(from)}`;
  const known = KNOWN.get(key) ?? [...changesOf(offsetsOf(zone), from, from + (YEARS * 365 + 1) * DAY)];
  KNOWN.set(key, known);
  return known;
}

function* changesOf(offsetAt: (at: number) => number, from: number, to: number): Generator<Change, void, undefined> {
  const start = Math.floor(from / MINUTE) * MINUTE;
  let before = offsetAt(start);
  for (let at = start; at < to; at += STEP) {
    const after = offsetAt(at + STEP);
    if (after === before) continue;
    let [low, high] = [at, at + STEP];
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    if (high < to) yield { at: high, before, after };
    before = after;
  }
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offsetsOf(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(
      ...([part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')] as const),
    );
    return local - Math.floor(at / 1000) * 1000;
  };
}

/** `local` holds the local time in its UTC fields. */
function fits(calendar: CronCalendar, local: Date): boolean {
  return (
    calendar.minute.includes(local.getUTCMinutes()) &&
    calendar.hour.includes(local.getUTCHours()) &&
    calendar.dayOfMonth.includes(local.getUTCDate()) &&
    calendar.month.includes(local.getUTCMonth() + 1) &&
    calendar.dayOfWeek.includes(local.getUTCDay())
  );
}
