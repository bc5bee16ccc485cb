/** The formats of the file writer, as bytes. Lines end as their formats say: LF, and CRLF in CSV (RFC 4180). */
import { stringify } from 'csv-stringify/sync';
import { InternalError } from '../../src/errors.ts';
import type { Document } from '../../src/records/document.ts';
import type { Encoder } from './encoder.ts';
import { formatOf, type FileArgs } from './file-args.ts';
import { gzipped } from './gzipped.ts';
import { openParquet } from './open-parquet.ts';
import { toYamlItem } from './to-yaml.ts';

export async function createEncoder(args: FileArgs): Promise<Encoder> {
  const encoder = formatOf(args) === 'parquet' ? await openParquet(args) : ofText(createTextEncoder(args));
  return args.compress === undefined ? encoder : gzipped(encoder);
}

interface TextEncoder {
  readonly head: string;
  encode(documents: readonly Document[]): string;
  tail(records: number): string;
}

function ofText({ head, encode, tail }: TextEncoder): Encoder {
  let start = head;
  let records = 0;
  const take = (text: string): Promise<Buffer> => {
    const bytes = Buffer.from(start + text);
    start = '';
    return Promise.resolve(bytes);
  };
  return {
    encode(documents) {
      records += documents.length;
      return take(encode(documents));
    },
    end: () => take(tail(records)),
    close: () => undefined,
  };
}

function createTextEncoder(args: FileArgs): TextEncoder {
  const { columns, escape_formulas: escapesFormulas = false } = args;
  const format = formatOf(args);
  if (format === 'jsonl') return lines((document) => `${JSON.stringify(document)}\n`);
  if (format === 'yaml') return { ...lines(toYamlItem), tail: (records) => (records === 0 ? '[]\n' : '') };
  if (format === 'csv' && columns !== undefined) return csv({ columns, escapesFormulas });
  throw new InternalError('E_INTERNAL', 'Arguments that no encoder accepts passed the check.');
}

interface CsvLayout {
  readonly columns: readonly string[];
  readonly escapesFormulas: boolean;
}

function lines(encodeOne: (document: Document) => string): TextEncoder {
  return { head: '', encode: (documents) => documents.map(encodeOne).join(''), tail: () => '' };
}

/**
 * What needs quotes besides delimiters and quotes: a line break of any kind (RFC 4180 2.6), outer blanks, which some
 * readers drop, a byte order mark, and `sep=`, which Excel reads as an instruction.
 */
const QUOTED = /[\r\n\v\f\u0085\u2028\u2029]|^\s|\s$|^\ufeff|^sep=/i;
/** The first characters of a formula in Excel, LibreOffice and Google Sheets, full-width forms too. */
const FORMULA = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

function csv({ columns, escapesFormulas }: CsvLayout): TextEncoder {
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
