/**
 * Counts the records of an InvenioRDM that refer to records of a vocabulary, by its search. Search shows the latest
 * published version of each record that the owner of the token may see; drafts are not in it.
 */
import type { ChangesContext, CountReferences, ReferenceCounts } from '../../src/component/writer.ts';
import type { CitingRecord } from '../../src/records/impact.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import type { InvenioArgs } from './invenio-args.ts';
import { openClient, requireStatus, type Client } from './open-client.ts';
import { quoted } from './read-records.ts';

const AFFILIATED = ['metadata.creators.affiliations.id', 'metadata.contributors.affiliations.id'];
/** A record keeps a person with the ORCID iD, which is the id in the vocabulary of names, and no reference to it. */
const IDENTIFIED = [
  'metadata.creators.person_or_org.identifiers.identifier',
  'metadata.contributors.person_or_org.identifiers.identifier',
];

/** Where the index of records holds the id, by vocabulary. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  affiliations: AFFILIATED,
  funders: ['metadata.funding.funder.id'],
  awards: ['metadata.funding.award.id'],
  subjects: ['metadata.subjects.id'],
  names: IDENTIFIED,
};

/** Servers refuse a longer line of a request; 4,094 bytes are a common limit. */
const MOST_QUERY_BYTES = 3500;

/** Undefined where records do not refer to the vocabulary. */
export function countReferencesIn(
  { url, token, vocabulary }: InvenioArgs,
  context: ChangesContext,
): CountReferences | undefined {
  const fields = Object.hasOwn(FIELDS, vocabulary) ? FIELDS[vocabulary] : undefined;
  if (fields === undefined) return undefined;
  const client = openClient({ url, token, ...context });
  return async (ids, { examples, onProgress }): Promise<ReferenceCounts> => {
    const byId = new Map<string, { records: number; first: readonly CitingRecord[] }>();
    const groups = inQueries(ids, fields);
    let [records, done, cited] = [0, 0, 0];
    for (const group of groups) {
      // For most ids, one request shows that nothing refers to them.
      const { total } = await search(client, queryOf(group, fields), 1);
      if (total > 0) {
        cited += 1;
        records += total;
        for (const id of group) {
          const one = await search(client, queryOf([id], fields), examples);
          if (one.total > 0) byId.set(id, { records: one.total, first: one.first });
          onProgress((done += 1));
        }
      } else onProgress((done += group.length));
    }
    return { records, isExact: cited < 2, byId };
  };
}

function queryOf(ids: readonly string[], fields: readonly string[]): string {
  const wanted = ids.length === 1 ? quoted(ids[0] ?? '') : `(${ids.map(quoted).join(' OR ')})`;
  return fields.map((field) => `${field}:${wanted}`).join(' OR ');
}

function inQueries(ids: readonly string[], fields: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const id of ids) {
    const last = groups.at(-1);
    const isFull = last === undefined || pathOf(queryOf([...last, id], fields), 1).length > MOST_QUERY_BYTES;
    if (isFull) groups.push([id]);
    else last.push(id);
  }
  return groups;
}

async function search(
  client: Client,
  query: string,
  size: number,
): Promise<{ readonly total: number; readonly first: readonly CitingRecord[] }> {
  const answer = requireStatus(await client.ask('GET', pathOf(query, size)), [200], 'a list of records');
  const hits = isJsonObject(answer.body['hits']) ? answer.body['hits'] : {};
  const { total, hits: found } = hits;
  if (typeof total !== 'number' || !Array.isArray(found)) throw new Error('InvenioRDM gave no number of records');
  return { total, first: found.filter(isJsonObject).slice(0, size).map(toCiting) };
}

function pathOf(query: string, size: number): string {
  return `records?${new URLSearchParams({ q: query, size: String(size), sort: 'newest' }).toString()}`;
}

function toCiting(hit: JsonObject): CitingRecord {
  const metadata = isJsonObject(hit['metadata']) ? hit['metadata'] : {};
  const links = isJsonObject(hit['links']) ? hit['links'] : {};
  const { title } = metadata;
  const { self_html: url } = links;
  return {
    title: typeof title === 'string' ? title : String(hit['id']),
    ...(typeof url === 'string' ? { url } : {}),
  };
}
