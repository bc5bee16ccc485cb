/** The conversion `date`: a text in one of several formats becomes a date in another one. */
import { z } from 'zod';

const ENGLISH_MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const TOKENS = /YYYY|MMMM|MM|M|DD|D|HH|mm|ss/g;

/** How each token is read. */
const FORMS: Readonly<Record<string, string>> = {
  YYYY: '(\\d{4})',
  MM: '(\\d{2})',
  M: '(\\d{1,2})',
  DD: '(\\d{2})',
  D: '(\\d{1,2})',
  HH: '(\\d{2})',
  mm: '(\\d{2})',
  ss: '(\\d{2})',
};

/** The part of a date that a token is. */
const PARTS: Readonly<Record<string, keyof DateParts>> = {
  YYYY: 'year',
  MMMM: 'month',
  MM: 'month',
  M: 'month',
  DD: 'day',
  D: 'day',
  HH: 'hour',
  mm: 'minute',
  ss: 'second',
};

interface DateParts {
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
}

/** Formats that are words. */
const NAMED = ['iso', 'unix', 'unix_ms'];

const inputFormat = z
  .string()
  .min(1)
  .max(60)
  .superRefine((text, context) => {
    const fault = NAMED.includes(text) ? undefined : faultOfFormat(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

const outputFormat = z
  .string()
  .min(1)
  .max(60)
  .superRefine((text, context) => {
    const fault = faultOfFormat(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

export const dateArgs = z.strictObject({
  type: z.literal('date').describe('Converts a date from one format to another. A day that does not exist is refused.'),
  from: z
    .array(inputFormat)
    .min(1)
    .max(20)
    .describe(
      'The formats that are tried, in their order: `YYYY`, `MM` or `M`, `MMMM` (a name), `DD` or `D`, `HH`, `mm`, `ss`; other characters mean themselves. `iso` is ISO 8601 from the year to the second, and its time zone is not converted; `unix` and `unix_ms` count seconds and milliseconds since 1970, in UTC.',
    ),
  to: outputFormat
    .optional()
    .describe('The format of the result. Default: `YYYY-MM-DD`, or `YYYY-MM` or `YYYY` if no more is known.'),
  months: z
    .array(z.string().min(1).max(30))
    .length(12, 'expected the names of 12 months')
    .default(ENGLISH_MONTHS)
    .describe(
      'The names of the months, for `MMMM`. Their first three letters are understood too. Default: in English.',
    ),
});

export type DateArgs = z.infer<typeof dateArgs>;

/** Returns a function from a text to the date, undefined where no format fits or the result needs a part that is absent. */
export function compileDates({ from, to, months }: DateArgs): (text: string) => string | undefined {
  const formats = from.map((format) => compileFormat(format, months));
  return (text) => {
    const trimmed = text.trim();
    for (const parse of formats) {
      const parts = parse(trimmed);
      if (parts !== undefined && exists(parts)) return write(parts, to, months);
    }
    return undefined;
  };
}

function faultOfFormat(text: string): string | undefined {
  const rest = text.replace(TOKENS, '');
  if (rest.length === text.length) return 'expected a format such as "DD.MM.YYYY"';
  if (/[Yy]/.test(rest)) return 'expected a year of four digits (YYYY): two digits have no century';
  const [letter] = /\p{L}/u.exec(rest.replace(/T/g, '')) ?? [];
  if (letter !== undefined)
    return `expected a format of YYYY, MM, M, MMMM, DD, D, HH, mm and ss, such as "DD.MM.YYYY"; "${letter}" is not one of these`;
  const tokens = text.match(TOKENS) ?? [];
  const parts = tokens.map((token) => PARTS[token]);
  if (new Set(parts).size < parts.length) return 'expected each part of the date once';
  return parts.includes('year') ? undefined : 'expected a format with a year (YYYY)';
}

function compileFormat(format: string, months: readonly string[]): (text: string) => DateParts | undefined {
  if (format === 'unix') return (text) => fromUnix(text, 1_000);
  if (format === 'unix_ms') return (text) => fromUnix(text, 1);
  if (format === 'iso') return compileIso();
  const tokens = format.match(TOKENS) ?? [];
  const pattern = format
    .split(TOKENS)
    .map((text, i) => escapeText(text) + formOf(tokens[i], months))
    .join('');
  const expression = new RegExp(`^${pattern}$`, 'iu');
  return (text) => partsOf(tokens, expression.exec(text), months);
}

function formOf(token: string | undefined, months: readonly string[]): string {
  if (token === undefined) return '';
  if (token !== 'MMMM') return FORMS[token] ?? '';
  return `(${months.flatMap((name) => [escapeText(name), `${escapeText(shorten(name))}\\.?`]).join('|')})`;
}

function shorten(name: string): string {
  return Array.from(name).slice(0, 3).join('');
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function partsOf(
  tokens: readonly string[],
  match: RegExpExecArray | null,
  months: readonly string[],
): DateParts | undefined {
  if (match === null) return undefined;
  const parts: Record<string, number> = {};
  for (const [i, token] of tokens.entries()) {
    const text = match[i + 1] ?? '';
    const part = PARTS[token];
    if (part !== undefined) parts[part] = token === 'MMMM' ? monthOf(text, months) : Number(text);
  }
  return parts;
}

function monthOf(text: string, months: readonly string[]): number {
  const written = text.replace(/\.$/, '').toLowerCase();
  const full = months.findIndex((name) => name.toLowerCase() === written);
  return 1 + (full >= 0 ? full : months.findIndex((name) => shorten(name).toLowerCase() === written));
}

function compileIso(): (text: string) => DateParts | undefined {
  const expression =
    /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?)?$/;
  return (text) => {
    const match = expression.exec(text);
    if (match === null) return undefined;
    const parts: Record<string, number> = {};
    for (const [i, name] of ['year', 'month', 'day', 'hour', 'minute', 'second'].entries()) {
      // A group that did not take part is undefined.
      const text = match[i + 1];
      if (text !== undefined) parts[name] = Number(text);
    }
    return parts;
  };
}

function fromUnix(text: string, milliseconds: number): DateParts | undefined {
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const time = new Date(Number(text) * milliseconds);
  if (Number.isNaN(time.getTime()) || time.getUTCFullYear() < 1 || time.getUTCFullYear() > 9999) return undefined;
  return {
    year: time.getUTCFullYear(),
    month: time.getUTCMonth() + 1,
    day: time.getUTCDate(),
    hour: time.getUTCHours(),
    minute: time.getUTCMinutes(),
    second: time.getUTCSeconds(),
  };
}

function exists({ year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 }: DateParts): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return false;
  const last = new Date(0);
  // The day before the first of the next month. Years before 100 would be read as years of the last century.
  last.setUTCFullYear(year, month, 0);
  return day <= last.getUTCDate();
}

function write(parts: DateParts, to: string | undefined, months: readonly string[]): string | undefined {
  const format = to ?? (parts.month === undefined ? 'YYYY' : parts.day === undefined ? 'YYYY-MM' : 'YYYY-MM-DD');
  const tokens = format.match(TOKENS) ?? [];
  if (tokens.some((token) => parts[PARTS[token] ?? 'year'] === undefined)) return undefined;
  return format.replace(TOKENS, (token) => {
    const number = parts[PARTS[token] ?? 'year'] ?? 0;
    if (token === 'MMMM') return months[number - 1] ?? '';
    return String(number).padStart(token.length, '0');
  });
}
