/** Reads what an InvenioRDM holds: single records, which are current at once, and lists, which lag about a second. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from '../../src/records/change.ts';
import { compareIds } from '../../src/records/compare-ids.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { requireStatus, type Answer, type Client } from './open-client.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Search shows a new record a second or two later. */
export const SEARCH_LAG_MS = 2000;
/** Hits of one request. The product of size and page must not be more than 10,000. */
const PAGE = 1000;
const MOST_HITS = 10_000;
/** Ids in one query: it is sent in the address. */
const IDS_AT_ONCE = 40;
const MOST_QUERY_LENGTH = 4000;

/** A person with a slash in the id can be written, but not read by address, so only search shows it, and later. */
export function isHidden(vocabulary: Vocabulary, id: string): boolean {
  return vocabulary.name === 'names' && id.includes('/');
}

/** Undefined where InvenioRDM has never held the id. `waits`: for search, where only that shows the record. */
export async function readRecord(
  client: Client,
  vocabulary: Vocabulary,
  id: string,
  waits = true,
): Promise<Held | undefined> {
  const answer = requireStatus(await client.ask('GET', vocabulary.itemPath(id)), [200, 404, 410], `the record ${id}`);
  if (answer.status === 200) return toHeld(id, answer.body);
  if (answer.status === 410) return { id, state: 'gone' };
  if (!id.includes('/')) return undefined;
  const find = async (): Promise<Held | undefined> =>
    (await search(client, vocabulary, `id:${quoted(id)}`, 1)).records[0];
  const found = await find();
  if (found !== undefined || !waits || !isHidden(vocabulary, id)) return found;
  await sleep(SEARCH_LAG_MS);
  return find();
}

/** A tombstone of most vocabularies is answered with 200 and nothing but bookkeeping. */
const TOMBSTONE = new Set(['id', 'created', 'updated', 'links', 'revision_id', 'internal_id', '$schema', 'type']);

function toHeld(id: string, body: JsonObject): Held {
  const revision = revisionOf(body);
  const remote = revision === undefined ? {} : { remote: { revision } };
  const isGone = Object.entries(body).every(([key, value]) => TOMBSTONE.has(key) || value === null);
  if (isGone) return { id, state: 'gone', ...remote };
  const { created: _created, updated: _updated, links: _links, revision_id: _revision, ...document } = body;
  return { id, state: 'live', document: { ...document, id }, ...remote };
}

export function revisionOf(body: JsonObject): number | undefined {
  const revision = body['revision_id'];
  return typeof revision === 'number' && Number.isSafeInteger(revision) ? revision : undefined;
}

/** What search shows of these ids. */
export async function findRecords(
  client: Client,
  vocabulary: Vocabulary,
  ids: readonly string[],
): Promise<Map<string, Held>> {
  const found = new Map<string, Held>();
  for (const some of inQueries(ids)) {
    const query = `id:(${some.map(quoted).join(' OR ')})`;
    const { total, records } = await search(client, vocabulary, query, some.length);
    const shown =
      total > records.length ? (await search(client, vocabulary, query, Math.min(total, MOST_HITS))).records : records;
    for (const one of await oncePerId(client, vocabulary, shown)) found.set(one.id, one);
  }
  return found;
}

/**
 * Returns each record once. After a backup was restored, search can hold an old entry of an id as well as the current one.
 * Only the record itself tells which is current, so it is read.
 */
async function oncePerId(client: Client, vocabulary: Vocabulary, sorted: readonly Held[]): Promise<readonly Held[]> {
  const once: Held[] = [];
  for (const [index, one] of sorted.entries()) {
    if (sorted[index - 1]?.id === one.id) continue;
    const current = sorted[index + 1]?.id === one.id ? await readRecord(client, vocabulary, one.id) : one;
    if (current?.state === 'live') once.push(current);
  }
  return once;
}

/** Which of these ids it holds. A record that search does not know yet is asked for by its address, unless `searchOnly`. */
export async function knownIds(
  client: Client,
  vocabulary: Vocabulary,
  ids: readonly string[],
  searchOnly = false,
): Promise<ReadonlySet<string>> {
  const known = new Set((await findRecords(client, vocabulary, ids)).keys());
  for (const id of searchOnly ? [] : ids) {
    if (known.has(id)) continue;
    const held = await readRecord(client, vocabulary, id);
    if (held?.state === 'live') known.add(id);
  }
  return known;
}

function inQueries(ids: readonly string[]): string[][] {
  const queries: string[][] = [];
  let length = MOST_QUERY_LENGTH;
  for (const id of ids) {
    const last = queries.at(-1);
    length += id.length + 6;
    if (last === undefined || last.length >= IDS_AT_ONCE || length > MOST_QUERY_LENGTH) {
      queries.push([id]);
      length = id.length;
    } else last.push(id);
  }
  return queries;
}

