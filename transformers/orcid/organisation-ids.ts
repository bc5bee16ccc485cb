/** Which affiliation an organisation of ORCID is: by its ROR id, or by a table that the operator gives for other ids. */
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { placeInCsv, readTableFile, tableInvalid } from '../../src/job/table-file.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';
import type { OrcidArgs } from './orcid-args.ts';

/** The id of the affiliation for an identifier of a scheme. */
export type FindAffiliation = (scheme: string, identifier: string) => string | undefined;

/** Throws ConfigError if the file cannot be read or is not a table. */
export function createFindAffiliation(args: OrcidArgs): FindAffiliation {
  const table = new Map<string, string>();
  for (const path of tableFiles(args)) {
    for (const [scheme, id, affiliation] of readRows(path)) table.set(keyOf(scheme, id), affiliation);
  }
  for (const [scheme, ids] of Object.entries(args.org_id_to_affiliation_id ?? {})) {
    for (const [id, affiliation] of Object.entries(ids)) table.set(keyOf(scheme, id), affiliation);
  }
  return (scheme, identifier) =>
    table.get(keyOf(scheme, identifier)) ?? (scheme.toUpperCase() === 'ROR' ? toBareRorId(identifier) : undefined);
}

export function tableFiles(args: OrcidArgs): readonly string[] {
  const file = args.org_id_to_affiliation_id_file;
  return file === undefined ? [] : [resolve(file)];
}

/** A scheme holds no line break. */
function keyOf(scheme: string, identifier: string): string {
  return `${scheme.toUpperCase()}\n${identifier}`;
}

type Row = readonly [scheme: string, id: string, affiliation: string];

const HEADER = 'org_scheme,org_id,aff_id';

/** With or without the header that InvenioRDM's own mapping has. */
function readRows(path: string): readonly Row[] {
  const rows = parseCsv(path);
  const body = rows[0]?.join() === HEADER ? rows.slice(1) : rows;
  return body.map((row, i) => {
    const [scheme = '', id = '', affiliation = ''] = row;
    if (row.length === 3 && scheme !== '' && id !== '' && affiliation !== '') return [scheme, id, affiliation];
    const found = row.length === 3 ? 'lacks a value' : `has ${String(row.length)}`;
    throw tableInvalid(path, `expected the columns ${HEADER}, but record ${String(i + 1)} ${found}`);
  });
}

function parseCsv(path: string): readonly (readonly string[])[] {
  const text = readTableFile(path);
  try {
    return parse(text, { trim: true, skip_empty_lines: true, relax_column_count: true });
  } catch (cause) {
    throw tableInvalid(path, placeInCsv(cause));
  }
}
