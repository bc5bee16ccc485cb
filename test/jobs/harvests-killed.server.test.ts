/**
 * Sources that are asked for piece by piece, by a worker that is killed while it waits for a piece: the next one asks for
 * that piece and what lies behind it, and for nothing that was fetched. For ORCID's buckets orcid-killed.server.test.ts
 * says the same.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { startRun } from '../../src/temporal/start-run.ts';
import type { runJob } from '../../workflows/run-job.ts';
import { apiItems, invenio, startApiServer, type ApiFault } from '../support/api-server.ts';
import { startHoldingRelay, type HoldingRelay } from '../support/holding-relay.ts';
import { digestTable, leftovers } from '../support/kill-ledger.ts';
import { makeTempDir } from '../support/make-temp-dir.ts';
import { startOaiServer } from '../support/oai-server.ts';
import { orcidIds, orcidXml } from '../support/orcid-buckets.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { startSparqlServer } from '../support/sparql-server.ts';
import { describeWithServers, testTemporal } from '../support/temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { until } from '../support/workflow-bench.ts';

const CONNECTIONS = 4;
/** A quarter of a minute on two quiet cores; three times that alongside other tests. */
const PATIENCE = 300_000;
const IDS = orcidIds(40);
const numbers = Array.from({ length: 40 }, (_, n) => n);

interface Server {
  readonly url: string;
  close(): Promise<void>;
}

interface Harvest {
  readonly name: string;
  readonly serve: () => Promise<Server>;
  /** The reader and what makes records of what it gives; `url` is that of the relay. */
  readonly config: (url: string) => Readonly<Record<string, unknown>>;
  /** The questions for pieces; so many are answered before the kill. */
  readonly pieces: RegExp;
  readonly answered: number;
  /** How many are asked for at once. */
  readonly atOnce: number;
}

const map = (fields: Readonly<Record<string, string>>) => ({
  type: 'map',
  args: { fields: Object.fromEntries(Object.entries(fields).map(([to, from]) => [to, { from }])) },
});

const oai = (verb: string): Omit<Harvest, 'name' | 'pieces' | 'answered'> => ({
  serve: () =>
    startOaiServer({
      pageSize: 8,
      records: numbers.map((n) => ({ identifier: `oai:example.org:${String(n)}`, datestamp: '2026-01-02T03:04:05Z' })),
    }),
  config: (url) => ({
    readers: [{ type: 'oai-pmh', args: { base_url: `${url}/oai`, verb } }],
    transformers: [
      { type: 'xml', args: { root_element: 'record' } },
      map({ '/id': '/header/identifier', '/name': '/metadata/dc/title' }),
    ],
  }),
  atOnce: 1,
});

/** Four pages of a list. Each has a next link that leads to the relay. */
function api(answered: number): Harvest {
  return {
    name: `http-api-${String(answered)}`,
    serve: () => startApiServer(invenio, apiItems(numbers.length)),
    config: (url) => ({
      readers: [
        {
          type: 'http-api',
          args: {
            origin: `${url}/api/affiliations`,
            items: '/hits/hits',
            id: '/id',
            total: '/hits/total',
            paging: { type: 'next_link', next: '/links/next' },
            page_size: { parameter: 'size', size: 10 },
          },
        },
      ],
      transformers: [map({ '/id': '/id', '/name': '/name' })],
    }),
    pieces: /affiliations/,
    answered,
    atOnce: 1,
  };
}

const HARVESTS: readonly Harvest[] = [
  { name: 'oai-records', ...oai('ListRecords'), pieces: /verb=ListRecords/, answered: 3 },
  // A page of identifiers and its records are one piece of the spool.
  { name: 'oai-identifiers', ...oai('ListIdentifiers'), pieces: /verb=ListIdentifiers/, answered: 3 },
  {
    name: 'sparql',
    serve: () =>
      startSparqlServer(numbers.map((n) => `<urn:${String(n)}> <urn:label> "Term ${String(n)}" .`).join('\n')),
    config: (url) => ({
      readers: [
        {
          type: 'sparql',
          args: {
            origin: `${url}/sparql`,
            query: 'SELECT ?s ?o WHERE { ?s <urn:label> ?o } ORDER BY ?s',
            page_size: 8,
          },
        },
      ],
      transformers: [map({ '/id': '/s/value', '/name': '/o/value' })],
    }),
    pieces: /OFFSET|LIMIT/,
    answered: 3,
    atOnce: 1,
  },
  // A worker that is killed at each page of four.
  ...[0, 1, 2, 3].map(api),
  {
    name: 'orcid-http',
    serve: startOrcid,
    config: (url) => ({
      readers: [
        { type: 'orcid-http', args: { ids: IDS, base_url: url, connections: CONNECTIONS } },
        { type: 'xml', args: { root_element: 'record' } },
      ],
      transformers: [{ type: 'orcid' }],
    }),
    pieces: /0000-/,
    answered: 20,
    atOnce: CONNECTIONS,
  },
];

