/** A day of the calendar as the record schemas take it: YYYY-MM-DD. */

const WRITTEN = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/;

/** The day of a date or of a time that begins with one, `2020-5-1` too; undefined where there is no such day. */
export function toCalendarDate(text: string): string | undefined {
  const [, year = '', month = '', number = ''] = WRITTEN.exec(text) ?? [];
  if (year === '' || year === '0000') return undefined;
  const day = `${year}-${month.padStart(2, '0')}-${number.padStart(2, '0')}`;
  if (Number(month) >= 1 && Number(month) <= 12 && Number(number) >= 1 && Number(number) <= 28) return day;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? day : undefined;
}
