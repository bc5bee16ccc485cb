/**
 * Reads a document that is in memory and is itself the record at once. This is the common case in an archive of
 * millions of small files. Other documents are left to records.ts, which gives the same result.
 */
import { isUtf8 } from 'node:buffer';
import { parserCounts } from './record.ts';
import { parseXmlFast } from './fast-parser.ts';
import { keptName } from './names.ts';
import { localName, wantedOf } from './object.ts';
import type { XmlRecordsOptions } from './records.ts';
import { borrowXmlScan, endOfName, isBlank, returnXmlScan, viewBytes, type XmlScan } from './scan.ts';

type ContentOptions = Omit<XmlRecordsOptions, 'name' | 'from' | 'digest' | 'onBlank'>;

/** The value of the one record, or undefined where it takes more to tell. */
export function parseXmlContent(content: Buffer, options: ContentOptions): { readonly value: unknown } | undefined {
  if (content.length > options.maxRecordBytes) return undefined;
  const begin = endOfProlog(content);
  if (begin < 0) return undefined;
  const scan = borrowXmlScan(options);
  try {
    viewBytes(scan, content);
    scan.at = begin;
    return parseRoot(scan, options);
  } finally {
    returnXmlScan(scan);
  }
}

function parseRoot(scan: XmlScan, options: ContentOptions): { readonly value: unknown } | undefined {
  const { bytes } = scan;
  const start = scan.at + 1;
  const end = endOfName(bytes, start);
  if (bytes[scan.at] !== LESS || end === start) return undefined;
  const name = keptName(scan.names, bytes, start, end);
  const element = options.element === undefined ? undefined : localName(options.element);
  const { elements, roots } = wantedOf(options.wanted);
  const isOther = name !== element && roots.has(name);
  if (element !== undefined && name !== element && !isOther) return undefined;
  const value = parseXmlFast(scan, isOther ? undefined : elements);
  if (scan.stop !== 'no' || !isBlank(bytes, scan.at, bytes.length)) return undefined;
  if (!scan.isAscii && !isUtf8(bytes)) return undefined;
  parserCounts.fast++;
  return { value: element === undefined || isOther ? { [name]: value } : value };
}

const LESS = 0x3c;
const QUESTION = 0x3f;
const LONGEST_PROLOG = 256;

/** The prolog of documents in UTF-8. All documents of a source have the same. */
const PROLOG =
  /^<\?xml version="1\.[01]"(?: encoding="[Uu][Tt][Ff]-8")?(?: standalone="(?:yes|no)")? ?\?>[ \t\r\n]*(?=<[A-Za-z_])/;

let knownProlog: Buffer = Buffer.alloc(0);

/** Returns where the root element begins; -1 if something else may come before it. */
function endOfProlog(content: Buffer): number {
  if (content[0] !== LESS) return -1;
  if (content[1] !== QUESTION) return 0;
  const { length } = knownProlog;
  if (length > 0 && length < content.length && content.compare(knownProlog, 0, length, 0, length) === 0) return length;
  const prolog = PROLOG.exec(content.toString('latin1', 0, LONGEST_PROLOG))?.[0];
  if (prolog === undefined) return -1;
  knownProlog = Buffer.from(prolog, 'latin1');
  return prolog.length;
}
