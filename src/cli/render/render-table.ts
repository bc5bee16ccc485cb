/**
 * A plain table: columns two spaces apart, numbers to the right, no lines. On a page that is too narrow it gives up, in
 * this order: columns of zeros, the place of some columns in the line, the width of wide texts, and last the table
 * itself: each row then becomes lines of `title  value`. Nothing is lost but zeros.
 */
import { paint, PLAIN, widthOf, wrapLines, type Colour, type Page } from './page.ts';
import { printable } from './printable.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are cut, with `…`. */
  readonly most?: number;
  /** Left out on a narrow page when all its cells are 0 or empty. */
  readonly droppable?: boolean;
  /** Names the row; on a narrow page on a line of its own above the others. Only the first column. */
  readonly heading?: boolean;
  /** Broken over lines on a narrow page. Texts that are copied whole, such as run ids, are not. */
  readonly wraps?: boolean;
  /** On a narrow page shown below the row, as `title value`. */
  readonly below?: boolean;
  readonly colour?: (cell: string) => Colour | undefined;
}

interface Cells {
  readonly columns: readonly TableColumn[];
  /** The first row holds the titles. */
  readonly rows: readonly (readonly string[])[];
  /** For each row, what is shown below it. */
  readonly notes?: readonly string[];
}

const GAP = 2;
/** Narrower columns of broken words are harder to read than lines. */
const LEAST = 10;

/** Ends with a line break; an empty list of rows gives the heading alone. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  indent = '',
  page: Page = PLAIN,
): string {
  const texts = [columns.map(({ title }) => title), ...rows].map((cells) =>
    columns.map(({ most }, index) => printable(cells[index] ?? '', most)),
  );
  const room = page.width - indent.length;
  const whole = { columns, rows: texts };
  if (widthOfTable(whole) <= room) return renderRows(whole, widthsOf(whole), indent, page);
  const dense = withoutZeros(whole);
  if (widthOfTable(dense) <= room) return renderRows(dense, widthsOf(dense), indent, page);
  if (dense.columns[0]?.heading === true && dense.columns.length > 1 && rows.length > 0)
    return renderUnderHeadings(dense, indent, page);
  const slim = withNotes(dense);
  const widths = shrink(slim, room);
  return widths === undefined ? renderAsFields(whole, indent, page) : renderRows(slim, widths, indent, page);
}

function widthsOf({ columns, rows }: Cells): readonly number[] {
  return columns.map((_column, index) => Math.max(...rows.map((cells) => widthOf(cells[index] ?? ''))));
}

function widthOfTable(cells: Cells): number {
  return sumOf(widthsOf(cells));
}

function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

function withoutZeros({ columns, rows }: Cells): Cells {
  const isKept = columns.map(
    ({ droppable }, index) => droppable !== true || rows.slice(1).some((cells) => !/^0?$/.test(cells[index] ?? '')),
  );
  return {
    columns: columns.filter((_column, index) => isKept[index]),
    rows: rows.map((cells) => cells.filter((_cell, index) => isKept[index])),
  };
}

function withNotes({ columns, rows }: Cells): Cells {
  const [titles = []] = rows;
  const notes = rows.map((cells, row) =>
    cells
      .flatMap((cell, index) =>
        row > 0 && columns[index]?.below === true && cell !== '' ? [`${titles[index] ?? ''} ${cell}`] : [],
      )
      .join(', '),
  );
  const stay = (_any: unknown, index: number): boolean => columns[index]?.below !== true;
  return { columns: columns.filter(stay), rows: rows.map((cells) => cells.filter(stay)), notes };
}

/** Takes columns from the widest of those that wrap until the table fits; undefined where it cannot. */
function shrink(cells: Cells, room: number): readonly number[] | undefined {
  const widths = [...widthsOf(cells)];
  while (sumOf(widths) > room) {
    const candidates = widths
      .map((width, index) => ({ width, index }))
      .filter(({ width, index }) => isWrapped(cells.columns[index]) && width > LEAST);
    const widest = candidates.toSorted((a, b) => b.width - a.width)[0];
    if (widest === undefined) return undefined;
    widths[widest.index] = widest.width - 1;
  }
  return widths;
}

function isWrapped(column: TableColumn | undefined): boolean {
  return column?.wraps === true;
}

function renderRows(
  { columns, rows, notes = [] }: Cells,
  widths: readonly number[],
  indent: string,
  page: Page,
): string {
  return rows
    .flatMap((cells, row) => {
      const parts = cells.map((cell, index) =>
        widthOf(cell) > (widths[index] ?? 0) ? wrapLines(cell, widths[index] ?? 0, { hard: true }) : [cell],
      );
      const height = Math.max(1, ...parts.map(({ length }) => length));
      const lines = Array.from({ length: height }, (_none, line) => {
        const padded = columns.map((column, index) => {
          const text = parts[index]?.[line] ?? '';
          const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - widthOf(text)));
          const painted =
            row === 0 ? paint(page, 'bold', text) : paint(page, column.colour?.(cells[index] ?? ''), text);
          return column.align === 'right' ? space + painted : painted + space;
        });
        return `${indent}${padded.join(' '.repeat(GAP)).trimEnd()}\n`;
      });
      return [...lines, ...noteLines(notes[row] ?? '', indent, page)];
    })
    .join('');
}

function noteLines(note: string, indent: string, page: Page): readonly string[] {
  if (note === '') return [];
  const inset = `${indent}    `;
  return wrapLines(note, page.width - inset.length).map((line) => `${inset}${line}\n`);
}

function renderUnderHeadings({ columns, rows }: Cells, indent: string, page: Page): string {
  const [titles = [], ...body] = rows;
  return body
    .map((cells) => {
      const head = `${indent}${titles[0] ?? ''}: `;
      const name = wrapLines(cells[0] ?? '', page.width - widthOf(head), { hard: true });
      const rest = renderTable(columns.slice(1), [cells.slice(1)], `${indent}  `, page);
      return `${head}${name.join(`\n${indent}`)}\n${rest}`;
    })
    .join('');
}

function renderAsFields({ rows }: Cells, indent: string, page: Page): string {
  const [titles = [], ...body] = rows;
  return body
    .map((cells) =>
      renderFields(
        titles.flatMap((title, index) => ((cells[index] ?? '') === '' ? [] : [[title, cells[index] ?? ''] as const])),
        indent,
        page,
      ),
    )
    .join('\n');
}

/** `name  value` lines, the values aligned and wrapped. */
export function renderFields(
  fields: readonly (readonly [name: string, value: string])[],
  indent = '',
  page: Page = PLAIN,
): string {
  const width = Math.max(0, ...fields.map(([name]) => widthOf(name)));
  const hang = indent.length + width + GAP;
  return fields
    .map(([name, value]) => {
      const head = `${indent}${paint(page, 'dim', name)}${' '.repeat(width - widthOf(name) + GAP)}`;
      // What cannot be wrapped, such as a digest, has more room on a line of its own.
      const lines = wrapLines(value, page.width - hang);
      const isLong = lines.some((line) => widthOf(line) > page.width - hang);
      if (!isLong) return `${head}${lines.join(`\n${' '.repeat(hang)}`)}\n`;
      const own = `${indent}  `;
      return `${head.trimEnd()}\n${wrapLines(value, page.width - own.length)
        .map((line) => `${own}${line}\n`)
        .join('')}`;
    })
    .join('');
}
