/**
 * The cells of one row by the rules of Python's module `csv` that csv-parse does not have: an escape character besides
 * doubled quotes and outside of quotes, quotes that are not doubled, and spaces alone that are left out.
 */
import type { CsvDialect } from './dialect.ts';

export interface RawCell {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** Whether csv-parse reads rows of this dialect otherwise than Python. */
export function needsSplit({ escape, doublesQuotes, skipsSpace, quote }: CsvDialect): boolean {
  return escape !== undefined || skipsSpace || (quote !== undefined && !doublesQuotes);
}

interface Reading {
  readonly row: string;
  at: number;
}

/** `row`: without its line break, its quotes balanced. */
export function splitCells(row: string, dialect: CsvDialect): readonly RawCell[] {
  const reading: Reading = { row, at: 0 };
  const cells = [readCell(reading, dialect)];
  while (row.startsWith(dialect.delimiter, reading.at)) {
    reading.at += dialect.delimiter.length;
    cells.push(readCell(reading, dialect));
  }
  return cells;
}

/** Ends at a delimiter or at the end of the row. */
function readCell(reading: Reading, dialect: CsvDialect): RawCell {
  const { row } = reading;
  if (dialect.skipsSpace) while (row[reading.at] === ' ') reading.at++;
  const isQuoted = dialect.quote !== undefined && row[reading.at] === dialect.quote;
  if (isQuoted) reading.at++;
  let text = isQuoted ? readQuoted(reading, dialect) : '';
  while (reading.at < row.length && !row.startsWith(dialect.delimiter, reading.at))
    text += readCharacter(reading, dialect);
  return { text, isQuoted };
}

/** Ends behind the quote that closes it. */
function readQuoted(reading: Reading, dialect: CsvDialect): string {
  const { row } = reading;
  let text = '';
  while (reading.at < row.length) {
    if (row[reading.at] !== dialect.quote) text += readCharacter(reading, dialect);
    else if (dialect.doublesQuotes && row[reading.at + 1] === dialect.quote) {
      text += row[reading.at] ?? '';
      reading.at += 2;
    } else {
      reading.at++;
      break;
    }
  }
  return text;
}

/** An escape makes the character behind it an ordinary one; at the end of the row it is one itself. */
function readCharacter(reading: Reading, { escape }: CsvDialect): string {
  const isEscaped = reading.row[reading.at] === escape && reading.at + 1 < reading.row.length;
  if (isEscaped) reading.at++;
  return reading.row[reading.at++] ?? '';
}
