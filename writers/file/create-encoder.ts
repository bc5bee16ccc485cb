/** The three text formats of the file writer. Lines end as their formats say: LF, and CRLF in CSV (RFC 4180). */
import { stringify } from 'csv-stringify/sync';
import { InternalError } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import { toYamlItem } from './to-yaml.ts';

export type FileFormat = 'jsonl' | 'csv' | 'yaml';

export interface Encoder {
  readonly head: string;
  encode(documents: readonly Document[]): string;
  /** After the last document; a file without any must be valid too. */
  tail(records: number): string;
}

export interface CsvLayout {
  readonly columns: readonly string[];
  /** Whether a text that a spreadsheet would calculate gets an apostrophe in front. */
  readonly escapesFormulas: boolean;
}

export function createEncoder(format: FileFormat, layout: CsvLayout | undefined): Encoder {
  switch (format) {
    case 'jsonl':
      return lines((document) => `${JSON.stringify(document)}\n`);
    case 'yaml':
      return { ...lines(toYamlItem), tail: (records) => (records === 0 ? '[]\n' : '') };
    case 'csv':
      if (layout === undefined) throw new InternalError('E_INTERNAL', 'A CSV without columns passed the check.');
      return csv(layout);
  }
}

function lines(encodeOne: (document: Document) => string): Encoder {
  return { head: '', encode: (documents) => documents.map(encodeOne).join(''), tail: () => '' };
}

/**
 * What needs quotes besides delimiters and quotes: a line break of any kind (RFC 4180 2.6), outer blanks, which some
 * readers drop, a byte order mark, and `sep=`, which Excel reads as an instruction.
 */
const QUOTED = /[\r\n\v\f\u0085\u2028\u2029]|^\s|\s$|^\ufeff|^sep=/i;
/** The first characters of a formula in Excel, LibreOffice and Google Sheets, full-width forms too. */
const FORMULA = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

function csv({ columns, escapesFormulas }: CsvLayout): Encoder {
  const toText = (rows: string[][]) =>
    stringify(rows, {
      record_delimiter: '\r\n',
      quoted_match: QUOTED,
      // A blank line is no row to most readers.
      quoted_empty: columns.length === 1,
    });
  const toSafe = (text: string) => (escapesFormulas && FORMULA.test(text) ? `'${text}` : text);
  const toRow = (document: Document) => columns.map((column) => toCell(document, column, toSafe));
  return {
    head: toText([columns.map(toSafe)]),
    encode: (documents) => toText(documents.map(toRow)),
    tail: () => '',
  };
}

/** Text as it is, absent and null as nothing, everything else as JSON. */
function toCell(document: Document, column: string, toSafe: (text: string) => string): string {
  const value = Object.hasOwn(document, column) ? document[column] : undefined;
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? toSafe(value) : JSON.stringify(value);
}
