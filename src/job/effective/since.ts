/** Parses the forms of `since`. Times without a zone are UTC; a duration counts back from now. */
import { ConfigError } from '../../errors.ts';
import { isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { describeFound } from '../check/problem.ts';

/** `none`: read everything, whatever the last run was. */
export type ParsedSince = { readonly time: Date } | 'none';

const DAY = 86_400_000;
const EXPECTED = '"YYYY-MM-DD HH:mm", ISO 8601, a date, a span such as "P2D" or "2 days", or "none"';
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const ISO_SPAN =
  /^P(?=\d|T\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/i;
const WORD_SPAN = /^(\d{1,6})\s*(second|minute|hour|day|week|month|year)s?(?:\s+ago)?$/i;
const UNITS = ['years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds'] as const;
type Unit = (typeof UNITS)[number];
export type Span = Partial<Record<Unit, number>>;

/**
 * Throws ConfigError E_SINCE_INVALID. A time in the future is refused, as nothing could ever be newer; one day is
 * allowed for, because a date of a zone east of here may already be tomorrow's.
 */
export function parseSince(written: unknown, now: Date): ParsedSince {
  if (isNone(written)) return 'none';
  const span = toSpan(written);
  const time = span === undefined ? toTime(written) : before(now, span, written);
  if (time.getTime() > now.getTime() + DAY) {
    refuse(written, `a time in the past (now is ${now.toISOString()})`);
  }
  return { time };
}

/** Returns whether the text is a duration in one of the forms of `since`. */
export function isSpan(written: unknown): boolean {
  try {
    return toSpan(written) !== undefined;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Subtracts a duration from a time. Throws ConfigError E_SINCE_INVALID if `span` is not a duration. */
export function goBack(time: Date, span: unknown): Date {
  const parsed = toSpan(span);
  if (parsed === undefined) refuse(span, 'a span such as "P2D" or "2 days"');
  return before(time, parsed, span);
}

function isNone(written: unknown): boolean {
  return typeof written === 'string' && written.trim().toLowerCase() === 'none';
}

function toTime(written: unknown): Date {
  const match = typeof written === 'string' ? TIME.exec(written.trim()) : null;
  if (match === null) refuse(written, EXPECTED);
  const part = (group: number): number => Number(match[group] ?? '0');
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const milliseconds = Number(`0.${match[7] ?? '0'}`) * 1000;
  const offset = toOffset(match[8], written);
  const local = new Date(Date.UTC(year, month - 1, day, hour, minute, second, Math.trunc(milliseconds)));
  // Date.UTC carries 30 February over into March and takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists) refuse(written, year < 100 ? 'a year from 0100 to now' : 'a day that exists');
  if (hour > 23 || minute > 59 || second > 59) refuse(written, 'a time of day from 00:00:00 to 23:59:59');
  return new Date(local.getTime() - offset);
}

function toOffset(zone: string | undefined, written: unknown): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 14 || minutes > 59) refuse(written, 'a zone from -14:00 to +14:00');
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/**
 * Returns undefined if the text is not a duration. Throws ConfigError E_SINCE_INVALID for an invalid duration object or
 * its text.
 */
export function toSpan(written: unknown): Span | undefined {
  if (isJsonObject(written)) return objectSpan(written);
  if (typeof written !== 'string') return undefined;
  if (written.trim().startsWith('{')) return objectSpan(objectIn(written));
  const iso = ISO_SPAN.exec(written.trim());
  if (iso !== null) return Object.fromEntries(UNITS.map((unit, index) => [unit, Number(iso[index + 1] ?? '0')]));
  const words = WORD_SPAN.exec(written.trim());
  return words === null ? undefined : { [`${String(words[2]).toLowerCase()}s`]: Number(words[1]) };
}

/** `{"days": 2}` as it is typed on a command line. */
function objectIn(written: string): JsonObject {
  try {
    return JSON.parse(written) as JsonObject;
  } catch {
    return refuse(written, EXPECTED);
  }
}

function objectSpan(written: Readonly<Record<string, unknown>>): Span {
  const entries = Object.entries(written);
  for (const [unit, amount] of entries) {
    const usable = typeof amount === 'number' && Number.isInteger(amount) && amount >= 0 && amount <= 999_999;
    if (usable && UNITS.some((known) => known === unit)) continue;
    refuse(
      written,
      `a span such as {"days": 2}, with ${UNITS.join(', ')}`,
      `${JSON.stringify(unit)}: ${describeFound(amount)}`,
    );
  }
  if (entries.length === 0) refuse(written, EXPECTED);
  return written;
}

function before(now: Date, span: Span, written: unknown): Date {
  const { years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0 } = span;
  const time = new Date(now);
  const day = time.getUTCDate();
  time.setUTCDate(1);
  time.setUTCMonth(time.getUTCMonth() - months - 12 * years);
  // One month before 31 March is the last of February.
  const last = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 0)).getUTCDate();
  time.setUTCDate(Math.min(day, last));
  const rest = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds;
  const result = new Date(time.getTime() - rest * 1000);
  if (Number.isNaN(result.getTime()) || result.getUTCFullYear() < 1)
    refuse(written, 'a span that ends after the year 1');
  return result;
}

function refuse(written: unknown, expected: string, found = describeFound(written)): never {
  throw new ConfigError('E_SINCE_INVALID', `"since" cannot be used: expected ${expected}, found ${found}.`, {
    details: { expected, found },
  });
}
