/** The cells of rows whose ends are known. */
import { parse } from 'csv-parse/sync';
import { toExactNumber } from '../json/exact-numbers.ts';
import type { CsvDialect } from './dialect.ts';
import type { CsvRow } from './rows.ts';
import { needsSplit, splitCells } from './split.ts';

export type Cell = string | number | null;

/** For each row its cells, or why it has none. All at once where every row is good, which is ten times as fast. */
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
