/**
 * Returns the number of a cell as the text that it represents. A spreadsheet stores a date as the days since 1900 (or
 * 1904), and the number format of the cell marks it as a date.
 */

export type NumberKind = 'number' | 'date' | 'elapsed' | { readonly zeros: number };

/** Numbers of formats that are built in and not listed in a workbook: dates and times, those of East Asia too. */
const BUILT_IN_DATES: readonly (readonly [first: number, last: number])[] = [
  [14, 22],
  [27, 36],
  [45, 47],
  [50, 58],
];
const ELAPSED = 46;

/** `code` is the text of the format where the workbook defines it. */
export function kindOfFormat(id: number, code: string | undefined): NumberKind {
  if (code === undefined) {
    if (id === ELAPSED) return 'elapsed';
    return BUILT_IN_DATES.some(([first, last]) => id >= first && id <= last) ? 'date' : 'number';
  }
  // The format of positive numbers, without quoted text, escaped characters and fillers.
  const plain = (code.split(';')[0] ?? '').replace(/"[^"]*"|\\.|_.|\*./g, '');
  if (/\[(?:h+|m+|s+)\]/i.test(plain)) return 'elapsed';
  const letters = plain.replace(/\[[^\]]*\]/g, '').replace(/general/gi, '');
  if (/[ymdhs]/i.test(letters) && !/[0#?]/.test(letters.replace(/\.0+/g, ''))) return 'date';
  const zeros = /^0{2,}$/.exec(letters)?.[0].length;
  return zeros === undefined ? 'number' : { zeros };
}

/** Undefined where the text is not a number, or the number is not a date that exists. */
export function toNumberText(written: string, kind: NumberKind, is1904: boolean): string | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(written)) return undefined;
  if (kind === 'date') return toDateText(Number(written), is1904);
  if (kind === 'elapsed') return toElapsedText(Number(written));
  const text = plainNumber(written);
  return typeof kind === 'object' && /^\d+$/.test(text) ? text.padStart(kind.zeros, '0') : text;
}

/** Programs write 2.3 as 2.2999999999999998, which is the same double. Digits of a whole number are kept as they are. */
function plainNumber(written: string): string {
  if (/^-?\d+$/.test(written)) return written;
  const number = Number(written);
  return Number.isFinite(number) ? String(number) : written;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** Excel counts 29 February 1900, which never was, as day 60. */
const NO_SUCH_DAY = 60;
/** 31 December 9999. */
const LAST_DAY = 2_958_465;

function toDateText(serial: number, is1904: boolean): string | undefined {
  const milliseconds = Math.round(serial * DAY_MS);
  const day = Math.floor(milliseconds / DAY_MS);
  const inDay = milliseconds - day * DAY_MS;
  if (day < 0 || day > LAST_DAY) return undefined;
  if (day === 0 && !is1904) return timeText(inDay);
  if (day === NO_SUCH_DAY && !is1904) return undefined;
  const shift = !is1904 && day < NO_SUCH_DAY ? 1 : 0;
  const time = new Date((is1904 ? EPOCH_1904 : EPOCH_1900) + (day + shift) * DAY_MS);
  const date = time.toISOString().slice(0, 10);
  return inDay === 0 ? date : `${date}T${timeText(inDay)}`;
}

function toElapsedText(serial: number): string {
  const milliseconds = Math.round(Math.abs(serial) * DAY_MS);
  const hours = Math.floor(milliseconds / 3_600_000);
  const text = timeText(milliseconds % 3_600_000).slice(3);
  return `${serial < 0 ? '-' : ''}${String(hours).padStart(2, '0')}:${text}`;
}

/** `12:30:00`, with milliseconds where there are any. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, '');
}
