/** The dialect of a table of text, by the names and values of Python's module `csv`, which existing configs use. */

export interface CsvDialect {
  readonly delimiter: string;
  /** Absent: no cell is quoted. */
  readonly quote?: string;
  /** Makes the following character an ordinary one. */
  readonly escape?: string;
  /** A quote within a quoted cell is written twice. */
  readonly doublesQuotes: boolean;
  /** Spaces after a delimiter are not part of the cell. */
  readonly skipsSpace: boolean;
  /** The conversion of unquoted cells. */
  readonly unquoted: 'text' | 'number' | 'null-if-empty' | 'number-or-null';
}

export interface CsvOptions {
  readonly dialect?: 'excel' | 'excel-tab' | 'unix' | undefined;
  readonly delimiter?: string | undefined;
  readonly quotechar?: string | null | undefined;
  readonly escapechar?: string | null | undefined;
  readonly doublequote?: boolean | undefined;
  readonly quoting?: number | string | undefined;
  readonly skipinitialspace?: boolean | undefined;
}

/** The constants of Python's module, by their value. */
export const QUOTING = [
  'QUOTE_MINIMAL',
  'QUOTE_ALL',
  'QUOTE_NONNUMERIC',
  'QUOTE_NONE',
  'QUOTE_STRINGS',
  'QUOTE_NOTNULL',
] as const;

const UNQUOTED = ['text', 'text', 'number', 'text', 'number-or-null', 'null-if-empty'] as const;

/** The value of a constant that is given by value or name (`QUOTE_NONE`, `csv.QUOTE_NONE`); -1 for another one. */
export function quotingOf(quoting: number | string): number {
  if (typeof quoting === 'number') return QUOTING[quoting] === undefined ? -1 : quoting;
  return (QUOTING as readonly string[]).indexOf(quoting.replace(/^csv\./, ''));
}

export function toCsvDialect(options: CsvOptions): CsvDialect {
  const quoting = quotingOf(options.quoting ?? 0);
  const isQuoted = QUOTING[quoting] !== 'QUOTE_NONE' && options.quotechar !== null;
  const delimiter = options.delimiter ?? (options.dialect === 'excel-tab' ? '\t' : ',');
  return {
    delimiter,
    ...(isQuoted ? { quote: options.quotechar ?? '"' } : {}),
    ...(typeof options.escapechar === 'string' ? { escape: options.escapechar } : {}),
    doublesQuotes: options.doublequote ?? true,
    skipsSpace: options.skipinitialspace ?? false,
    unquoted: UNQUOTED[quoting] ?? 'text',
  };
}
