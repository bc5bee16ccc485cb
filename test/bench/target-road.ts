/**
 * Publishing into targets outside of the database: changes per second and requests, against a bare client that sends the
 * same records with the same batches and concurrency to the same server in the same run.
 */
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openBenchRuns, type BenchRuns } from './bench-runs.ts';
import { median, readPeakMegabytes, resetPeak } from './measure.ts';
import { printBudget } from './print-budget.ts';
import type { BenchServers } from './servers.ts';
import type { TargetServers } from './target-servers.ts';

export interface TargetRoad {
  readonly servers: BenchServers;
  readonly directory: string;
  readonly rounds: number;
}

const SECRET = 'a secret of the benchmark';

interface Road {
  readonly records: number;
  /** The defaults of the writer. */
  readonly batch: number;
  readonly concurrency: number;
  /** Requests besides the batches: the look at the index, the refresh, the commit. */
  readonly more: number;
  readonly args: (name: string) => object;
  readonly bare: (name: string, batch: readonly BenchRecord[]) => Promise<void>;
}

interface BenchRecord {
  readonly id: string;
}

export async function benchTargets({ servers, directory, rounds }: TargetRoad): Promise<void> {
  const runs = await openBenchRuns(servers);
  const targets = await startTargetServers();
  const ledger = new pg.Client({ connectionString: servers.databaseUrl });
  await ledger.connect();
  await ledger.query('CREATE DATABASE elsewhere');
  const elsewhere = new URL(servers.databaseUrl);
  elsewhere.pathname = '/elsewhere';
  const pool = new pg.Pool({ connectionString: elsewhere.href, max: 2 });
  const secretOf = (name: string, text: string): object => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return { $secret: `file:${join(directory, name)}` };
  };
  const roads = roadsTo(targets.addresses, pool, {
    ...{ url: secretOf('elsewhere-url', elsewhere.href), secret: secretOf('webhook-secret', SECRET) },
    token: secretOf('invenio-token', targets.addresses.token),
  });
  const publish = (path: string, records: number, type: string, args: object) =>
    publishOnce(runs, ledger, { path, records, type, args });
  console.log(`\ntargets outside of the database, median of ${String(rounds)}`);
  let peak = 0;
  try {
    const most = Math.max(...Object.values(roads).map(({ records }) => records));
    const all = writeRecords(directory, most);
    const nothing: number[] = [];
    for (let round = 0; round < rounds; round++)
      nothing.push(await publish(all.path, most, 'null', { name: nameOf() }));
    const perRecord = median(nothing) / most;
    console.log(`  null, which sends nothing: ${rateOf(1 / perRecord)} changes/s`);
    for (const [type, road] of Object.entries(roads)) {
      const { path, records } = writeRecords(directory, road.records);
      const [ours, bares]: [number[], number[]] = [[], []];
      let requests = 0;
      resetPeak(servers.workerPid);
      for (let round = 0; round < rounds; round++) {
        const name = nameOf();
        if (type === 'postgres-table') await createTable(pool, name);
        bares.push(await timed(() => inParallel(road, records, (batch) => road.bare(name, batch))));
        await targets.count();
        ours.push(await publish(path, road.records, type, road.args(nameOf())));
        requests = await targets.count();
      }
      const megabytes = readPeakMegabytes(servers.workerPid);
      peak = Math.max(peak, megabytes);
      const ledgerSeconds = perRecord * road.records;
      print(type, road, { own: median(ours), bare: median(bares), ledger: ledgerSeconds, requests, megabytes });
    }
    printBudget('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
  } finally {
    await pool.end();
    await ledger.end();
    targets.stop();
    await runs.close();
  }
}

interface Seen {
  readonly own: number;
  readonly bare: number;
  readonly ledger: number;
  readonly requests: number;
  /** The peak of the worker. */
  readonly megabytes: number;
}

function print(type: string, { records, batch, more }: Road, { own, bare, ledger, requests, megabytes }: Seen): void {
  const [rate, bareRate] = [records / own, records / bare];
  console.log(
    `  ${type}: ${String(records)} records, ${rateOf(rate)} changes/s; bare client ${rateOf(bareRate)} (${(rate / bareRate).toFixed(2)} x); worker ${megabytes.toFixed(0)} MB`,
  );
  if (type !== 'postgres-table') {
    const expected = Math.ceil(records / batch) + more;
    printBudget(`${type}: requests`, String(requests), `<= ${String(expected)}`, requests <= expected);
  }
  // Each change is also written down: what null takes is on top of what the target takes.
  const ratio = own / (bare + ledger);
  printBudget(`${type}: time / (bare + null)`, `${ratio.toFixed(2)} x`, '<= 1.3 x', ratio <= 1.3);
}

