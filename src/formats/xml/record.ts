/** One record in the view: read by the fast parser, else by the strict one, else given up with its reason. */
import { isUtf8 } from 'node:buffer';
import { parseXmlFast, skipXmlFast } from './fast-parser.ts';
import { XmlFault } from './fault.ts';
import { findElementEnd } from './element-end.ts';
import type { WantedElements } from './object.ts';
import { textOf, type XmlScan } from './scan.ts';
import { parseXmlStrictly } from './strict-parser.ts';
import type { XmlView } from './view.ts';

export interface XmlRecordReading {
  readonly view: XmlView;
  readonly scan: XmlScan;
  readonly wanted: WantedElements | undefined;
  readonly maxRecordBytes: number;
}

/** Which of the parsers read records, for those who measure. */
export interface XmlParserCounts {
  fast: number;
  strict: number;
}

export const parserCounts: XmlParserCounts = { fast: 0, strict: 0 };

/** The record that begins at `scan.at` was cut off by the end of the document. */
export class XmlCutOff extends Error {}

/**
 * Returns the value and moves `scan.at` to its end. Throws XmlFault, with `scan.at` at the start of the record, or
 * XmlCutOff.
 */
export async function readXmlRecord(reading: XmlRecordReading, isWanted: boolean): Promise<unknown> {
  const { scan } = reading;
  for (;;) {
    const start = scan.at;
    const value = readFast(reading, isWanted);
    const end = scan.at;
    scan.at = start;
    if (scan.stop === 'no' && isTextIn(scan, start, end)) {
      refuseLarge(reading, end - start, end);
      parserCounts.fast++;
      scan.at = end;
      return value;
    }
    if (scan.stop !== 'more') return readStrictly(reading, isWanted);
    await needMore(reading);
  }
}

function readFast({ scan, wanted }: XmlRecordReading, isWanted: boolean): unknown {
  if (isWanted) return parseXmlFast(scan, wanted);
  skipXmlFast(scan);
  return undefined;
}

function isTextIn(scan: XmlScan, start: number, end: number): boolean {
  return scan.isAscii || isUtf8(scan.bytes.subarray(start, end));
}

async function readStrictly(reading: XmlRecordReading, isWanted: boolean): Promise<unknown> {
  const { scan, view } = reading;
  let end = findElementEnd(textOf(scan), scan.at, scan.limits, view.offsetOf(0));
  while (end === 'more') {
    await needMore(reading);
    end = findElementEnd(textOf(scan), scan.at, scan.limits, view.offsetOf(0));
  }
  refuseLarge(reading, end - scan.at, end);
  const value = isWanted ? parseKnown(reading, end) : undefined;
  parserCounts.strict++;
  scan.at = end;
  return value;
}

/** Whatever is wrong with it, it is known where it ends. */
function parseKnown({ scan, wanted }: XmlRecordReading, end: number): unknown {
  const slice = scan.bytes.subarray(scan.at, end);
  try {
    if (isUtf8(slice)) return parseXmlStrictly(slice.toString('latin1'), wanted);
    throw new XmlFault('E_XML_ENCODING', 'it holds bytes that are not UTF-8, which is its encoding');
  } catch (error) {
    if (error instanceof XmlFault) error.behind = end;
    throw error;
  }
}

async function needMore(reading: XmlRecordReading): Promise<void> {
  refuseLarge(reading, reading.scan.bytes.length - reading.scan.at);
  if (!(await reading.view.more())) throw new XmlCutOff();
}

function refuseLarge({ maxRecordBytes }: XmlRecordReading, bytes: number, behind?: number): void {
  if (bytes <= maxRecordBytes) return;
  const fault = new XmlFault(
    'E_RECORD_TOO_LARGE',
    `it has more than max_record_bytes, ${String(maxRecordBytes)} bytes`,
  );
  fault.behind = behind;
  throw fault;
}