describeWithServers('a harvest whose worker is killed', () => {
  const queue = `harvest-${randomUUID()}`;
  const home = makeTempDir('vocab-sync-harvest-');
  let worker: WorkerProcess | undefined;
  let database: TestDatabase;
  let pool: Pool;
  let temporal: TemporalClient;
  let relays: readonly { readonly server: Server; readonly relay: HoldingRelay }[];

  beforeAll(async () => {
    const { address, namespace } = await testTemporal();
    database = await testDatabase();
    pool = openPool({ url: database.url });
    temporal = await connectTemporal({ connectionOptions: { address }, namespace });
    relays = await Promise.all(
      HARVESTS.map(async ({ serve }) => {
        const server = await serve();
        return { server, relay: await startHoldingRelay(server.url) };
      }),
    );
    await work();
  });
  afterAll(async () => {
    await kill();
    await Promise.all(relays.flatMap(({ server, relay }) => [relay.close(), server.close()]));
    await temporal.close();
    await pool.end();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const work = async (): Promise<void> => {
    const { address: temporalAddress, namespace } = await testTemporal();
    worker = await startWorkerProcess({ databaseUrl: database.url, temporalAddress, namespace, queue, home });
  };
  const kill = async (): Promise<void> => {
    worker?.signal('SIGKILL');
    await worker?.exited;
  };
  const start = async ({ name, config }: Harvest, { url }: HoldingRelay, suffix: string) => {
    const id = `${name}-${suffix}`;
    const table = id.replaceAll('-', '_');
    const writers = [{ type: 'postgres', args: { table } }];
    const text = JSON.stringify({ id, title: `The harvest ${id}`, ...config(url), writers });
    const request = { job: id, trigger: 'manual', config: text, heartbeatSeconds: 4 } as const;
    const { workflowId, runId } = await startRun(temporal.client, { queue, request });
    return { table, report: () => temporal.client.workflow.getHandle<typeof runJob>(workflowId, runId).result() };
  };
  const each = <T>(run: (harvest: Harvest, relay: HoldingRelay) => Promise<T>): Promise<T[]> =>
    Promise.all(
      HARVESTS.map((harvest, i) => {
        const relay = relays[i]?.relay;
        if (relay === undefined) throw new Error(`${harvest.name} has no relay`);
        return run(harvest, relay);
      }),
    );
  const asked = (relay: HoldingRelay, { pieces }: Harvest): readonly string[] =>
    relay.paths.filter((path) => pieces.test(path));

  it(
    'goes on behind what it has, and comes to the same table',
    async () => {
      const base = await each(async (harvest, relay) => {
        const run = await start(harvest, relay, 'base');
        const { tasks } = await run.report();
        expect(tasks[0]?.targets[0]?.inserted).toBe(numbers.length);
        return { counts: tasks[0]?.counts, digest: await digestTable(pool, run.table), asked: asked(relay, harvest) };
      });
      const struck = await each(async (harvest, relay) => {
        relay.hold(harvest.pieces, harvest.answered);
        const before = asked(relay, harvest).length;
        return { before, run: await start(harvest, relay, 'struck') };
      });
      await each((harvest, relay) =>
        until(`${harvest.name} is answered no more`, () => Promise.resolve(relay.held() === harvest.atOnce), 60),
      );
      await kill();
      for (const { relay } of relays) relay.release();
      await work();
      for (const [i, { before, run }] of struck.entries()) {
        const [harvest, expected, relay] = [HARVESTS[i], base[i], relays[i]?.relay];
        if (harvest === undefined || expected === undefined || relay === undefined) throw new Error('one is missing');
        const report = await run.report();
        expect(report).toMatchObject({ outcome: 'success', tasks: [{ counts: expected.counts }] });
        expect(await digestTable(pool, run.table), harvest.name).toBe(expected.digest);
        const paths = asked(relay, harvest).slice(before);
        expect(new Set(paths).size, harvest.name).toBe(expected.asked.length);
        expect(paths.length, harvest.name).toBeLessThanOrEqual(expected.asked.length + harvest.atOnce);
      }
      expect(await leftovers(pool)).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'comes to the same table where the service is busy, cut off or in maintenance at each page',
    async () => {
      const [page] = HARVESTS.filter(({ name }) => name === 'http-api-0');
      if (page === undefined) throw new Error('there is no harvest of http-api');
      const faults: readonly ApiFault[] = [
        { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
        { kind: 'cut' },
        { kind: 'html' },
        { kind: 'status', status: 503 },
      ];
      const server = await startApiServer(invenio, apiItems(numbers.length));
      const relay = await startHoldingRelay(server.url);
      try {
        const calm = await start(page, relay, 'calm');
        const { tasks } = await calm.report();
        const pages = server.pages();
        server.requests.length = 0;
        for (const fault of faults) server.faults.push(fault, undefined);
        const busy = await start(page, relay, 'busy');
        expect(await busy.report()).toMatchObject({ outcome: 'success', tasks: [{ counts: tasks[0]?.counts }] });
        expect(await digestTable(pool, busy.table)).toBe(await digestTable(pool, calm.table));
        expect(server.pages()).toEqual(pages);
        expect(server.requests).toHaveLength(pages.length + faults.length);
      } finally {
        await relay.close();
        await server.close();
      }
    },
    PATIENCE,
  );
});

async function startOrcid(): Promise<Server> {
  const server = createServer((request, response) => {
    const id = (request.url ?? '').slice(1);
    response.writeHead(200, { 'content-type': 'application/xml' }).end(orcidXml(id, { given: 'Ada', family: 'One' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
