/** Reads the records of a workbook: objects whose keys are the names in the header row of their sheet. A bad row does not
 * affect the others. */
import { clip, quote } from '../../clip.ts';
import type { CodeOf } from '../../error-codes.ts';
import { RecordError } from '../../errors.ts';
import { RAW_LIMIT, type ReadItem } from '../../records/entry.ts';
import { createItemBatch, withRest, type ItemBatch } from '../bytes/item-batch.ts';
import { cellName, readFill, type Fill } from './merged-cells.ts';
import { columnLetters, readRows, type Cell, type Row } from './rows.ts';
import { openWorkbook, unusable, type Sheet, type Workbook, type WorkbookOptions } from './workbook.ts';

export interface XlsxRecordsOptions extends WorkbookOptions {
  /** Records before this position are counted, and not yielded. */
  readonly from: number;
  /** A name, `*` for all that are visible, or undefined for the first. */
  readonly sheet: string | undefined;
  /** The field that gets the name of the sheet. */
  readonly sheetField: string | undefined;
  /** From 1; undefined = the first row that is not blank. */
  readonly headerRow: number | undefined;
  readonly fillsMerged: boolean;
  readonly maxRecordBytes: number;
  warn(warning: { readonly code: string; readonly message: string }): void;
}

interface Reading {
  readonly options: XlsxRecordsOptions;
  readonly workbook: Workbook;
  readonly batch: ItemBatch;
  position: number;
}

export async function* readXlsxRecords(
  options: XlsxRecordsOptions,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const workbook = await openWorkbook(options);
  const reading: Reading = { options, workbook, batch: createItemBatch(), position: 0 };
  yield* withRest(reading.batch, readSheets(reading));
}

async function* readSheets(reading: Reading): AsyncGenerator<readonly ReadItem[], void, undefined> {
  for (const sheet of chosenSheets(reading)) yield* readSheet(reading, sheet);
}

function chosenSheets({ workbook: { sheets }, options }: Reading): readonly Sheet[] {
  const { name, sheet } = options;
  const visible = sheets.filter(({ isHidden }) => !isHidden);
  if (visible.length === 0) throw unusable(name, 'it has no sheet with cells that is visible', '');
  if (sheet === '*') return visible;
  const names = sheets.map((one) => quote(one.name)).join(', ');
  if (sheet !== undefined) {
    const found = sheets.find((one) => one.name === sheet);
    if (found !== undefined) return [found];
    throw unusable(
      name,
      `it has no sheet ${quote(sheet)}`,
      clip(`It has ${names}. Correct "sheet" of the reader.`, 1000),
    );
  }
  if (visible.length > 1) {
    const message = `${name} has ${String(visible.length)} sheets; only the first is read, ${quote(visible[0]?.name ?? '')}. Name another with "sheet", or read all with "sheet": "*".`;
    options.warn({ code: 'W_XLSX_SHEETS', message });
  }
  return visible.slice(0, 1);
}

async function* readSheet(reading: Reading, sheet: Sheet): AsyncGenerator<readonly ReadItem[], void, undefined> {
  const { workbook, options, batch } = reading;
  const { name, headerRow, maxRecordBytes } = options;
  const fill: Fill = options.fillsMerged ? await readFill(workbook, sheet, name) : (row) => row;
  const stray = new Set<number>();
  let header: ReadonlyMap<number, string> | undefined;
  for await (const rows of readRows(workbook, sheet, { name, maxRowBytes: maxRecordBytes })) {
    for (const row of rows.map(fill)) {
      if (header === undefined) {
        if (headerRow === undefined ? row.cells.length > 0 : row.number >= headerRow)
          header = toHeader(row, sheet, options);
        continue;
      }
      if (row.cells.length === 0 && !row.isTooLarge) continue;
      const item = toItem(row, { sheet, header, stray, options, position: reading.position++ });
      if (item.position >= options.from && batch.add(item, row.size)) yield batch.take();
    }
  }
  if (header === undefined && headerRow !== undefined) {
    throw unusable(
      name,
      `its sheet ${quote(sheet.name)} ends before row ${String(headerRow)}`,
      'Correct "header_row" of the reader.',
    );
  }
  warnOfStray(stray, sheet, options);
}

/** The names by column. */
function toHeader(row: Row, sheet: Sheet, { name, headerRow, warn }: XlsxRecordsOptions): ReadonlyMap<number, string> {
  const isWrong = row.cells.length === 0 || (headerRow !== undefined && row.number !== headerRow) || row.isTooLarge;
  if (isWrong) {
    throw unusable(
      name,
      `row ${String(headerRow ?? row.number)} of its sheet ${quote(sheet.name)} names no columns`,
      'Correct "header_row" of the reader.',
    );
  }
  const header = new Map<number, string>();
  const seen = new Set<string>();
  for (const { column, value, fault } of row.cells) {
    if (fault !== undefined)
      throw unusable(name, `the header ${cellName(sheet.name, column, row.number)} ${fault}`, 'Correct the cell.');
    const text = String(value).trim();
    if (text === '') continue;
    if (seen.has(text)) {
      const message = `The sheet ${quote(sheet.name)} of ${name} names the column ${quote(text)} more than once: the last one counts.`;
      warn({ code: 'W_XLSX_COLUMN_REPEATED', message });
    }
    seen.add(text);
    header.set(column, text);
  }
  return header;
}

interface RowPlace {
  readonly sheet: Sheet;
  readonly header: ReadonlyMap<number, string>;
  /** Columns with values and without a name. */
  readonly stray: Set<number>;
  readonly options: XlsxRecordsOptions;
  readonly position: number;
}

function toItem(row: Row, { sheet, header, stray, options, position }: RowPlace): ReadItem {
  const failure = (code: CodeOf<'record'>, message: string): ReadItem => ({
    position,
    error: new RecordError(code, message, { details: { position, sheet: clip(sheet.name, 200), row: row.number } }),
    raw: rawOf(row.cells),
  });
  const place = cellName(sheet.name, row.cells[0]?.column ?? 1, row.number);
  if (row.isTooLarge) {
    const message = `The row of ${place} has more than max_record_bytes, ${String(options.maxRecordBytes)} characters, or more cells than a sheet has columns.`;
    return failure('E_RECORD_TOO_LARGE', message);
  }
  const value: [string, string | boolean][] = [];
  for (const { column, value: written, fault } of row.cells) {
    const name = header.get(column);
    if (name === undefined) stray.add(column);
    else if (fault !== undefined) {
      const message = `The cell ${cellName(sheet.name, column, row.number)} (${quote(name)}) ${fault}. Correct the cell in the workbook.`;
      return failure('E_CELL_INVALID', message);
    } else value.push([name, written]);
  }
  if (options.sheetField !== undefined) value.push([options.sheetField, sheet.name]);
  return { position, value: Object.fromEntries(value) };
}

function rawOf(cells: readonly Cell[]): string {
  const texts = cells.slice(0, 200).map(({ column, value }) => [columnLetters(column), clip(String(value), 500)]);
  return JSON.stringify(Object.fromEntries(texts)).slice(0, RAW_LIMIT);
}

function warnOfStray(stray: ReadonlySet<number>, sheet: Sheet, { name, warn }: XlsxRecordsOptions): void {
  if (stray.size === 0) return;
  const columns = [...stray].slice(0, 10).map(columnLetters).join(', ');
  const message = `The sheet ${quote(sheet.name)} of ${name} has values in columns that its header row does not name (${columns}): they are not read.`;
  warn({ code: 'W_XLSX_COLUMN_UNNAMED', message });
}
