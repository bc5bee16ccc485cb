/**
 * Finds the end of a table row, byte by byte and resumably. A line break within quotes or after an escape is part of a
 * cell. It also detects a quote that is never closed by what follows the next quote: only a delimiter, the end of the
 * row or, if quotes are doubled, another quote may follow a closing quote.
 */
import type { CsvDialect } from './dialect.ts';

/** `lost`: the quotes of the row are unbalanced. */
export type RowResult = 'more' | 'row' | 'lost';

export interface RowScanner {
  state: number;
  /** The position to continue from, relative to the start of the row. After `row`, its end without the line break. */
  index: number;
  /** After `row`: where the next one begins. */
  next: number;
  /** The end of the first line, and where the second begins, where the row has several; else 0. */
  lineEnd: number;
  lineNext: number;
  /** Line breaks within the row. */
  breaks: number;
}

export interface DialectBytes {
  readonly delimiter: Buffer;
  /** -1: none. */
  readonly quote: number;
  readonly escape: number;
  readonly doublesQuotes: boolean;
  readonly skipsSpace: boolean;
}

export function toDialectBytes(dialect: CsvDialect): DialectBytes {
  return {
    delimiter: Buffer.from(dialect.delimiter),
    quote: dialect.quote?.charCodeAt(0) ?? -1,
    escape: dialect.escape?.charCodeAt(0) ?? -1,
    doublesQuotes: dialect.doublesQuotes,
    skipsSpace: dialect.skipsSpace,
  };
}

const START = 0;
const PLAIN = 1;
const QUOTED = 2;
const CLOSED = 3;
/** After an unquoted escape, a line break is part of the cell. */
const ESCAPED = 4;

const LF = 0x0a;
const CR = 0x0d;

export function createRowScanner(): RowScanner {
  return { state: START, index: 0, next: 0, lineEnd: 0, lineNext: 0, breaks: 0 };
}

/** `view` begins with the row; with `isLast` nothing follows it. */
export function scanRow(scanner: RowScanner, view: Buffer, dialect: DialectBytes, isLast: boolean): RowResult {
  while (scanner.index < view.length) {
    const byte = view[scanner.index] as number;
    const isBreak = byte === LF || byte === CR;
    // What follows decides: the second half of a line break, of a doubled quote, of an escape, of a delimiter.
    const needed = scanner.index + Math.max(2, dialect.delimiter.length);
    if (needed > view.length && !isLast && (isBreak || isSpecial(byte, dialect))) return 'more';
    if (isBreak) {
      const next = byte === CR && view[scanner.index + 1] === LF ? scanner.index + 2 : scanner.index + 1;
      if (scanner.state !== QUOTED && scanner.state !== ESCAPED) return endRow(scanner, next);
      if (scanner.state === ESCAPED) scanner.state = PLAIN;
      breakLine(scanner, next);
    } else if (scanner.state === QUOTED) takeQuoted(scanner, view, byte, dialect);
    else if (isDelimiter(view, scanner.index, dialect)) {
      scanner.index += dialect.delimiter.length;
      scanner.state = START;
    } else if (scanner.state === CLOSED) return 'lost';
    else takePlain(scanner, view, byte, dialect);
  }
  if (!isLast) return 'more';
  return scanner.state === QUOTED ? 'lost' : endRow(scanner, view.length);
}

function isSpecial(byte: number, { quote, escape, delimiter }: DialectBytes): boolean {
  return byte === quote || byte === escape || byte === delimiter[0];
}

function endRow(scanner: RowScanner, next: number): 'row' {
  scanner.next = next;
  return 'row';
}

function breakLine(scanner: RowScanner, next: number): void {
  if (scanner.lineNext === 0) {
    scanner.lineEnd = scanner.index;
    scanner.lineNext = next;
  }
  scanner.breaks++;
  scanner.index = next;
}

function takeQuoted(scanner: RowScanner, view: Buffer, byte: number, dialect: DialectBytes): void {
  const { quote, escape, doublesQuotes } = dialect;
  if (byte === escape && escape !== quote) {
    scanner.index += isBreakAt(view, scanner.index + 1) ? 1 : 2;
  } else if (byte !== quote) scanner.index++;
  else if (doublesQuotes && view[scanner.index + 1] === quote) scanner.index += 2;
  else {
    scanner.state = CLOSED;
    scanner.index++;
  }
}

function isBreakAt(view: Buffer, index: number): boolean {
  return view[index] === LF || view[index] === CR;
}

function takePlain(scanner: RowScanner, view: Buffer, byte: number, dialect: DialectBytes): void {
  const { quote, escape, skipsSpace } = dialect;
  const isAtStart = scanner.state === START;
  if (byte === escape && escape !== quote) {
    const isBreak = isBreakAt(view, scanner.index + 1);
    scanner.state = isBreak ? ESCAPED : PLAIN;
    scanner.index += isBreak ? 1 : 2;
    return;
  }
  if (isAtStart && byte === quote) scanner.state = QUOTED;
  else if (!isAtStart || !skipsSpace || byte !== 0x20) scanner.state = PLAIN;
  scanner.index++;
}

function isDelimiter(view: Buffer, index: number, { delimiter }: DialectBytes): boolean {
  if (view[index] !== delimiter[0]) return false;
  return delimiter.length === 1 || view.compare(delimiter, 0, delimiter.length, index, index + delimiter.length) === 0;
}
