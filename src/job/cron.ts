/** Cron expressions as Temporal reads them: five fields in order minute, hour, day of month, month, day of week. */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: DAYS },
];

/** What is wrong with the expression, as `expected …`; undefined when nothing is. */
export function checkCron(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return 'expected five fields: minute, hour, day of month, month, day of week (such as "30 3 * * 1")';
  }
  for (const [index, field] of FIELDS.entries()) {
    if (!isField(fields[index] ?? '', field)) {
      return `expected a ${field.name} from ${String(field.min)} to ${String(field.max)} (or *, lists, ranges, steps)`;
    }
  }
  return undefined;
}

/** Temporal wants both to fit where InvenioRDM (Celery) does too, unlike the cron of Unix. Worth a warning. */
export function restrictsBothDays(cron: string): boolean {
  const [, , dayOfMonth, , dayOfWeek] = cron.trim().split(/\s+/);
  return dayOfMonth !== '*' && dayOfWeek !== '*';
}

function isField(text: string, field: Field): boolean {
  return text.split(',').every((part) => isPart(part, field));
}

function isPart(part: string, field: Field): boolean {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0 || (step !== undefined && !/^[1-9]\d{0,2}$/.test(step))) return false;
  if (range === '*') return true;
  const [from, to, ...others] = range.split('-').map((text) => toNumber(text, field));
  if (others.length > 0 || from === undefined || (range.includes('-') && to === undefined)) return false;
  return to === undefined || from <= to;
}

function toNumber(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= field.min && number <= field.max ? number : undefined;
}
