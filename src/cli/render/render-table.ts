/** A plain table: columns two spaces apart, numbers to the right, no lines. */
import { printable } from './printable.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are cut. */
  readonly most?: number;
}

/** Ends with a line break; an empty list of rows gives the heading alone. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  indent = '',
): string {
  const lines = [columns.map(({ title }) => title), ...rows].map((cells) =>
    columns.map(({ most }, index) => printable(cells[index] ?? '', most)),
  );
  const widths = columns.map((_column, index) => Math.max(...lines.map((cells) => cells[index]?.length ?? 0)));
  return lines
    .map((cells) => {
      const padded = cells.map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${indent}${padded.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** `name  value` lines, the values aligned. */
export function renderFields(fields: readonly (readonly [name: string, value: string])[], indent = ''): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${indent}${name.padEnd(width)}  ${value}\n`).join('');
}
