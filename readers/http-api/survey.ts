/** Summarises the pages of a list: how many items they have, and whether the list changed while it was read. */
import type { ReadContext } from '../../src/component/reader.ts';
import type { Resource } from '../../src/component/resource.ts';
import { createDigestSet } from '../../src/records/digest-set.ts';
import type { ApiArgs } from './api-args.ts';
import { readPages, type PageHeader } from './page-file.ts';

export interface Survey {
  readonly count: number;
  /** The total in the last answer. */
  readonly total: number | undefined;
  /** The digest of all items, in hex. */
  readonly digest: string;
  /** Items with an id. */
  readonly identified: number;
  /** Items whose id came before. */
  readonly twice: number;
  /** Why the list changed or is incomplete, to complete "…: ". Undefined if nothing indicates it. */
  readonly fault: string | undefined;
}

/** Bytes of an id in a page. */
const ID_BYTES = 8;
/** 53 MB of memory. In a longer list, ids are compared within this many items. */
const MOST_IDS = 5_000_000;

export async function surveyPages(
  input: Resource,
  args: Pick<ApiArgs, 'id' | 'total_is'>,
  context: Pick<ReadContext, 'signal' | 'warn'>,
): Promise<Survey> {
  const { identified, totals, last } = await countPages(input, context);
  const { twice, page } = await countTwice(input, identified, context);
  const count = last === undefined ? 0 : last.first + last.count;
  const { total } = last ?? {};
  const faults = [
    ...(twice > 0
      ? [`${counted(twice, args.id === undefined ? 'item' : 'id')} came twice, first on page ${String(page)}`]
      : []),
    ...(args.total_is === 'estimate' ? [] : totalFaults(totals, count, total)),
  ];
  return {
    count,
    total,
    digest: last?.digest ?? '',
    identified,
    twice,
    fault: faults.length === 0 ? undefined : faults.join('; '),
  };
}

function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

function totalFaults(totals: readonly number[], count: number, total: number | undefined): string[] {
  if (total !== undefined && total !== count)
    return [`it reports ${String(total)} items, and its pages have ${String(count)}`];
  return totals.length > 1 ? [`the number of items that it reports changed from ${totals.join(' to ')}`] : [];
}

const MOST_TOTALS = 5;

async function countPages(input: Resource, context: Pick<ReadContext, 'signal' | 'warn'>) {
  let identified = 0;
  let last: PageHeader | undefined;
  const totals: number[] = [];
  for await (const { header } of readPages(input, context)) {
    if (header === undefined) continue;
    identified += idsOf(header).length / ID_BYTES;
    const { total } = header;
    if (total !== undefined && total !== totals.at(-1) && totals.length < MOST_TOTALS) totals.push(total);
    last = header;
  }
  return { identified, totals, last };
}

async function countTwice(input: Resource, identified: number, context: Pick<ReadContext, 'signal' | 'warn'>) {
  const size = Math.min(identified, MOST_IDS);
  let seen = createDigestSet(size);
  let held = 0;
  let twice = 0;
  let first = 0;
  let number = 0;
  for await (const { header } of readPages(input, context)) {
    number++;
    const ids = header === undefined ? Buffer.alloc(0) : idsOf(header);
    for (let i = 0; i < ids.length; i += ID_BYTES) {
      const [a, b] = [ids.readInt32LE(i), ids.readInt32LE(i + 4)];
      if (seen.has(a, b, 0, 0)) {
        twice++;
        if (first === 0) first = number;
        continue;
      }
      if (held++ === size) {
        seen = createDigestSet(size);
        held = 1;
      }
      seen.add(a, b, 0, 0);
    }
  }
  return { twice, page: first };
}

function idsOf({ ids }: PageHeader): Buffer {
  return Buffer.from(ids, 'base64');
}
