/** The targets outside the database of a run with random kills: each a process of its own, which keeps what it was given. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { canonicalJson } from '../../src/records/json-object.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { restArgsFor } from '../support/rest-server.ts';
import { until } from '../support/until.ts';
import { endOf, openTargetProcess, type TargetProcess } from './target-process.ts';

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
  /** How often it changed a record, over all runs of the job. */
  readonly changes: number;
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

export async function openSolrTarget(directory: string): Promise<RandomTarget> {
  const target = await openTargetProcess('solr', directory, { isLate: true });
  return {
    ...target,
    writer: () => ({
      type: 'solr',
      args: { url: target.url, collection: 'records', on_missing: 'withdraw', timeout_seconds: TIMEOUT },
    }),
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

/** The index server of the tests, or an OpenSearch that is started from the folder where it was unpacked. */
export async function openSearchTarget(directory: string, openSearch: string | undefined): Promise<RandomTarget> {
  const target = await (openSearch === undefined
    ? openTargetProcess('search', directory, { isLate: true })
    : openRealSearch(openSearch));
  return {
    ...target,
    // Withdrawn documents are marked: a deleted one takes the number of its changes with it.
    writer: (job) => ({
      type: 'opensearch',
      args: {
        ...{ url: target.url, index: job, mappings: MAPPINGS },
        ...{
          on_missing: 'withdraw',
          withdrawn_field: 'withdrawn',
          timeout_seconds: openSearch === undefined ? TIMEOUT : 60,
        },
      },
    }),
    stateOf: async (job) => stateFrom(await readIndex(target.url, job)),
  };
}

/** Seconds. So long a change waits for an answer that does not come. */
const TIMEOUT = 2;
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
  const ask = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}/${index}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${index}/${path} answered ${String(response.status)}: ${await response.text()}`);
    return response.json();
  };
  await ask('_refresh', {});
  const { hits } = (await ask('_search', { size: MOST_DOCUMENTS, version: true })) as Hits;
  if (hits.hits.length === MOST_DOCUMENTS) throw new Error(`${index} holds more documents than are asked for`);
  return hits.hits.map(({ _id, _source, _version }) => ({ id: _id, record: _source, version: _version }));
}

/** An index for each job, so nothing needs to be cleared. It refuses to be root, so it belongs to the owner of its folder. */
async function openRealSearch(home: string): Promise<Pick<TargetProcess, 'url' | 'clear' | 'kill' | 'close'>> {
  const port = String(await findFreePort());
  const data = mkdtempSync(join(tmpdir(), 'vocab-sync-opensearch-'));
  const { uid, gid } = statSync(home);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(data, uid, gid);
  const settings = {
    'discovery.type': 'single-node',
    'http.port': port,
    'transport.port': String(await findFreePort()),
    'path.data': data,
    'path.logs': join(data, 'logs'),
  };
  const url = `http://127.0.0.1:${port}`;
  const start = async (): Promise<ChildProcess> => {
    const args = Object.entries(settings).map(([name, value]) => `-E${name}=${value}`);
    const child = spawn(join(home, 'bin/opensearch'), args, {
      cwd: home,
      env: { ...process.env, HOME: data, OPENSEARCH_JAVA_OPTS: '-Xms512m -Xmx512m' },
      stdio: 'ignore',
      ...(isRoot ? { uid, gid } : {}),
    });
    await until(
      'OpenSearch answers',
      async () => {
        if (child.exitCode !== null) throw new Error(`OpenSearch in ${home} ended with ${String(child.exitCode)}`);
        const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow`).catch(() => undefined);
        return health?.ok;
      },
      180,
    );
    return child;
  };
  let child = await start();
  return {
    url,
    clear: () => Promise.resolve(),
    async kill() {
      await endOf(child);
      child = await start();
    },
    async close() {
      await endOf(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
