/** What the list says of the records that are not older than `since`: sorted by time, newest first, unless it is not. */
import type { Warning } from '../../src/component/reader.ts';
import type { ModifiedRecord } from './read-last-modified.ts';

/** Older rows that are looked at before the rest is taken for older too: a list in another order shows it here. */
const LOOK_AHEAD = 1000;

/** Where the list is not sorted nothing tells where the newer ones end, and it is read to its end with a warning. */
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

/** The newest record of the rows that have to be read to know whether there is one that is not older than `since`. */
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
