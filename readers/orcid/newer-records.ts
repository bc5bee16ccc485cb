/** The records of the list that are not older than `since`. */
import type { Warning } from '../../src/component/reader.ts';
import type { ModifiedRecord } from './read-last-modified.ts';

/**
 * Stops at the first older one, as the list is sorted by time, newest first. Where it turns out not to be, nothing tells
 * where the newer ones end, and it is read to its end with a warning.
 */
export async function* newerRecords(
  list: AsyncIterable<ModifiedRecord>,
  since: Date | undefined,
  warn: (warning: Warning) => void,
): AsyncGenerator<ModifiedRecord, void, undefined> {
  let before: ModifiedRecord | undefined;
  let isSorted = true;
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
    else if (isSorted) return;
  }
}
