/** Reads what an index holds. A document is identified by its `_id`, as the writer sets it. */
import { UnavailableError } from '../../src/errors.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import type { Held, Remote } from '../../src/records/change.ts';
import type { Document } from '../../src/records/document.ts';
import { requireStatus, type IndexAnswer, type IndexClient } from './open-index-client.ts';

/** Documents may be larger than the records that replace them, so fewer are asked for than are sent. */
const LOOKED_UP = 100;
const PAGE = 250;
const LARGEST_ANSWER = 128 * 1024 * 1024;

export interface Reading {
  readonly client: IndexClient;
  readonly withdrawnField: string | undefined;
}

/** Also sees what no refresh has made visible yet. */
export async function readDocuments(reading: Reading, ids: readonly string[]): Promise<ReadonlyMap<string, Held>> {
  const { client } = reading;
  const held = new Map<string, Held>();
  for (let start = 0; start < ids.length; start += LOOKED_UP) {
    const some = ids.slice(start, start + LOOKED_UP);
    const answer = await client.ask({
      method: 'POST',
      path: '/_mget',
      body: { ids: some },
      maxBytes: LARGEST_ANSWER,
    });
    requireStatus(client, answer, [200], 'documents to be looked up');
    for (const found of listOf(answer.body, 'docs')) {
      if (isJsonObject(getOwn(found, 'error'))) throw incomplete(client);
      if (getOwn(found, 'found') === true) held.set(String(getOwn(found, '_id')), toHeld(reading, found));
    }
  }
  return held;
}

/** In order of the bytes of `_id`. Page by page, so a document that is created meanwhile may be missed. */
export async function* listDocuments(reading: Reading, after: string | undefined): AsyncIterable<readonly Held[]> {
  const { client } = reading;
  await client.ask({ method: 'POST', path: '/_refresh' });
  const key = await findSortKey(client);
  for (let last = after; ;) {
    const answer = await client.ask({
      method: 'POST',
      path: '/_search',
      body: {
        ...{ size: PAGE, sort: [{ [key]: 'asc' }], track_total_hits: false, version: true, seq_no_primary_term: true },
        ...(last === undefined ? {} : { search_after: [last] }),
      },
      maxBytes: LARGEST_ANSWER,
    });
    requireStatus(client, answer, [200], 'documents to be listed');
    const hits = hitsOf(client, answer);
    const held = hits.map((hit) => toHeld(reading, hit));
    if (held.length > 0) yield held;
    if (hits.length < PAGE) return;
    last = held.at(-1)?.id;
  }
}

/** Some servers refuse to sort by `_id`. There the member `id` of the records serves, if it is a keyword. */
async function findSortKey(client: IndexClient): Promise<string> {
  const answer = await client.ask({ method: 'POST', path: '/_search', body: { size: 1, sort: [{ _id: 'asc' }] } });
  if (answer.status === 200) return '_id';
  const other = await client.ask({ method: 'POST', path: '/_search', body: { size: 1, sort: [{ id: 'asc' }] } });
  requireStatus(client, other, [200], `documents to be sorted by _id or by the keyword id (${answer.reason})`);
  return 'id';
}

function hitsOf(client: IndexClient, { body }: IndexAnswer): readonly JsonObject[] {
  const shards = getOwn(body, '_shards');
  const failed = isJsonObject(shards) ? Number(getOwn(shards, 'failed') ?? 0) : 0;
  if (getOwn(body, 'timed_out') === true || failed > 0) throw incomplete(client);
  const hits = getOwn(body, 'hits');
  return isJsonObject(hits) ? listOf(hits, 'hits') : [];
}

function incomplete({ place }: IndexClient): UnavailableError {
  return new UnavailableError(
    'E_TARGET_UNAVAILABLE',
    `Expected ${place} to read from all shards, but some of them failed. It is tried again.`,
  );
}

export function listOf(body: JsonObject, key: string): readonly JsonObject[] {
  const list = getOwn(body, key);
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function toHeld({ withdrawnField }: Reading, found: JsonObject): Held {
  const id = String(getOwn(found, '_id'));
  const remote = toRemote(found);
  const source = getOwn(found, '_source');
  if (!isJsonObject(source)) return { id, state: 'live', remote };
  if (withdrawnField === undefined || getOwn(source, withdrawnField) !== true) {
    return { id, state: 'live', document: source as Document, remote };
  }
  const { [withdrawnField]: _mark, ...document } = source;
  return { id, state: 'gone', document: document as Document, remote };
}

/** What a later change names, so that the server refuses it if another client wrote the document since. */
export function toRemote(found: JsonObject): Remote {
  return {
    seq_no: getOwn(found, '_seq_no'),
    primary_term: getOwn(found, '_primary_term'),
    version: getOwn(found, '_version'),
  };
}
