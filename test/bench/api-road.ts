/**
 * The budget of paged APIs: a list of 1,000 pages from this machine, by `preview` and into PostgreSQL, compared with a bare
 * loop that asks for the same pages with got and counts what JSON.parse makes of them, and with the REST source of dlt.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBenchRuns } from './bench-runs.ts';
import { median, readPeakMegabytes, resetPeak, runCommand } from './measure.ts';
import type { Peers, PeerTimes } from './peers.ts';
import { printBudget, printPeer } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface ApiRoad {
  readonly servers: BenchServers;
  /** `dist/src/cli/main.js`. */
  readonly cli: string;
  readonly directory: string;
  readonly rounds: number;
  readonly peers: Peers | undefined;
  readonly pages: number;
}

const PAGE_SIZE = 200;
const BARE = fileURLToPath(new URL('bare-api.ts', import.meta.url));

export async function benchApi({ servers, cli, directory, rounds, peers, pages }: ApiRoad): Promise<void> {
  const api = await startApi(pages);
  const records = pages * PAGE_SIZE;
  const loads: number[] = [];
  const bares: number[] = [];
  const previews: number[] = [];
  const memory = { bare: 0, preview: 0 };
  const theirs: Record<'extract' | 'load', PeerTimes[]> = { extract: [], load: [] };
  const runs = await openBenchRuns(servers);
  const job = jobOf(api.url);
  const path = join(directory, 'api.json');
  writeFileSync(path, JSON.stringify(job));
  resetPeak(servers.workerPid);
  try {
    for (let round = 0; round < rounds; round++) {
      const bare = await runCommand(process.execPath, ['--import', 'tsx', BARE, api.url]);
      const counted = JSON.parse(bare.stdout) as {
        readonly records: number;
        readonly seconds: number;
        readonly megabytes: number;
      };
      if (counted.records !== records) throw new Error(`the bare loop read ${String(counted.records)} records`);
      bares.push(counted.seconds);
      memory.bare = Math.max(memory.bare, counted.megabytes);
      const preview = await runCommand('bash', [
        '-c',
        '"$@" > /dev/null',
        'preview',
        process.execPath,
        cli,
        'preview',
        path,
      ]);
      previews.push(preview.seconds);
      const alone = await runCommand(process.execPath, [cli, 'preview', path]);
      memory.preview = Math.max(memory.preview, alone.peakMegabytes);
      const table = `bench_api_${String(Date.now())}`;
      const { report, seconds } = await runs.run({ ...job, writers: [{ type: 'postgres', args: { table } }] });
      const { inserted } = report.tasks[0]?.targets[0] ?? {};
      if (inserted !== records) throw new Error(`the load inserted ${String(inserted)} of ${String(records)}`);
      loads.push(seconds);
      for (const step of peers === undefined ? [] : (['extract', 'load'] as const)) {
        const folder = join(directory, `dlt-${step}-${String(round)}`);
        const other = await peers?.run(`dlt-${step}`, [api.url, folder]);
        if (other?.records !== records) throw new Error(`dlt made ${String(other?.records)} records`);
        theirs[step].push(other);
      }
    }
  } finally {
    await runs.close();
    await api.close();
  }
  const peak = readPeakMegabytes(servers.workerPid);
  const [bare, preview, load] = [bares, previews, loads].map((seconds) => records / median(seconds)) as [
    number,
    number,
    number,
  ];
  const size = `${String(pages)} pages of ${String(PAGE_SIZE)}, ${(api.bytes() / 1e6).toFixed(0)} MB, median of ${String(rounds)}`;
  console.log(
    `\nhttp-api: ${size}\n  bare loop (got, JSON.parse) ${bare.toFixed(0)} records/s, ${memory.bare.toFixed(0)} MB`,
  );
  printBudget('preview / bare loop', `${(preview / bare).toFixed(2)} x`, '>= 0.2 x', preview >= 0.2 * bare);
  printBudget('into PostgreSQL / bare loop', `${(load / bare).toFixed(2)} x`, '>= 0.13 x', load >= 0.13 * bare);
  printBudget('rate into PostgreSQL', `${load.toFixed(0)} records/s`, '>= 10,000', load >= 10_000);
  printBudget(
    'memory of preview / bare loop',
    `${(memory.preview / memory.bare).toFixed(2)} x`,
    '<= 2 x',
    memory.preview <= 2 * memory.bare,
  );
  printBudget('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
  if (theirs.load.length === 0) return;
  const extract = records / median(theirs.extract.map(({ wholeSeconds }) => wholeSeconds));
  const others = records / median(theirs.load.map((one) => one.seconds));
  printPeer('preview / dlt extract, whole processes', preview / extract, `${extract.toFixed(0)} records/s`);
  printPeer('into PostgreSQL / dlt into a DuckDB file', load / others, `${others.toFixed(0)} records/s`);
  const megabytes = Math.max(...theirs.extract.map((one) => one.megabytes));
  printPeer('memory of preview / dlt extract', memory.preview / megabytes, `${megabytes.toFixed(0)} MB`);
}

function jobOf(url: string): Readonly<Record<string, unknown>> {
  const args = {
    origin: url,
    items: '/results',
    id: '/id',
    total: '/meta/count',
    paging: { type: 'next_link', next: '/links/next' },
  };
  const fields = { '/id': { from: '/id' }, '/name': { from: '/display_name' }, '/country': { from: '/country_code' } };
  return {
    id: 'bench-api',
    title: 'The benchmark of http-api',
    readers: [{ type: 'http-api', args }],
    transformers: [{ type: 'map', args: { fields } }],
    writers: [{ type: 'postgres', args: { table: 'bench_api' } }],
  };
}

/** Pages are made once and sent as bytes, so that the server costs little beside its clients. */
async function startApi(pages: number) {
  const bodies = Array.from({ length: pages }, (_, page) => Buffer.from(JSON.stringify(pageOf(page, pages))));
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://localhost').searchParams.get('page') ?? 0);
    const body = bodies[page] ?? Buffer.from('{}');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/institutions`,
    bytes: () => bodies.reduce((sum, { length }) => sum + length, 0),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function pageOf(page: number, pages: number) {
  const results = Array.from({ length: PAGE_SIZE }, (_, i) => {
    const n = page * PAGE_SIZE + i;
    return {
      id: `https://openalex.org/I${String(n)}`,
      ror: `https://ror.org/${String(n)}`,
      display_name: `Institution number ${String(n)}`,
      country_code: 'CH',
      type: 'education',
      homepage_url: `https://example.org/${String(n)}`,
      display_name_alternatives: [`Institut ${String(n)}`, `Istituto ${String(n)}`],
      works_count: n % 1000,
      summary_stats: { '2yr_mean_citedness': 1.5, h_index: 12, i10_index: 34 },
      geo: { city: 'Bern', latitude: 46.948, longitude: 7.447 },
    };
  });
  const links = { self: `?page=${String(page)}`, next: page + 1 < pages ? `?page=${String(page + 1)}` : null };
  return { meta: { count: pages * PAGE_SIZE }, links, results };
}
