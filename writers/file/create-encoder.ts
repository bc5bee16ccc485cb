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

export function createEncoder(format: FileFormat, columns: readonly string[] | undefined): Encoder {
  switch (format) {
    case 'jsonl':
      return lines((document) => `${JSON.stringify(document)}\n`);
    case 'yaml':
      return { ...lines(toYamlItem), tail: (records) => (records === 0 ? '[]\n' : '') };
    case 'csv':
      if (columns === undefined) throw new InternalError('E_INTERNAL', 'A CSV without columns passed the check.');
      return csv(columns);
  }
}

function lines(encodeOne: (document: Document) => string): Encoder {
  return { head: '', encode: (documents) => documents.map(encodeOne).join(''), tail: () => '' };
}

function csv(columns: readonly string[]): Encoder {
  const toText = (rows: string[][]) => stringify(rows, { record_delimiter: 'windows' });
  return {
    head: toText([[...columns]]),
    encode: (documents) => toText(documents.map((document) => columns.map((column) => toCell(document, column)))),
    tail: () => '',
  };
}

/** Text as it is, absent and null as nothing, everything else as JSON. */
function toCell(document: Document, column: string): string {
  const value = Object.hasOwn(document, column) ? document[column] : undefined;
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
