/**
 * The published mapping from the PICs of the European Commission to ROR ids: a CSV with the columns `pic`, `ror_id` and
 * `confidence`. Rows without one of the two ids are passed over. Throws ConfigError.
 */
import { parse } from 'csv-parse/sync';
import { placeInCsv, readTableFile, tableInvalid } from '../../src/job/table-file.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';

const COLUMNS = ['pic', 'ror_id', 'confidence'] as const;

type Row = Readonly<Partial<Record<string, string>>>;

/** `accepted`: the values of `confidence` that count. */
export function loadPicMapping(path: string, accepted: readonly string[]): ReadonlyMap<string, string> {
  const mapping = new Map<string, string>();
  for (const { pic, ror_id: ror, confidence } of readRows(path)) {
    if (pic === undefined || pic === '' || ror === undefined || ror === '') continue;
    if (!accepted.includes(confidence ?? '')) continue;
    const id = toBareRorId(ror);
    if (id === undefined)
      throw tableInvalid(path, `it gives the PIC ${pic} ${JSON.stringify(ror)}, which is no ROR id`);
    mapping.set(pic, id);
  }
  if (mapping.size === 0) throw tableInvalid(path, `no row has a confidence of ${accepted.join(', ')}`);
  return mapping;
}

function readRows(path: string): readonly Row[] {
  const text = readTableFile(path);
  let header: readonly string[] = [];
  const keepHeader = (names: string[]): string[] => {
    header = names;
    return names;
  };
  let rows: Row[];
  try {
    rows = parse(text, { columns: keepHeader, skip_empty_lines: true, trim: true });
  } catch (cause) {
    throw tableInvalid(path, placeInCsv(cause));
  }
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length === 0) return rows;
  throw tableInvalid(path, `expected the columns ${COLUMNS.join(', ')}, but ${missing.join(' and ')} is not there`);
}
