/** A look-up table from a file. Throws ConfigError E_FILE_NOT_FOUND or E_TABLE_INVALID. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { ConfigError, messageOf } from '../../src/errors.ts';
import { isJsonObject } from '../../src/job/json-object.ts';

export type LookUpTable = ReadonlyMap<string, unknown>;

/** A table lies in memory; larger ones belong into a database. */
const MOST_BYTES = 64 * 1024 ** 2;

export function loadTable(written: string): LookUpTable {
  const path = resolve(written);
  const text = readText(path).replace(/^\uFEFF/, '');
  return path.toLowerCase().endsWith('.csv') ? parseCsv(text, path) : parseJson(text, path);
}

function readText(path: string): string {
  let bytes: number;
  try {
    bytes = statSync(path).size;
    if (bytes <= MOST_BYTES)
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (cause) {
    if (cause instanceof TypeError) throw invalid(path, 'it is not in UTF-8', cause);
    throw new ConfigError(
      'E_FILE_NOT_FOUND',
      `The table ${path} cannot be read on this machine: ${messageOf(cause)}.`,
      {
        cause,
        details: { path },
      },
    );
  }
  throw invalid(path, `it has ${String(bytes)} bytes, more than ${String(MOST_BYTES)}`);
}

function parseJson(text: string, path: string): LookUpTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
  if (!isJsonObject(value)) throw invalid(path, 'it holds no JSON object');
  return new Map(Object.entries(value));
}

function parseCsv(text: string, path: string): LookUpTable {
  let rows: string[][];
  try {
    rows = parse(text, { from_line: 2, skip_empty_lines: true });
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
  const table = new Map<string, string>();
  for (const [i, row] of rows.entries()) {
    const [from, to] = row;
    if (from === undefined || to === undefined || row.length !== 2) {
      throw invalid(path, `record ${String(i + 1)} has ${String(row.length)} columns, not 2`);
    }
    const before = table.get(from);
    if (before !== undefined && before !== to) {
      throw invalid(
        path,
        `it gives ${JSON.stringify(from)} two values, ${JSON.stringify(before)} and ${JSON.stringify(to)}`,
      );
    }
    table.set(from, to);
  }
  return table;
}

function invalid(path: string, reason: string, cause?: unknown): ConfigError {
  return new ConfigError('E_TABLE_INVALID', `The table ${path} cannot be used: ${reason}.`, {
    cause,
    details: { path },
  });
}
