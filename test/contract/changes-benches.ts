/** A server for each writer that receives changes, and how a test looks at its content. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Document } from '../../src/records/document.ts';
import { isJsonObject } from '../../src/records/json-object.ts';
import { startInvenioServer } from '../support/invenio-server.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { restArgsFor, startRestServer } from '../support/rest-server.ts';
import { startSearchServer } from '../support/search-server.ts';
import { startSolrServer } from '../support/solr-server.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

export interface ChangesBench {
  readonly args: Readonly<Record<string, unknown>>;
  /** Args that a job gives by reference. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** A record that the target takes. */
  document(id: string, name: string): Document;
  /** A record that it refuses. */
  refused(id: string): Document;
  /** The name of the record as the target holds it; undefined where it holds none, or one that is withdrawn. */
  nameOf(id: string): string | undefined | Promise<string | undefined>;
  /** Another client creates or edits a record. */
  edit(id: string, name: string): void | Promise<void>;
  /** Another client removes a record. */
  remove(id: string): void | Promise<void>;
  /** Requests that wrote, or tried to. */
  writes(): number;
  /** The connection breaks at the next request that writes: before the work is done, or after. */
  cut(when: 'before' | 'after'): void;
  /** Answers each request that writes with this, and does nothing. Absent: the target does not talk HTTP. */
  answer?(status: number, body: string, headers: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** What a kind of target cannot do, so that the tests of it are left out. */
export type Lack = 'names' | 'refusal' | 'edit' | 'cut' | 'look' | 'list' | 'http';

export interface ChangesTarget {
  readonly start: () => Promise<ChangesBench>;
  readonly lacks: readonly Lack[];
}

/** They need the PostgreSQL of the tests: see changes-writers.server.test.ts. */
export const NEED_POSTGRES: readonly string[] = ['postgres-table'];

function say(
  response: ServerResponse,
  ...[status, body, headers]: Parameters<NonNullable<ChangesBench['answer']>>
): true {
  response.writeHead(status, headers).end(body);
  return true;
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
    remove: (id) => {
      server.documents.delete(id);
    },
    writes: () => server.requests.filter((request) => request.endsWith('/_bulk')).length,
    answer(status, body, headers) {
      server.before = (path, _body, response) => path.endsWith('/_bulk') && say(response, status, body, headers);
    },
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
    remove: (id) => {
      server.documents.delete(id);
    },
    writes: () => server.requests.filter((path) => path.endsWith('/update')).length,
    answer(status, body, headers) {
      server.before = (path, response) => path.endsWith('/update') && say(response, status, body, headers);
    },
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

async function openInvenioBench(): Promise<ChangesBench> {
  const server = await startInvenioServer();
  const recordOf = (id: string, name: string): Document => ({ id, name, title: { en: name } });
  return {
    args: { url: server.url, vocabulary: 'affiliations', requests_per_second: 1000 },
    secrets: { token: server.token },
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
    remove: (id) => {
      server.remove('affiliations', id);
    },
    writes: () => server.written().length,
    answer(status, body, headers) {
      server.fault = (request) => {
        const isProbe = isJsonObject(request.body) && 'vocab_sync_probe' in request.body;
        return request.method === 'GET' || isProbe ? undefined : { status, body, headers };
      };
    },
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
}

async function openRestBench(): Promise<ChangesBench> {
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
    remove(id) {
      server.records.delete(id);
    },
    writes: () => server.requests.filter((request) => isWrite(request.split(' ')[0] ?? '')).length,
    answer(status, body, headers) {
      server.before = ({ method }, response) => isWrite(method) && say(response, status, body, headers);
    },
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
}

async function openWebhookBench(): Promise<ChangesBench> {
  const server = await startWebhookServer();
  let attempts = 0;
  return {
    args: { url: server.url, before: true },
    secrets: { secret: server.secret },
    document: (id, name) => ({ id, name }),
    refused: (id) => ({ id, name: 7 }),
    nameOf: (id) => server.records.get(id)?.['name'] as string | undefined,
    edit(id, name) {
      server.records.set(id, { id, name });
    },
    remove(id) {
      server.records.delete(id);
    },
    // A change that the receiver has already is sent again and not done again.
    writes: () => server.done.length + attempts,
    answer(status, body, headers) {
      server.before = (response) => say(response, status, body, headers);
    },
    cut(when) {
      const cutOnce = (response: ServerResponse): boolean => {
        server[when] = undefined;
        if (when === 'before') attempts += 1;
        response.destroy();
        return true;
      };
      server[when] = cutOnce;
    },
    close: () => server.close(),
  };
}

/** As a program would follow the lines of a pipe. */
function openLinesBench(): Promise<ChangesBench> {
  const path = join(makeTempDir('vocab-sync-lines-'), 'changes');
  writeFileSync(path, '');
  const lines = (): { id: string; kind: string; record: { name: string } }[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { id: string; kind: string; record: { name: string } });
  return Promise.resolve({
    ...openNothing(),
    args: { name: 'lines', path },
    nameOf(id) {
      const last = lines().findLast((line) => line.id === id);
      return last === undefined || last.kind === 'withdraw' ? undefined : last.record.name;
    },
    writes: () => lines().length,
    close() {
      rmSync(dirname(path), { recursive: true });
      return Promise.resolve();
    },
  });
}

function openNothing(): ChangesBench {
  const cannot = (): never => {
    throw new Error('this target cannot do it');
  };
  return {
    args: { name: 'nothing' },
    document: (id, name) => ({ id, name }),
    ...{ refused: cannot, nameOf: cannot, edit: cannot, remove: cannot, cut: cannot },
    writes: () => 0,
    close: () => Promise.resolve(),
  };
}

export const changesTargets: Readonly<Record<string, ChangesTarget>> = {
  elasticsearch: { start: openSearchBench, lacks: [] },
  opensearch: { start: openSearchBench, lacks: [] },
  // Few records: its bulk job has tests of its own.
  'invenio-bulk': {
    start: async () => {
      const bench = await openInvenioBench();
      return { ...bench, args: { ...bench.args, directory: tmpdir() } };
    },
    lacks: [],
  },
  'invenio-rdm': { start: openInvenioBench, lacks: [] },
  null: {
    start: () => Promise.resolve(openNothing()),
    lacks: ['names', 'refusal', 'edit', 'cut', 'look', 'list', 'http'],
  },
  rest: { start: openRestBench, lacks: ['list'] },
  solr: { start: openSolrBench, lacks: [] },
  stdout: { start: openLinesBench, lacks: ['refusal', 'edit', 'cut', 'look', 'list', 'http'] },
  webhook: { start: openWebhookBench, lacks: ['look', 'list'] },
};

/** The writer of a job: secrets are references, whose values are added to `known`. */
export function writerOfJob(
  type: string,
  { args, secrets = {} }: ChangesBench,
  known: Map<string, string>,
): { readonly type: string; readonly args: Readonly<Record<string, unknown>> } {
  const references = Object.entries(secrets).map(([name, value]) => {
    const reference = `env:${name.toUpperCase()}`;
    known.set(reference, value);
    return [name, { $secret: reference }] as const;
  });
  return { type, args: { ...args, ...Object.fromEntries(references) } };
}