function roadsTo(
  { plain, search, solr, invenio, token }: TargetServers,
  pool: pg.Pool,
  secrets: { readonly url: object; readonly secret: object; readonly token: object },
): Readonly<Record<string, Road>> {
  const json = { 'content-type': 'application/json' };
  return {
    'postgres-table': {
      ...{ records: 20_000, batch: 250, concurrency: 2, more: 0 },
      args: (name) => ({ url: secrets.url, database: 'elsewhere', table: name, create: true }),
      bare: async (name, batch) => {
        await pool.query(
          `INSERT INTO ${name} SELECT r ->> 'id', r, now() FROM jsonb_array_elements($1::jsonb) r ON CONFLICT (id) DO NOTHING`,
          [JSON.stringify(batch)],
        );
      },
    },
    opensearch: {
      // The rights, whether the index is there, and the refresh.
      ...{ records: 20_000, batch: 250, concurrency: 2, more: 4 },
      args: (name) => ({ url: search, index: name }),
      bare: (name, batch) => {
        const lines = batch.map((one) => `{"create":{"_id":"${one.id}"}}\n${JSON.stringify(one)}\n`);
        return ask(`${search}/${name}/_bulk`, 'POST', lines.join(''), { 'content-type': 'application/x-ndjson' });
      },
    },
    solr: {
      // The rights, the commit, and whether searches show what was written.
      ...{ records: 20_000, batch: 250, concurrency: 2, more: 4 },
      args: (name) => ({ url: solr, collection: name }),
      bare: (name, batch) => {
        const docs = batch.map((one) => `"add":{"doc":${JSON.stringify({ ...one, _version_: -1 })}}`);
        return ask(`${solr}/${name}/update`, 'POST', `{${docs.join(',')}}`, json);
      },
    },
    webhook: {
      ...{ records: 20_000, batch: 100, concurrency: 2, more: 0 },
      args: (name) => ({ url: `${plain}/${name}`, secret: secrets.secret }),
      bare: (name, batch) => postSigned(`${plain}/${name}`, batch),
    },
    rest: {
      ...{ records: 4000, batch: 1, concurrency: 4, more: 0 },
      args: (name) => ({ url: `${plain}/${name}`, update: { method: 'PUT', path: '/{/id}' } }),
      bare: (name, [one]) => ask(`${plain}/${name}/${one?.id ?? ''}`, 'PUT', JSON.stringify(one), json),
    },
    'invenio-rdm': {
      // What the vocabulary is like is found out first.
      ...{ records: 1000, batch: 1, concurrency: 4, more: 20 },
      args: (name) => ({ url: invenio, token: secrets.token, vocabulary: name, requests_per_second: 1000 }),
      bare: (name, [one]) =>
        ask(`${invenio}/vocabularies/${name}`, 'POST', JSON.stringify({ ...one, type: name }), {
          ...json,
          authorization: `Bearer ${token}`,
        }),
    },
  };
}

function writeRecords(directory: string, count: number): { readonly path: string; readonly records: BenchRecord[] } {
  const path = join(directory, `targets-${String(count)}.jsonl`);
  const records = Array.from({ length: count }, (_, i) => ({
    id: `r${String(i).padStart(6, '0')}`,
    name: `Record ${String(i)}`,
    text: 'x'.repeat(500),
    list: [1, 2, 3],
  }));
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return { path, records };
}

function nameOf(): string {
  return `t${randomUUID().slice(0, 8)}`;
}

function rateOf(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Returns the seconds of the publication, without reading and comparing. */
async function publishOnce(
  runs: BenchRuns,
  ledger: pg.Client,
  { path, records, type, args }: { path: string; records: number; type: string; args: object },
): Promise<number> {
  const { report } = await runs.run({
    id: nameOf(),
    title: type,
    readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type, args }],
  });
  const inserted = report.tasks[0]?.targets[0]?.inserted;
  if (inserted !== records) throw new Error(`${type}: inserted ${String(inserted)} of ${String(records)}`);
  const { rows } = await ledger.query<{ seconds: number }>(
    'SELECT extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM vocab_sync.publication WHERE run_id = $1',
    [report.run],
  );
  return rows[0]?.seconds ?? Number.NaN;
}

/** As many batches at once as the writer sends. */
async function inParallel(
  { batch, concurrency }: Road,
  records: readonly BenchRecord[],
  send: (batch: readonly BenchRecord[]) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < records.length) {
      const start = next;
      next += batch;
      await send(records.slice(start, next));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

async function createTable(pool: pg.Pool, name: string): Promise<void> {
  await pool.query(`CREATE TABLE ${name} (id text COLLATE "C" PRIMARY KEY, record jsonb, changed_at timestamptz)`);
}

async function postSigned(url: string, batch: readonly BenchRecord[]): Promise<void> {
  const body = JSON.stringify({ type: 'vocab-sync.changes', data: { changes: batch } });
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest('base64');
  await ask(url, 'POST', body, {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  });
}

async function ask(url: string, method: string, body: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, { method, body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${String(response.status)}: ${text.slice(0, 200)}`);
}

interface RunningTargets {
  readonly addresses: TargetServers;
  /** Requests since the last call. All records are forgotten. */
  count(): Promise<number>;
  stop(): void;
}

async function startTargetServers(): Promise<RunningTargets> {
  const program = join(import.meta.dirname, 'target-servers.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => {
      resolve(chunk.toString());
    });
    child.once('exit', () => {
      reject(new Error(`${program} ended before it listened`));
    });
  });
  const addresses = JSON.parse(line) as TargetServers;
  return {
    addresses,
    count: async () => Number(await (await fetch(addresses.control)).text()),
    stop: () => child.kill('SIGKILL'),
  };
}
