/** The rows of one sheet, in order, with the value that each cell shows: of a formula the one that was calculated last. */
import type { XmlEvent } from '../xml/events.ts';
import { toNumberText } from './number-text.ts';
import { createTextItem, unescaped, unusable, type Sheet, type Workbook } from './workbook.ts';

export interface Cell {
  /** From 1: A. */
  readonly column: number;
  /** A number and a date are text. */
  readonly value: string | boolean;
  /** Why there is no value, as half a sentence. `value` is what is written then. */
  readonly fault?: string;
}

export interface Row {
  /** From 1, as the sheet counts. */
  readonly number: number;
  /** Those that are not blank, by rising column. */
  readonly cells: readonly Cell[];
  /** Characters of all values. */
  readonly size: number;
  readonly isTooLarge: boolean;
}

export interface RowsOptions {
  /** The resource, for messages. */
  readonly name: string;
  readonly maxRowBytes: number;
}

/** The limit of an Excel sheet. */
const MOST_COLUMNS = 16_384;

export async function* readRows(
  workbook: Workbook,
  sheet: Sheet,
  options: RowsOptions,
): AsyncGenerator<readonly Row[], void, undefined> {
  const reading = createReading(workbook, options);
  for await (const events of workbook.events(sheet)) {
    const rows: Row[] = [];
    for (const event of events) {
      const row = reading.take(event);
      if (row !== undefined) rows.push(row);
    }
    if (rows.length > 0) yield rows;
  }
}

interface OpenCell {
  readonly column: number;
  readonly type: string;
  readonly style: number;
  written: string;
  hasFormula: boolean;
}

function createReading(workbook: Workbook, { name, maxRowBytes }: RowsOptions) {
  const inline = createTextItem();
  let number = 0;
  let column = 0;
  let cells: Cell[] = [];
  let size = 0;
  let cell: OpenCell | undefined;
  let isValue = false;

  function start(event: Extract<XmlEvent, { kind: 'start' }>): void {
    const { name: element, attributes } = event;
    if (element === 'row') {
      number = rowNumber(attributes.get('r'), number, name);
      column = 0;
      cells = [];
      size = 0;
    } else if (element === 'c') {
      column = columnNumber(attributes.get('r'), column, name);
      const style = Number(attributes.get('s') ?? 0);
      cell = { column, type: attributes.get('t') ?? 'n', style, written: '', hasFormula: false };
    } else if (element === 'v') isValue = true;
    else if (element === 'f' && cell !== undefined) cell.hasFormula = true;
  }

  function endCell(): void {
    if (cell === undefined) return;
    const found = toCell(cell, workbook);
    cell = undefined;
    if (found === undefined) return;
    size += typeof found.value === 'string' ? found.value.length : 1;
    if (size <= maxRowBytes && cells.length < MOST_COLUMNS) cells.push(found);
  }

  return {
    /** Returns a row at its end. */
    take(event: XmlEvent): Row | undefined {
      const text = cell?.type === 'inlineStr' ? inline.take(event, 'is') : undefined;
      if (text !== undefined && cell !== undefined) cell.written = text;
      if (event.kind === 'start') start(event);
      else if (event.kind === 'text') {
        // A value that is too long is counted and not kept.
        if (isValue && cell !== undefined && cell.written.length <= maxRowBytes) cell.written += event.text;
      } else if (event.name === 'v') isValue = false;
      else if (event.name === 'c') endCell();
      else if (event.name === 'row') return { number, cells, size, isTooLarge: size > maxRowBytes };
      return undefined;
    },
  };
}

/** Undefined for a blank cell. */
function toCell({ column, type, style, written, hasFormula }: OpenCell, workbook: Workbook): Cell | undefined {
  const faulty = (fault: string): Cell => ({ column, value: written, fault });
  if (written === '') {
    if (!hasFormula || type === 'str') return undefined;
    return faulty('has a formula without its value: open the workbook in a spreadsheet program and save it');
  }
  switch (type) {
    case 's': {
      const text = workbook.shared[Number(written)];
      if (text === undefined) return faulty(`refers to the shared text ${written}, which is not there`);
      return text === '' ? undefined : { column, value: text };
    }
    case 'inlineStr':
      return { column, value: written };
    case 'str':
      return { column, value: unescaped(written) };
    case 'b':
      return { column, value: written.trim() === '1' || written.trim() === 'true' };
    case 'e':
      return faulty(`holds the error ${written.slice(0, 40)}`);
    case 'd':
      return { column, value: written.trim() };
    case 'n': {
      const text = toNumberText(written.trim(), workbook.kinds[style] ?? 'number', workbook.is1904);
      return text === undefined
        ? faulty(`holds ${written.slice(0, 40)}, which is no number, or no date that exists`)
        : { column, value: text };
    }
    default:
      return faulty(`is of the unknown type "${type.slice(0, 20)}"`);
  }
}

function rowNumber(written: string | undefined, before: number, name: string): number {
  if (written === undefined) return before + 1;
  const number = Number(written);
  if (Number.isInteger(number) && number > before) return number;
  throw unusable(
    name,
    `its row ${written.slice(0, 20)} follows row ${String(before)}`,
    'Open and save it in a spreadsheet program.',
  );
}

/** From the name of a cell, such as `AB12`. */
function columnNumber(written: string | undefined, before: number, name: string): number {
  if (written === undefined) return before + 1;
  const column = columnOf(/^([A-Z]{1,3})\d{1,7}$/.exec(written)?.[1] ?? '');
  if (column > before && column <= MOST_COLUMNS) return column;
  throw unusable(
    name,
    `it has a cell ${written.slice(0, 20)} that is out of its order`,
    'Open and save it in a spreadsheet program.',
  );
}

/** `A` is 1. */
export function columnOf(letters: string): number {
  let column = 0;
  for (let i = 0; i < letters.length; i++) column = column * 26 + letters.charCodeAt(i) - 64;
  return column;
}

export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}
