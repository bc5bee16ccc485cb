/** A day of the calendar as the record schemas take it: YYYY-MM-DD. */

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$/;

/** The day of a date or of a time that begins with one; undefined where there is no such day. */
export function toCalendarDate(text: string): string | undefined {
  const match = WRITTEN.exec(text);
  if (match === null) return undefined;
  const day = text.slice(0, 10);
  const number = Number(match[3]);
  const month = Number(match[2]);
  if (month >= 1 && month <= 12 && number >= 1 && number <= 28) return day;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? day : undefined;
}
