/** The targets outside the database of a run with random kills: each a process of its own, which keeps what it was given. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { canonicalJson } from '../../src/records/json-object.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { restArgsFor } from '../support/rest-server.ts';
import { until } from '../support/until.ts';
import { openRealSearch, openRealSolr, type RealSearchProgram } from './real-servers.ts';
import { openTargetProcess, type TargetProcess } from './target-process.ts';

export interface RandomTarget {
  /** The writer of a job that publishes into it. */
  writer(job: string): Readonly<Record<string, unknown>>;
  /** Forgets what other jobs published, where it cannot tell jobs apart. */
  clear(): Promise<void>;
  /** SIGKILL, and started again. */
  kill(): Promise<void>;
  stateOf(job: string): Promise<TargetState>;
  close(): Promise<void>;
}

interface TargetState {
  readonly records: number;
  /** How often it changed a record, over all runs of the job. A real Solr does not say it. */
  readonly changes: number | undefined;
  /** Of all records with the number of their changes. */
  readonly digest: string;
}

interface Item {
  readonly id: string;
  readonly record: Readonly<Record<string, unknown>> | null;
  readonly version: number;
}

function stateFrom(items: readonly Item[]): TargetState {
  const lines = items.map(({ id, record, version }) => canonicalJson({ id, record, version })).toSorted();
  return {
    records: items.filter(({ record }) => record !== null).length,
    changes: items.reduce((sum, { version }) => sum + version, 0),
    digest: createHash('md5').update(lines.join('\n')).digest('hex'),
  };
}

export async function openRestTarget(directory: string): Promise<RandomTarget> {
  const target = await openTargetProcess('rest', directory, { isLate: true });
  return {
    ...target,
    writer: () => ({
      type: 'rest',
      args: { ...restArgsFor(target.url), if_match: 'quoted', on_missing: 'withdraw', timeout_seconds: TIMEOUT },
    }),
    stateOf: () => Promise.resolve(lastState(target)),
  };
}

/** The Solr server of the tests, or a real Solr that `command` starts. */
export async function openSolrTarget(directory: string, command: string | undefined): Promise<RandomTarget> {
  const writer = (url: string, collection: string, seconds: number): Readonly<Record<string, unknown>> => ({
    type: 'solr',
    args: { url, collection, on_missing: 'withdraw', timeout_seconds: seconds },
  });
  if (command !== undefined) {
    const solr = await openRealSolr(command);
    return {
      ...solr,
      writer: () => writer(solr.url, solr.collection, REAL_TIMEOUT),
      stateOf: async () => ({ ...stateFrom(await readCollection(solr.url, solr.collection)), changes: undefined }),
    };
  }
  const target = await openTargetProcess('solr', directory, { isLate: true });
  return {
    ...target,
    writer: () => writer(target.url, 'records', TIMEOUT),
    stateOf: () => Promise.resolve(lastState(target)),
  };
}

/** It remembers the keys of changes, as a receiver should. */
export async function openWebhookTarget(directory: string): Promise<RandomTarget> {
  const target = await openTargetProcess('webhook', directory, { isLate: true });
  return {
    ...target,
    writer: () => ({
      type: 'webhook',
      args: {
        ...{ url: target.url, secret: { $secret: 'env:TARGET_SECRET' }, before: true },
        ...{ on_missing: 'withdraw', timeout_seconds: TIMEOUT },
      },
    }),
    stateOf: () => Promise.resolve(lastState(target)),
  };
}

function lastState(target: TargetProcess): TargetState {
  return stateFrom([...new Map(target.entries().map((entry) => [entry.id, entry])).values()]);
}

/** A trigger counts the changes of each row. */
const COUNTED = `
  DROP TABLE IF EXISTS public.records, public.changes;
  CREATE TABLE public.records (id text COLLATE "C" PRIMARY KEY, record jsonb, changed_at timestamptz, withdrawn_at timestamptz);
  CREATE TABLE public.changes (id text PRIMARY KEY, n integer NOT NULL);
  CREATE OR REPLACE FUNCTION public.count_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.changes AS c VALUES (NEW.id, 1) ON CONFLICT (id) DO UPDATE SET n = c.n + 1; RETURN NULL; END $$;
  CREATE TRIGGER count AFTER INSERT OR UPDATE ON public.records FOR EACH ROW EXECUTE FUNCTION public.count_change();`;

