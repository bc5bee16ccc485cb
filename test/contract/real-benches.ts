/** The real servers of this machine, where environment variables name them, as targets of the tests. */
import { randomBytes } from 'node:crypto';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { startRelay } from '../support/kill-relay.ts';
import { realSearchServers, realSolrServer } from '../support/real-search.ts';
import type { ChangesBench, ChangesTarget } from './changes-benches.ts';

export function realTargets(): readonly (readonly [string, ChangesTarget & { readonly type: string }])[] {
  const lacks = ['cut', 'http'] as const;
  const indexes = realSearchServers().flatMap(({ type, url }) =>
    url === undefined ? [] : [[`${type} (real)`, { type, lacks, start: () => openIndex(url) }] as const],
  );
  const solr = realSolrServer();
  const collections =
    solr === undefined ? [] : [['solr (real)', { type: 'solr', lacks, start: () => openCollection(solr) }] as const];
  return [...indexes, ...collections];
}

async function ask(url: string, method: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok && response.status !== 404) throw new Error(`${method} ${url}: ${String(response.status)} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

async function tell(...asked: Parameters<typeof ask>): Promise<void> {
  await ask(...asked);
}

const document = (id: string, name: string): Document => ({ id, name });

function refuse(): never {
  throw new Error('this test is left out for a real server');
}

/** An index of its own. */
async function openIndex(server: string): Promise<ChangesBench> {
  const index = `vs-${randomBytes(4).toString('hex')}`;
  const url = `${server}/${index}`;
  return Promise.resolve({
    args: { url: server, index },
    ...{ document, refused: refuse, writes: refuse, cut: refuse },
    async nameOf(id) {
      const { _source: source } = await ask(`${url}/_doc/${id}`, 'GET');
      return isJsonObject(source) ? String(source['name']) : undefined;
    },
    edit: (id, name) => tell(`${url}/_doc/${id}?refresh=true`, 'PUT', document(id, name)),
    remove: (id) => tell(`${url}/_doc/${id}?refresh=true`, 'DELETE'),
    close: () => tell(url, 'DELETE'),
  });
}

/** The collection is emptied. A relay has a port of its own, so it is a target of which nothing is published. */
async function openCollection({
  url,
  collection,
}: {
  readonly url: URL;
  readonly collection: string;
}): Promise<ChangesBench> {
  const relay = await startRelay(url.host);
  const server = `http://${relay.address}${url.pathname}`;
  const place = `${server}/${collection}`;
  const update = (command: unknown): Promise<void> => tell(`${place}/update?commit=true`, 'POST', command);
  await update({ delete: { query: '*:*' } });
  return {
    args: { url: server, collection },
    ...{ document, refused: refuse, writes: refuse, cut: refuse },
    async nameOf(id) {
      const { response } = await ask(`${place}/select?q=id:${encodeURIComponent(`"${id}"`)}`, 'GET');
      const [held] = isJsonObject(response) && Array.isArray(response['docs']) ? (response['docs'] as unknown[]) : [];
      const name = isJsonObject(held) ? held['name'] : undefined;
      // The schema may keep each field as a list.
      const first: unknown = Array.isArray(name) ? name[0] : name;
      return typeof first === 'string' ? first : undefined;
    },
    edit: (id, name) => update([document(id, name)]),
    remove: (id) => update({ delete: { id } }),
    async close() {
      await update({ delete: { query: '*:*' } });
      relay.close();
    },
  };
}
