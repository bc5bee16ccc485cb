/** A calendar day as the record schemas accept it: YYYY-MM-DD. */

const WRITTEN = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$/;

/** Returns the day of a date or a time, also of `2020-5-1`; undefined if there is no such day. */
export function toCalendarDate(text: string): string | undefined {
  const [, year = '', month = '', number = ''] = WRITTEN.exec(text) ?? [];
  if (year === '' || year === '0000') return undefined;
  const day = `${year}-${month.padStart(2, '0')}-${number.padStart(2, '0')}`;
  if (Number(month) >= 1 && Number(month) <= 12 && Number(number) >= 1 && Number(number) <= 28) return day;
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) ? day : undefined;
}
