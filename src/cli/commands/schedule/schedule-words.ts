/** Describes a schedule in a few words, and formats its times for people. */
import type { Schedule } from '../../../job/schema/job.ts';

const UNITS = [
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `30 3 * * 1 Europe/Zurich`, `every 6 hours, offset 30 minutes`, `by hand` */
export function scheduleWords(schedule: Schedule | undefined): string {
  if (schedule === undefined) return 'by hand';
  const end = schedule.end_at === undefined ? '' : `, until ${schedule.end_at.slice(0, 16).replace('T', ' ')} UTC`;
  if (schedule.type === 'crontab') return `${schedule.cron} ${schedule.timezone}${end}`;
  const offset = schedule.offset_seconds === 0 ? '' : `, offset ${spanWords(schedule.offset_seconds)}`;
  return `every ${spanWords(schedule.every_seconds)}${offset}${end}`;
}

function spanWords(seconds: number): string {
  let rest = seconds;
  const parts: string[] = [];
  for (const [unit, length] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${String(count)} ${unit}${count === 1 ? '' : 's'}`);
  }
  return parts.join(' ');
}

/** `Mon 2027-03-29 03:30 CEST`: as the clock on the wall there shows it. */
export function zonedTime(time: Date, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('weekday')} ${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
}
