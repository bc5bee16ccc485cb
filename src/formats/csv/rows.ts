/**
 * Yields the rows of a table as bytes. Memory is bounded by one row. A row with unbalanced quotes loses only its first
 * line, because a quote that is never closed would otherwise consume the following rows. A row that is too long loses
 * only itself.
 */
import type { CodeOf } from '../../error-codes.ts';
import type { ByteWindow } from '../bytes/byte-window.ts';
import { createRowScanner, scanRow, type DialectBytes } from './row-scan.ts';
import { fill } from '../json/open-json.ts';
import { RAW_BYTES } from '../json/record.ts';

export interface CsvRow {
  /** The row without its line break; if it cannot be read, its beginning. */
  readonly bytes: Buffer;
  /** The line number, from 1. */
  readonly line: number;
  readonly byte: number;
  readonly fault?: { readonly code: CodeOf<'record'>; readonly reason: string };
}

export interface CsvRowsOptions {
  readonly dialect: DialectBytes;
  readonly maxRecordBytes: number;
  /** The number of the first line. */
  readonly line: number;
}

/** More bytes than a line break, a doubled quote or a delimiter has. */
const LOOKAHEAD = 8;

/** Blank lines are skipped. */
export async function* readCsvRows(
  window: ByteWindow,
  options: CsvRowsOptions,
): AsyncGenerator<CsvRow, void, undefined> {
  const { dialect, maxRecordBytes } = options;
  let { line } = options;
  let isLast = false;
  for (;;) {
    const scanner = createRowScanner();
    const byte = window.offset;
    let result = scanRow(scanner, window.view, dialect, isLast);
    while (result === 'more' && window.view.length <= maxRecordBytes + LOOKAHEAD) {
      isLast = !(await window.more());
      result = scanRow(scanner, window.view, dialect, isLast);
    }
    if (window.view.length === 0) return;
    if (result === 'row' && scanner.index <= maxRecordBytes) {
      const bytes = Buffer.from(window.view.subarray(0, scanner.index));
      window.advance(scanner.next);
      if (bytes.length > 0) yield { bytes, line, byte };
      line += 1 + scanner.breaks;
    } else if (scanner.lineNext > 0 && scanner.lineEnd <= maxRecordBytes) {
      const bytes = Buffer.from(window.view.subarray(0, Math.min(scanner.lineEnd, RAW_BYTES)));
      window.advance(scanner.lineNext);
      yield { bytes, line, byte, fault: unbalanced(result === 'lost' && scanner.index <= maxRecordBytes) };
      line += 1;
    } else {
      await fill(window, RAW_BYTES);
      const bytes = Buffer.from(window.view.subarray(0, RAW_BYTES));
      const end = await skipLine(window);
      isLast ||= end.isLast;
      const isUnbalanced = result === 'lost' && scanner.index <= maxRecordBytes;
      const fault = isUnbalanced ? unbalanced(true) : tooLarge(maxRecordBytes);
      yield { bytes: bytes.subarray(0, Math.min(end.length, RAW_BYTES)), line, byte, fault };
      line += 1;
    }
  }
}

/** Returns the length of the line without its line break. */
async function skipLine(window: ByteWindow): Promise<{ readonly length: number; readonly isLast: boolean }> {
  let length = 0;
  let isLast = false;
  for (;;) {
    const { view } = window;
    const end = view.findIndex((byte) => byte === 0x0a || byte === 0x0d);
    if (end < 0) {
      length += view.length;
      window.advance(view.length);
      if (await window.more()) continue;
      return { length, isLast: true };
    }
    length += end;
    if (view[end] === 0x0d && view.length === end + 1) {
      window.advance(end);
      isLast = !(await window.more());
      window.advance(window.view[1] === 0x0a ? 2 : 1);
    } else window.advance(view[end] === 0x0d && view[end + 1] === 0x0a ? end + 2 : end + 1);
    return { length, isLast };
  }
}

function unbalanced(isCertain: boolean): NonNullable<CsvRow['fault']> {
  const reason = isCertain
    ? 'a quote in it is not closed, or stands within a cell'
    : 'a quote in it is not closed within max_record_bytes';
  return { code: 'E_RECORD_SYNTAX', reason };
}

function tooLarge(most: number): NonNullable<CsvRow['fault']> {
  return { code: 'E_RECORD_TOO_LARGE', reason: `it has more than max_record_bytes, ${String(most)} bytes` };
}
