/** A look-up table from a file. Throws ConfigError E_FILE_NOT_FOUND or E_TABLE_INVALID. */
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parseJsonExactly } from '../../src/formats/json/exact-numbers.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { placeInCsv, placeInJson, readTableFile, tableInvalid } from '../../src/job/table-file.ts';

export type LookUpTable = ReadonlyMap<string, unknown>;

export function loadTable(written: string): LookUpTable {
  const path = resolve(written);
  const text = readTableFile(path);
  return path.toLowerCase().endsWith('.csv') ? parseCsv(text, path) : parseJson(text, path);
}

function parseJson(text: string, path: string): LookUpTable {
  let value: unknown;
  try {
    value = parseJsonExactly(text);
  } catch (cause) {
    throw tableInvalid(path, placeInJson(text, cause));
  }
  if (!isJsonObject(value)) throw tableInvalid(path, 'it holds no JSON object');
  return new Map(Object.entries(value));
}

function parseCsv(text: string, path: string): LookUpTable {
  let rows: string[][];
  try {
    rows = parse(text, { from_line: 2, skip_empty_lines: true });
  } catch (cause) {
    throw tableInvalid(path, placeInCsv(cause));
  }
  const table = new Map<string, string>();
  for (const [i, row] of rows.entries()) {
    const [from, to] = row;
    if (from === undefined || to === undefined || row.length !== 2) {
      throw tableInvalid(path, `record ${String(i + 1)} has ${String(row.length)} columns, not 2`);
    }
    const before = table.get(from);
    if (before !== undefined && before !== to) {
      throw tableInvalid(path, `record ${String(i + 1)} gives a second value for a key that an earlier record has`);
    }
    table.set(from, to);
  }
  return table;
}
