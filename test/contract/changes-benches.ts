/** For each writer that takes changes one by one: a server for it, and how a test looks behind it. */
import type { ServerResponse } from 'node:http';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { startInvenioServer } from '../support/invenio-server.ts';
import { restArgsFor, startRestServer } from '../support/rest-server.ts';
import { startSearchServer } from '../support/search-server.ts';
import { startSolrServer } from '../support/solr-server.ts';

export interface ChangesBench {
  /** Secrets are in their places. */
  readonly args: Readonly<Record<string, unknown>>;
  /** A record that the target takes. */
  document(id: string, name: string): Document;
  /** A record that it refuses. */
  refused(id: string): Document;
  /** The name of the record as the target holds it; undefined where it holds none, or one that is withdrawn. */
  nameOf(id: string): string | undefined;
  /** Somebody else makes or edits a record. */
  edit(id: string, name: string): void;
  /** Requests that wrote, or tried to. */
  writes(): number;
  /** The connection breaks at the next request that writes: before the work is done, or after. */
  cut(when: 'before' | 'after'): void;
  close(): Promise<void>;
}

async function openSearchBench(): Promise<ChangesBench> {
  const server = await startSearchServer();
  return {
    args: { url: server.url, index: 'affiliations' },
    document: (id, name) => ({ id, name }),
    refused: (id) => ({ id, name: { en: 'not a text' } }),
    nameOf: (id) => server.documents.get(id)?.source['name'] as string | undefined,
    edit: (id, name) => {
      server.edit(id, { id, name });
    },
    writes: () => server.requests.filter((request) => request.endsWith('/_bulk')).length,
    cut(when) {
      let isCut = false;
      const cutOnce = (path: string, response: ServerResponse): boolean => {
        if (!path.endsWith('/_bulk') || isCut) return false;
        isCut = true;
        response.destroy();
        return true;
      };
      if (when === 'before') server.before = (path, _body, response) => cutOnce(path, response);
      else server.after = cutOnce;
    },
    close: () => server.close(),
  };
}

async function openSolrBench(): Promise<ChangesBench> {
  const server = await startSolrServer();
  return {
    args: { url: server.url, collection: 'affiliations' },
    document: (id, name) => ({ id, name }),
    refused: (id) => ({ id, name: ['two', 'names'] }),
    nameOf: (id) => server.documents.get(id)?.fields['name'] as string | undefined,
    edit: (id, name) => {
      server.edit(id, { id, name });
    },
    writes: () => server.requests.filter((path) => path.endsWith('/update')).length,
    cut(when) {
      let isCut = false;
      server[when] = (path, response) => {
        if (!path.endsWith('/update') || isCut) return false;
        isCut = true;
        response.destroy();
        return true;
      };
    },
    close: () => server.close(),
  };
}

export const changesBenches: Readonly<Record<string, () => Promise<ChangesBench>>> = {
  elasticsearch: openSearchBench,
  opensearch: openSearchBench,
  'invenio-rdm': async () => {
    const server = await startInvenioServer();
    const recordOf = (id: string, name: string): Document => ({ id, name, title: { en: name } });
    return {
      args: { url: server.url, vocabulary: 'affiliations', token: server.token, requests_per_second: 1000 },
      document: recordOf,
      refused: (id) => ({ ...recordOf(id, 'Refused'), identifiers: [{ scheme: 'isni', identifier: 'bad' }] }),
      nameOf(id) {
        const document = server.get('affiliations', id)?.document;
        const tags = document?.['tags'];
        const isWithdrawn = Array.isArray(tags) && tags.includes('unlisted');
        return document === undefined || isWithdrawn ? undefined : String(document['name']);
      },
      edit: (id, name) => {
        server.edit('affiliations', recordOf(id, name));
      },
      writes: () => server.written().length,
      cut(when) {
        let isCut = false;
        server.fault = ({ method, body }) => {
          if (method === 'GET' || isCut || (isJsonObject(body) && 'vocab_sync_probe' in body)) return undefined;
          isCut = true;
          return when === 'before' ? 'cut-before' : 'cut-after';
        };
      },
      close: () => server.close(),
    };
  },
  rest: async () => {
    const server = await startRestServer();
    const isWrite = (method: string): boolean => method !== 'GET';
    server.before = ({ id }, response) => {
      if (!id.startsWith('refused')) return false;
      response.writeHead(422).end('{"message": "This record is refused."}');
      return true;
    };
    return {
      args: {
        ...restArgsFor(server.url),
        if_match: 'quoted',
      },
      document: (id, name) => ({ id, name }),
      refused: (id) => ({ id: `refused-${id}`, name: 'x' }),
      nameOf: (id) => server.records.get(id)?.['name'] as string | undefined,
      edit(id, name) {
        server.records.set(id, { id, name });
        server.revisions.set(id, (server.revisions.get(id) ?? 0) + 1);
      },
      writes: () => server.requests.filter((request) => isWrite(request.split(' ')[0] ?? '')).length,
      cut(when) {
        let isCut = false;
        server[when] = ({ method }, response) => {
          if (!isWrite(method) || isCut) return false;
          isCut = true;
          response.destroy();
          return true;
        };
      },
      close: () => server.close(),
    };
  },
  solr: openSolrBench,
};
