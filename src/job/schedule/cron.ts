/**
 * Cron expressions: five fields in order minute, hour, day of month, month, day of week. They are spelt out as calendars
 * here, so that Temporal, which lets both days fit where crontab(5) lets either, never has to read the text.
 */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTH_NAMES = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];
const DAY_NAMES = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTH_NAMES },
  { name: 'day of week', min: 0, max: 7, names: DAY_NAMES },
];

const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Returns the fault of the expression as `expected …`, or undefined if it is valid. */
export function checkCron(cron: string, days: 'either' | 'both'): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    const meant = MACROS[cron.trim().toLowerCase()];
    const example = meant === undefined ? 'such as "30 3 * * 1"' : `${cron.trim()} is "${meant}"`;
    return `expected five fields: minute, hour, day of month, month, day of week (${example})`;
  }
  for (const [index, field] of FIELDS.entries()) {
    if (!isField(fields[index] ?? '', field)) {
      return `expected ${field.name === 'hour' ? 'an' : 'a'} ${field.name} from ${String(field.min)} to ${String(field.max)} (or *, lists, ranges, steps${field.names === undefined ? '' : `, names such as "${(field.names[1] ?? '').slice(0, 3)}"`})`;
    }
  }
  return toCalendars(cron, days).some(isEverMet)
    ? undefined
    : 'expected a day that there is: no month of these has such a day, so the job would never start';
}

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isEverMet({ dayOfMonth, month }: CronCalendar): boolean {
  return month.some((number) => (dayOfMonth[0] ?? 1) <= (LONGEST_MONTHS[number - 1] ?? 31));
}

/** As in crontab(5), a field that begins with * restricts nothing by itself: with it, both fields must fit. */
export function restrictsBothDays(cron: string): boolean {
  const [, , dayOfMonth = '*', , dayOfWeek = '*'] = cron.trim().split(/\s+/);
  return !dayOfMonth.startsWith('*') && !dayOfWeek.startsWith('*');
}

/** Every value that fits, ascending; Sunday is 0. All of them must fit a start. */
export interface CronCalendar {
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly number[];
  readonly month: readonly number[];
  readonly dayOfWeek: readonly number[];
}

/** The calendars whose union is the expression. Of an expression that `checkCron` found nothing wrong with. */
export function toCalendars(cron: string, days: 'either' | 'both'): readonly CronCalendar[] {
  const fields = cron.trim().split(/\s+/);
  const values = FIELDS.map((field, index) => valuesOf(fields[index] ?? '*', field));
  const [minute = [], hour = [], dayOfMonth = [], month = [], weekdays = []] = values;
  const dayOfWeek = [...new Set(weekdays.map((day) => day % 7))].toSorted((a, b) => a - b);
  const both = { minute, hour, dayOfMonth, month, dayOfWeek };
  if (days === 'both' || !restrictsBothDays(cron)) return [both];
  return [
    { ...both, dayOfWeek: upTo(0, 6) },
    { ...both, dayOfMonth: upTo(1, 31) },
  ];
}

/** A range may pass the end of its field, as in Celery: `22-2` is 22, 23, 0, 1, 2, and `fri-tue` is 5, 6, 0, 1, 2. */
function valuesOf(text: string, field: Field): readonly number[] {
  const values = text.split(',').flatMap((part) => {
    const [range = '*', step = '1'] = part.split('/');
    const [from = field.min, to] = range === '*' ? [field.min, field.max] : endsOf(range, field);
    // `5/15` begins at 5 and continues to the end of the field.
    const last = to ?? (part.includes('/') ? field.max : from);
    const all = from <= last ? upTo(from, last) : [...upTo(from, lastOf(field)), ...upTo(field.min, last)];
    return all.filter((_, index) => index % Number(step) === 0);
  });
  return [...new Set(values)].toSorted((a, b) => a - b);
}

/** Sunday is 0 and 7. */
function lastOf({ names, max }: Field): number {
  return names === DAY_NAMES ? 6 : max;
}

function upTo(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_none, index) => first + index);
}

function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => isPart(part, field));
}

function isPart(part: string, field: Field): boolean {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return false;
  if (range === '*') return true;
  const [from, to, ...others] = endsOf(range, field);
  if (others.length > 0 || from === undefined || (range.includes('-') && to === undefined)) return false;
  return true;
}

function endsOf(range: string, field: Field): (number | undefined)[] {
  return range.split('-').map((text) => toNumber(text, field));
}

function toNumber(text: string, field: Field): number | undefined {
  const written = text.toLowerCase();
  const named = field.names?.findIndex((name) => name === written || name.slice(0, 3) === written) ?? -1;
  if (named >= 0) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= field.min && number <= field.max ? number : undefined;
}