/** A PostgreSQL of its own. `url` is where the worker finds it. */
export async function openTableTarget(): Promise<RandomTarget & { readonly url: string }> {
  const server = await startPostgres();
  const ask = async <T extends pg.QueryResultRow>(sql: string): Promise<readonly T[]> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url: server.url,
    writer: (job) => ({
      type: 'postgres-table',
      args: { url: { $secret: 'env:TARGET_URL' }, database: job, table: 'records', on_missing: 'withdraw' },
    }),
    clear: async () => {
      await ask(COUNTED);
    },
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      // Its sessions notice it and end; until then the memory that they share is in use.
      const start = (): Promise<boolean> =>
        server.start().then(
          () => true,
          () => false,
        );
      await until('the PostgreSQL of the target starts again', start, 90);
    },
    stateOf: async () =>
      stateFrom(
        await ask<Item>(
          `SELECT id, CASE WHEN withdrawn_at IS NULL THEN record END AS record, n AS version
           FROM public.records JOIN public.changes USING (id)`,
        ),
      ),
    close: () => server.remove(),
  };
}

/** The index server of the tests, or the OpenSearch or Elasticsearch that is unpacked in a folder. */
export async function openSearchTarget(directory: string, real: RealSearchProgram | undefined): Promise<RandomTarget> {
  const target = await (real === undefined
    ? openTargetProcess('search', directory, { isLate: true })
    : openRealSearch(real));
  return {
    ...target,
    // Withdrawn documents are marked: a deleted one takes the number of its changes with it.
    writer: (job) => ({
      type: real?.type ?? 'opensearch',
      args: {
        ...{ url: target.url, index: job, mappings: MAPPINGS },
        ...{
          on_missing: 'withdraw',
          withdrawn_field: 'withdrawn',
          timeout_seconds: real === undefined ? TIMEOUT : REAL_TIMEOUT,
        },
      },
    }),
    stateOf: async (job) => stateFrom(await readIndex(target.url, job)),
  };
}

/** Seconds. So long a change waits for an answer that does not come. */
const TIMEOUT = 2;
/** A real server takes longer to start again. */
const REAL_TIMEOUT = 60;
const MAPPINGS = { dynamic: false, properties: { id: { type: 'keyword' } } };
const MOST_DOCUMENTS = 10_000;

interface Hits {
  readonly hits: { readonly hits: readonly Hit[] };
}

interface Hit {
  readonly _id: string;
  readonly _source: Item['record'];
  readonly _version: number;
}

async function readIndex(url: string, index: string): Promise<readonly Item[]> {
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/${index}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${index}/${path} answered ${String(response.status)}: ${await response.text()}`);
    return response.json();
  };
  await ask('_refresh');
  const { hits } = (await ask('_search', { size: MOST_DOCUMENTS, version: true })) as Hits;
  if (hits.hits.length === MOST_DOCUMENTS) throw new Error(`${index} holds more documents than are asked for`);
  return hits.hits.map(({ _id, _source, _version }) => ({ id: _id, record: _source, version: _version }));
}

interface SolrAnswer {
  readonly response: { readonly docs: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] };
}

/** Its versions are times, which no two runs share. */
async function readCollection(url: string, collection: string): Promise<readonly Item[]> {
  const path = `${url}/${collection}/select?q=*:*&wt=json&rows=${String(MOST_DOCUMENTS)}`;
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answered ${String(response.status)}: ${await response.text()}`);
  const { docs } = ((await response.json()) as SolrAnswer).response;
  if (docs.length === MOST_DOCUMENTS) throw new Error(`${collection} holds more documents than are asked for`);
  return docs.map(({ _version_: _, ...record }) => ({ id: record.id, record, version: 1 }));
}
