/** Merged cells: a sheet stores the value in the first of them and leaves the others blank. */
import { columnLetters, columnOf, type Cell, type Row } from './rows.ts';
import { unusable, type Sheet, type Workbook } from './workbook.ts';

interface Range {
  readonly firstColumn: number;
  readonly firstRow: number;
  readonly lastColumn: number;
  readonly lastRow: number;
}

const MOST_RANGES = 100_000;
const RANGE = /^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$/;

/** Gives each cell of a merged range the value of its first cell. */
export type Fill = (row: Row) => Row;

/** Reads the sheet once, because the ranges are listed after the cells. */
export async function readFill(workbook: Workbook, sheet: Sheet, name: string): Promise<Fill> {
  const ranges: Range[] = [];
  for await (const events of workbook.events(sheet)) {
    for (const event of events) {
      if (event.kind !== 'start' || event.name !== 'mergeCell') continue;
      const range = toRange(event.attributes.get('ref') ?? '');
      if (range !== undefined) ranges.push(range);
      if (ranges.length > MOST_RANGES)
        throw unusable(name, `it has more than ${String(MOST_RANGES)} merged ranges`, '');
    }
  }
  ranges.sort((a, b) => a.firstRow - b.firstRow);
  return createFill(ranges);
}

function createFill(ranges: readonly Range[]): Fill {
  let next = 0;
  let open: { readonly range: Range; readonly first: Cell | undefined }[] = [];
  return (row) => {
    open = open.filter(({ range }) => range.lastRow >= row.number);
    for (let range = ranges[next]; range !== undefined && range.firstRow <= row.number; range = ranges[++next]) {
      const { firstColumn, firstRow, lastRow } = range;
      const first = firstRow === row.number ? row.cells.find(({ column }) => column === firstColumn) : undefined;
      if (lastRow >= row.number) open.push({ range, first });
    }
    if (open.length === 0) return row;
    const cells = new Map(row.cells.map((cell) => [cell.column, cell]));
    for (const { range, first } of open) {
      if (first === undefined) continue;
      for (let column = range.firstColumn; column <= range.lastColumn; column++) {
        if (!cells.has(column)) cells.set(column, { ...first, column });
      }
    }
    return { ...row, cells: [...cells.values()].sort((a, b) => a.column - b.column) };
  };
}

function toRange(written: string): Range | undefined {
  const [, from = '', firstRow, to = '', lastRow] = RANGE.exec(written) ?? [];
  if (firstRow === undefined || lastRow === undefined) return undefined;
  return {
    firstColumn: columnOf(from),
    firstRow: Number(firstRow),
    lastColumn: columnOf(to),
    lastRow: Number(lastRow),
  };
}

/** `Sheet1!A12`, with quotes where a spreadsheet program writes them. */
export function cellName(sheet: string, column: number, row: number): string {
  const quoted = /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(sheet) ? sheet : `'${sheet.replaceAll("'", "''")}'`;
  return `${quoted}!${columnLetters(column)}${String(row)}`;
}