interface Hits {
  readonly total: number;
  /** In order of the bytes of the id. */
  readonly records: readonly Held[];
}

async function search(client: Client, vocabulary: Vocabulary, query: string, size: number): Promise<Hits> {
  const path = `${vocabulary.path}?${new URLSearchParams({ q: query, size: String(size) }).toString()}`;
  const answer: Answer = requireStatus(await client.ask('GET', path), [200], `a list of ${vocabulary.name}`);
  const hits = isJsonObject(answer.body['hits']) ? answer.body['hits'] : {};
  const found = Array.isArray(hits['hits']) ? hits['hits'].filter(isJsonObject) : [];
  const records = found.map((hit) => toHeld(String(hit['id']), hit)).toSorted((a, b) => compareIds(a.id, b.id));
  return { total: typeof hits['total'] === 'number' ? hits['total'] : records.length, records };
}

/** The records up to an id: those of a page that is known to hold all of them, or else still to be read. */
interface Slice {
  readonly until: string | undefined;
  readonly known?: readonly Held[];
}

/** Pages that wait in memory. Only records that were stored in descending order of id need more, which are read again. */
const MOST_KNOWN = 4;

/**
 * Everything after `after`, and up to `until` where that is given, in order of the bytes of the id. There is no sort by id,
 * so slices of ids are requested that hold at most one page each: the ids of an arbitrary page show where to cut.
 */
export async function* listRecords(
  client: Client,
  vocabulary: Vocabulary,
  after: string | undefined,
  until?: string,
): AsyncGenerator<readonly Held[]> {
  const slices: Slice[] = [{ until }];
  let from = after;
  for (let slice = slices.at(-1); slice !== undefined; slice = slices.at(-1)) {
    const { known, until: to } = slice;
    const { total, records } =
      known === undefined
        ? await search(client, vocabulary, rangeOf(from, to), PAGE)
        : { total: known.length, records: known };
    if (total > records.length) {
      const mayKeep = slices.filter((one) => one.known !== undefined).length < MOST_KNOWN;
      const more = await slicesOf(client, vocabulary, records, total, mayKeep);
      const smaller = more.filter((one) => one.until !== to);
      // All records of the page have one id, which cannot be: the answer is not a list of this range.
      if (smaller.length === 0) throw new Error(`InvenioRDM gave no usable page for the range ${rangeOf(from, to)}`);
      slices.push(...smaller.toReversed());
      continue;
    }
    slices.pop();
    if (records.length > 0) yield await oncePerId(client, vocabulary, records);
    from = to;
  }
}

/**
 * Cuts a range by a page of it. The hits of a range come in the order in which they were stored. After a load in order of
 * id, a page holds neighbours and says nothing about the rest of the range, so only its own part is cut.
 */
async function slicesOf(
  client: Client,
  vocabulary: Vocabulary,
  page: readonly Held[],
  total: number,
  mayKeep: boolean,
): Promise<readonly Slice[]> {
  const [first, last] = [page[0]?.id, page.at(-1)?.id];
  if (first === undefined || last === undefined) return [];
  const inside = first === last ? 0 : await countRecords(client, vocabulary, first, last);
  const toSlice = (until: string): Slice => ({ until });
  if (inside * 2 >= total) return cutsOf(page, total).map(toSlice);
  if (mayKeep && inside === page.length - 1) return [{ until: first }, { until: last, known: page.slice(1) }];
  return [...new Set([first, ...cutsOf(page, inside), last])].map(toSlice);
}

/** How many records search shows after `after` and up to `until`. */
export async function countRecords(
  client: Client,
  vocabulary: Vocabulary,
  after: string | undefined,
  until: string,
): Promise<number> {
  return (await search(client, vocabulary, rangeOf(after, until), 1)).total;
}

/** Ids that cut `total` records into slices of about two thirds of a page. */
function cutsOf(sample: readonly Held[], total: number): string[] {
  const slices = Math.max(1, Math.ceil(total / (PAGE * 0.67)));
  const cuts = Array.from({ length: slices - 1 }, (_, i) => sample[Math.floor(((i + 1) * sample.length) / slices)]?.id);
  return [...new Set(cuts.filter((id) => id !== undefined))];
}

function rangeOf(from: string | undefined, to: string | undefined): string {
  return `id:{${from === undefined ? '*' : quoted(from)} TO ${to === undefined ? '*}' : `${quoted(to)}]`}`;
}

export function quoted(id: string): string {
  return `"${id.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
