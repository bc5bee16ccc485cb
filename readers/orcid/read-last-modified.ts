/**
 * The list of ORCID's public data sync, `last_modified.csv.tar`: in spite of its name a packed tar with one CSV member.
 *
 *   orcid,path,date_created,last_modified
 *   0000-0002-1825-0097,http://orcid.org/0000-0002-1825-0097,2012-…,2024-01-02 20:07:05.186
 *
 * Newest first; times are UTC, with a fraction of 0 to 6 digits. 20 million rows: they are read as a stream.
 */
import type { Warning } from '../../src/component/reader.ts';
import { SourceError } from '../../src/errors.ts';
import { scanTar } from '../../src/formats/tar/scan.ts';
import { streamTar, type TarBytes } from '../../src/formats/tar/bytes.ts';
import { tarTruncated } from '../../src/formats/tar/error.ts';

export interface ModifiedRecord {
  readonly id: string;
  readonly lastModified: Date;
}

export interface ListOptions {
  readonly name: string;
  readonly signal: AbortSignal;
  warn(warning: Warning): void;
}

const HEADER = 'orcid,path,date_created,last_modified';
const ID = /^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/;
const TIME = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?$/;
const LINE_FEED = 0x0a;
/** A row has about 100 bytes; a list without line ends is no list. */
const LONGEST_ROW = 4096;

/** The rows in their order. Throws SourceError for a row that cannot be understood: skipping it would lose a record. */
export async function* readLastModified(
  source: AsyncIterable<Buffer>,
  options: ListOptions,
): AsyncGenerator<ModifiedRecord, void, undefined> {
  const { name, signal, warn } = options;
  const bytes = await streamTar(source, name, { total: undefined, maxRatio: 1000 });
  let found = 0;
  try {
    for await (const member of scanTar(bytes, { archive: name, signal, warn })) {
      if (member.kind !== 'file' || !member.name.endsWith('.csv')) continue;
      found += 1;
      let row = 0;
      for await (const line of readLines(bytes, member.offset + member.bytes, options)) {
        row += 1;
        if (row === 1) requireHeader(line, name);
        else if (line !== '') yield toRecord(line, row, name);
      }
    }
  } finally {
    await bytes.close();
  }
  if (found === 0) throw unexpected(name, 'it has no .csv member');
}

async function* readLines(
  bytes: TarBytes,
  end: number,
  { name, signal }: ListOptions,
): AsyncGenerator<string, void, undefined> {
  while (bytes.offset < end) {
    signal.throwIfAborted();
    const view = bytes.view.subarray(0, end - bytes.offset);
    const stop = view.indexOf(LINE_FEED);
    if (stop >= 0 || bytes.offset + view.length === end) {
      const length = stop < 0 ? view.length : stop;
      const line = view.toString('latin1', 0, length).replace(/\r$/, '');
      bytes.advance(stop < 0 ? length : length + 1);
      yield line;
    } else if (view.length > LONGEST_ROW) {
      throw unexpected(name, `it has a row of more than ${String(LONGEST_ROW)} bytes`);
    } else if (!(await bytes.more())) {
      throw tarTruncated(name, bytes.offset, 'it ends in the middle of its list');
    }
  }
}

function requireHeader(line: string, name: string): void {
  if (line.replace(/^ï»¿/, '') !== HEADER) {
    throw unexpected(name, `its first row is ${JSON.stringify(line.slice(0, 80))} and not ${JSON.stringify(HEADER)}`);
  }
}

function toRecord(line: string, row: number, name: string): ModifiedRecord {
  const cells = line.split(',');
  const id = cells[0] ?? '';
  const time = TIME.exec(cells[3] ?? '');
  const lastModified =
    time === null ? new Date(NaN) : new Date(`${time[1] ?? ''}T${time[2] ?? ''}.${fraction(time[3])}Z`);
  if (cells.length !== 4 || !ID.test(id) || Number.isNaN(lastModified.getTime())) {
    const found = JSON.stringify(line.slice(0, 120));
    throw unexpected(name, `row ${String(row)} should be an ORCID iD, its address and two times, but it is ${found}`);
  }
  return { id, lastModified };
}

/** Rounded up: a record of the same millisecond as `since` is rather read twice than never. */
function fraction(digits = '0'): string {
  return digits.padEnd(3, '0').slice(0, 3);
}

function unexpected(name: string, fault: string): SourceError {
  return new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${name} should be a packed tar with the list of changed ORCID records, but ${fault}. Report it to ORCID; nothing was read.`,
    { details: { resource: name } },
  );
}

/** How many older rows are read before the rest is assumed to be older. An unsorted list shows itself within them. */
const LOOK_AHEAD = 1000;

/**
 * Yields the records of the list that are not older than `since`. A list that is not sorted by time, newest first, is read to
 * its end with a warning.
 */
export async function* newerRecords(
  list: AsyncIterable<ModifiedRecord>,
  since: Date | undefined,
  warn: (warning: Warning) => void,
): AsyncGenerator<ModifiedRecord, void, undefined> {
  let before: ModifiedRecord | undefined;
  let isSorted = true;
  let older = 0;
  for await (const record of list) {
    if (isSorted && before !== undefined && record.lastModified > before.lastModified) {
      isSorted = false;
      warn({
        code: 'W_ORCID_LIST_UNSORTED',
        message: `The list of changed records is not sorted: ${record.id} (${record.lastModified.toISOString()}) stands behind ${before.id} (${before.lastModified.toISOString()}). All of it is read.`,
      });
    }
    before = record;
    if (since === undefined || record.lastModified >= since) yield record;
    else if (isSorted && ++older > LOOK_AHEAD) return;
  }
}

/** Returns the newest record of the rows that must be read to find out whether any is not older than `since`. */
export async function newestRecord(
  list: AsyncIterable<ModifiedRecord>,
  since: Date | undefined,
): Promise<ModifiedRecord | undefined> {
  let newest: ModifiedRecord | undefined;
  let before: ModifiedRecord | undefined;
  let isSorted = true;
  let rows = 0;
  for await (const record of list) {
    if (newest === undefined || record.lastModified > newest.lastModified) newest = record;
    if (before !== undefined && record.lastModified > before.lastModified) isSorted = false;
    before = record;
    if (since === undefined || record.lastModified >= since || (isSorted && ++rows > LOOK_AHEAD)) break;
  }
  return newest;
}
