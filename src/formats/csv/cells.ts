/** Parses rows with known ends into cells. */
import { parse } from 'csv-parse/sync';
import { toExactNumber } from '../json/exact-numbers.ts';
import type { CsvDialect } from './dialect.ts';
import type { CsvRow } from './rows.ts';

export type Cell = string | number | null;

/**
 * Returns the cells of each row, or the error of the row. Parses all rows at once if they are valid, which is ten times
 * as fast.
 */
export function parseCells(rows: readonly CsvRow[], dialect: CsvDialect): readonly (readonly Cell[] | Error)[] {
  if (rows.length === 0) return [];
  if (needsSplit(dialect)) return rows.map(({ bytes }) => trySplit(bytes.toString('utf8'), dialect));
  const all = tryParse(rows.map(({ bytes }) => `${bytes.toString('utf8')}\n`).join(''), dialect);
  if (!(all instanceof Error) && all.length === rows.length) return all;
  return rows.map(({ bytes }) => {
    const one = tryParse(`${bytes.toString('utf8')}\n`, dialect);
    if (one instanceof Error) return one;
    return one.length === 1 && one[0] !== undefined ? one[0] : new Error('it is not one row');
  });
}

function trySplit(row: string, dialect: CsvDialect): readonly Cell[] | Error {
  try {
    return splitCells(row, dialect).map(({ text, isQuoted }) =>
      isQuoted || dialect.unquoted === 'text' ? text : toCell(text, dialect),
    );
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function tryParse(text: string, dialect: CsvDialect): readonly (readonly Cell[])[] | Error {
  try {
    return parse(text, {
      delimiter: dialect.delimiter,
      quote: dialect.quote ?? null,
      escape: dialect.quote ?? null,
      record_delimiter: ['\n', '\r\n', '\r'],
      relax_column_count: true,
      // A quote within a cell that is not quoted is a character like any other, as in Python.
      relax_quotes: true,
      cast: dialect.unquoted === 'text' ? false : (value, { quoting }) => (quoting ? value : toCell(value, dialect)),
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** `0x10`, `1_000` and `inf` are no numbers here, although JavaScript or Python read some of them. */
const DECIMAL = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

function toCell(text: string, { unquoted }: CsvDialect): Cell {
  if (text === '' && unquoted !== 'number') return null;
  if (unquoted === 'null-if-empty') return text;
  const trimmed = text.trim();
  if (DECIMAL.test(trimmed)) return toExactNumber(trimmed);
  throw new Error(`a cell that is not quoted should be a number, but it is ${JSON.stringify(text.slice(0, 60))}`);
}

interface RawCell {
  readonly text: string;
  readonly isQuoted: boolean;
}

/**
 * Whether csv-parse reads rows of this dialect otherwise than the module `csv` of Python: an escape character besides
 * doubled quotes and outside of quotes, quotes that are not doubled, and spaces alone that are left out.
 */
function needsSplit({ escape, doublesQuotes, skipsSpace, quote }: CsvDialect): boolean {
  return escape !== undefined || skipsSpace || (quote !== undefined && !doublesQuotes);
}

interface Reading {
  readonly row: string;
  at: number;
}

/** Splits one row, without its line break and with its quotes balanced, as Python does. */
function splitCells(row: string, dialect: CsvDialect): readonly RawCell[] {
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

/** Ends after the quote that closes it. */
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

/**
 * An escape makes the following character an ordinary one; at the end of the row it is an ordinary character itself.
 */
function readCharacter(reading: Reading, { escape }: CsvDialect): string {
  const isEscaped = reading.row[reading.at] === escape && reading.at + 1 < reading.row.length;
  if (isEscaped) reading.at++;
  return reading.row[reading.at++] ?? '';
}
