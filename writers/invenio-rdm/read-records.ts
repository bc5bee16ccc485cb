/** Reads what an InvenioRDM holds: single records, which are current at once, and lists, which lag about a second. */
import type { Held } from '../../src/records/change.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { requireStatus, type Answer, type Client } from './open-client.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Hits of one request. The product of size and page must not be more than 10,000. */
const PAGE = 1000;
/** Ids in one query: it is sent in the address. */
const IDS_AT_ONCE = 40;
const MOST_QUERY_LENGTH = 4000;

/** Undefined where InvenioRDM has never held the id. */
export async function readRecord(client: Client, vocabulary: Vocabulary, id: string): Promise<Held | undefined> {
  const answer = requireStatus(await client.ask('GET', vocabulary.itemPath(id)), [200, 404, 410], `the record ${id}`);
  if (answer.status === 200) return toHeld(id, answer.body);
  if (answer.status === 410) return { id, state: 'gone' };
  // A person with a slash in the id can be written and not be read by address, so only search knows of it, a second later.
  if (!id.includes('/')) return undefined;
  const hits = await search(client, vocabulary, `id:${quoted(id)}`, 1);
  return hits.records[0];
}

/** A tombstone of most vocabularies is answered with 200 and nothing but bookkeeping. */
const TOMBSTONE = new Set(['id', 'created', 'updated', 'links', 'revision_id', 'internal_id', '$schema', 'type']);

export function toHeld(id: string, body: JsonObject): Held {
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

/** Which of these ids it holds. A record that search does not know yet is asked for by its address. */
export async function knownIds(
  client: Client,
  vocabulary: Vocabulary,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const some of inQueries(ids)) {
    const { records } = await search(client, vocabulary, `id:(${some.map(quoted).join(' OR ')})`, some.length);
    for (const { id } of records) known.add(id);
  }
  for (const id of ids) {
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

/**
 * Everything after `after`, in order of the bytes of the id. There is no sort by id, so slices of ids are asked for that
 * hold at most one page each: the ids of an arbitrary page say where to cut.
 */
export async function* listRecords(
  client: Client,
  vocabulary: Vocabulary,
  after: string | undefined,
): AsyncGenerator<readonly Held[]> {
  const cuts: (string | undefined)[] = [undefined];
  let from = after;
  while (cuts.length > 0) {
    const to = cuts.at(-1);
    const { total, records } = await search(client, vocabulary, rangeOf(from, to), PAGE);
    if (total > records.length) {
      const more = cutsOf(records, total).filter((cut) => cut !== to);
      // All records of the page have one id, which cannot be: the answer is not a list of this range.
      if (more.length === 0) throw new Error(`InvenioRDM gave no usable page for the range ${rangeOf(from, to)}`);
      cuts.push(...more.toReversed());
      continue;
    }
    cuts.pop();
    if (records.length > 0) yield records;
    from = to;
  }
}

/** Ids that cut `total` records into slices of about two thirds of a page. */
function cutsOf(sample: readonly Held[], total: number): string[] {
  const slices = Math.max(2, Math.ceil(total / (PAGE * 0.67)));
  const cuts = Array.from({ length: slices - 1 }, (_, i) => sample[Math.floor(((i + 1) * sample.length) / slices)]?.id);
  return [...new Set(cuts.filter((id) => id !== undefined))];
}

function rangeOf(from: string | undefined, to: string | undefined): string {
  return `id:{${from === undefined ? '*' : quoted(from)} TO ${to === undefined ? '*}' : `${quoted(to)}]`}`;
}

function quoted(id: string): string {
  return `"${id.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** As PostgreSQL with collation C and OpenSearch order them: by the bytes in UTF-8. */
export function compareIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
