/**
 * `npm run bench`: the budgets, each held against its limit in the same run, as ratios. Needs unzip, tar and psql for the
 * limits. Usage: npm run bench -- [DUMP.zip] [--rounds N] [--grow N,N] [--road ror,openaire,orcid,large,start,api,map,files,targets]
 * [--rows 30000,3000000,20000000] [--scale 1] [--install-peers] [--out FILE]
 * `--scale 0.1` makes the inputs of the roads api, map and files smaller, to try them.
 * `--install-peers` installs dlt, DuckDB and others, which the roads api, map and files are compared with. `--out` also
 * writes what is printed into a file, as a section for docs/benchmark.md.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { benchApi } from './api-road.ts';
import { benchFiles } from './files-road.ts';
import { growDump } from './grow-dump.ts';
import { benchLargeTargets } from './large-targets.ts';
import { benchMap } from './map-road.ts';
import { median, readPeakMegabytes, resetPeak, runCommand } from './measure.ts';
import { benchOpenaire } from './openaire-road.ts';
import { benchOrcid } from './orcid-road.ts';
import { keepOutput } from './keep-output.ts';
import { openPeers } from './peers.ts';
import { printBudget } from './print-budget.ts';
import { benchStartUp } from './start-up.ts';
import { benchTargets } from './target-road.ts';
import { startBenchServers, type BenchServers } from './servers.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const SHARED_DUMP = fileURLToPath(new URL('../../../shared/data/ror/v2.9-2026-06-23-ror-data.zip', import.meta.url));
/** Measured on a machine of two cores, INVENIO.md 8 of the design: whole process, ROR read and transform. */
const INVENIO = { recordsPerSecond: 6_200, megabytes: 558 };

interface RunTimes {
  readonly first: number;
  readonly same: number;
  readonly known: number;
  readonly peakMegabytes: number;
  readonly records: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    grow: { type: 'string', default: '120000,360000' },
    road: { type: 'string', default: 'start,ror,openaire,orcid,large,api,map,files,targets' },
    rows: { type: 'string', default: '30000,3000000' },
    'install-peers': { type: 'boolean', default: false },
    out: { type: 'string' },
    scale: { type: 'string', default: '1' },
  },
});
const roads = values.road.split(',');
const rounds = Number(values.rounds);
const scaled = (size: number): number => Math.ceil(size * Number(values.scale));
const dump = positionals[0] ?? SHARED_DUMP;
if (roads.includes('ror') && !existsSync(dump))
  throw new Error(`no dump at ${dump}: name one, npm run bench -- PATH/TO/vX.Y-ror-data.zip`);
if (values.out !== undefined) keepOutput(values.out, rounds);
const peers = ['api', 'map', 'files'].some((road) => roads.includes(road))
  ? openPeers(values['install-peers'])
  : undefined;
const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-bench-'));
const servers = await startBenchServers(directory, CLI);
try {
  if (roads.includes('start')) await benchStartUp({ servers, cli: CLI, directory, rounds });
  if (roads.includes('ror')) await benchRor();
  if (roads.includes('openaire')) await benchOpenaire({ servers, cli: CLI, directory, rounds });
  if (roads.includes('large'))
    await benchLargeTargets({ servers, directory, rounds, sizes: values.rows.split(',').map(Number) });
  if (roads.includes('api')) await benchApi({ servers, cli: CLI, directory, rounds, peers, pages: scaled(1_000) });
  if (roads.includes('map')) await benchMap({ rounds, peers, records: scaled(200_000) });
  if (roads.includes('files')) {
    const sizes = { parquetRows: scaled(200_000), xlsxRows: scaled(100_000) };
    await benchFiles({ servers, cli: CLI, directory, rounds, peers, ...sizes });
  }
  if (roads.includes('targets')) await benchTargets({ servers, directory, rounds });
  if (roads.includes('orcid')) await benchOrcid({ servers, cli: CLI, directory, rounds });
} finally {
  await servers.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function benchRor(): Promise<void> {
  const peaks: number[] = [];
  for (const path of [dump, ...(await grown())]) peaks.push(await benchDump(path));
  const ratio = (peaks.at(-1) ?? 0) / (peaks.at(-2) ?? 1);
  if (peaks.length > 2)
    printBudget('peak memory, the dump three times as large', `${ratio.toFixed(2)} x`, '0.8 to 1.2 x', ratio <= 1.2);
  await benchPreview(dump);
}

async function grown(): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const size of values.grow
    .split(',')
    .filter((part) => part !== '')
    .map(Number)) {
    const out = join(directory, `grown-${String(size)}.zip`);
    await growDump({ dump, records: size, out });
    paths.push(out);
  }
  return paths;
}

/** Answers the peak memory of the worker in MB. */
async function benchDump(path: string): Promise<number> {
  const limits: number[] = [];
  const bares: number[] = [];
  const runs: RunTimes[] = [];
  for (let round = 0; round < rounds; round++) {
    limits.push(await timeLimit(path));
    runs.push(await timeRuns(servers, path, `bench_${String(Date.now())}`));
    bares.push(await timeBare(path));
  }
  const [first, same, known] = [
    median(runs.map((run) => run.first)),
    median(runs.map((run) => run.same)),
    median(runs.map((run) => run.known)),
  ];
  const peak = Math.max(...runs.map((run) => run.peakMegabytes));
  const [limit, bare] = [median(limits), median(bares)];
  console.log(
    `\n${path.split('/').at(-1) ?? path}: ${String(runs[0]?.records ?? 0)} records, median of ${String(rounds)}`,
  );
  console.log(
    `  limit (unzip | splitter | COPY) ${seconds(limit)}, bare pipeline ${seconds(bare)}, first load ${seconds(first)}, same again ${seconds(same)}, known digest ${seconds(known)}`,
  );
  printBudget('first load / limit', `${(first / limit).toFixed(2)} x`, '<= 1.3 x', first / limit <= 1.3);
  printBudget('same again / first load', `${(same / first).toFixed(2)} x`, '<= 0.5 x', same / first <= 0.5);
  printBudget('known digest', seconds(known), '< 1 s', known < 1);
  printBudget('first load / bare pipeline', `${(first / bare).toFixed(2)} x`, '<= 1.25 x', first / bare <= 1.25);
  printBudget('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
  return peak;
}

async function timeLimit(path: string): Promise<number> {
  const script = `psql -q "$URL" -c 'DROP TABLE IF EXISTS raw' -c 'CREATE TABLE raw (doc jsonb)' && unzip -p "$DUMP" '*-ror-data.json' | node "$SPLIT" | psql -q "$URL" -c "COPY raw FROM STDIN WITH (FORMAT csv, QUOTE e'\\x01', ESCAPE e'\\x01', DELIMITER e'\\x02')"`;
  const env = { URL: servers.databaseUrl, DUMP: path, SPLIT: join(HERE, 'split-records.js') };
  return (await runCommand('bash', ['-c', script], env)).seconds;
}

/** The pipeline times itself: starting node and loading modules is no part of it. */
async function timeBare(path: string): Promise<number> {
  const { stdout } = await runCommand(process.execPath, [
    '--import',
    'tsx',
    join(HERE, 'bare-pipeline.ts'),
    servers.databaseUrl,
    path,
  ]);
  return Number(stdout.trim());
}

async function timeRuns(on: BenchServers, path: string, table: string): Promise<RunTimes> {
  resetPeak(on.workerPid);
  const first = await runJob(on, path, table, true);
  const same = await runJob(on, path, table, true);
  const peakMegabytes = readPeakMegabytes(on.workerPid);
  const known = await runJob(on, path, table, false);
  if (first.inserted !== first.records)
    throw new Error(`first load inserted ${String(first.inserted)} of ${String(first.records)}`);
  if (same.changed !== 0) throw new Error(`the same dump again changed ${String(same.changed)} rows`);
  if (known.outcome !== 'unchanged') throw new Error(`a known dump ended as ${known.outcome}`);
  return { first: first.seconds, same: same.seconds, known: known.seconds, peakMegabytes, records: first.records };
}

interface Report {
  readonly outcome: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly tasks: readonly {
    readonly counts: { readonly read: number };
    readonly targets: readonly { readonly inserted: number; readonly updated: number; readonly withdrawn: number }[];
  }[];
}

/** From the row of the run being written to its end: what an operator sees as the duration. */
async function runJob(on: BenchServers, path: string, table: string, force: boolean) {
  const customArgs = JSON.stringify({ writers: { postgres: { table } } });
  const args = [
    CLI,
    'run',
    'ror-affiliations',
    '--input',
    path,
    '--json',
    '--custom-args',
    customArgs,
    ...(force ? ['--force'] : []),
  ];
  const { stdout } = await runCommand(process.execPath, args, on.env);
  const report = JSON.parse(stdout) as Report;
  const task = report.tasks[0];
  const target = task?.targets[0];
  return {
    outcome: report.outcome,
    seconds: (Date.parse(report.finished_at) - Date.parse(report.started_at)) / 1000,
    records: task?.counts.read ?? 0,
    inserted: target?.inserted ?? 0,
    changed: (target?.inserted ?? 0) + (target?.updated ?? 0) + (target?.withdrawn ?? 0),
  };
}

/** Read and transform alone, as a whole process, beside what InvenioRDM's own code takes. */
async function benchPreview(path: string): Promise<void> {
  const times: number[] = [];
  let peak = 0;
  const script = 'node "$CLI" preview ror-affiliations --input "$DUMP" | wc -l';
  let records = 0;
  for (let round = 0; round < rounds; round++) {
    const done = await runCommand('bash', ['-c', script], { CLI, DUMP: path });
    times.push(done.seconds);
    records = Number(done.stdout.trim());
    const alone = await runCommand(process.execPath, [CLI, 'preview', 'ror-affiliations', '--input', path]);
    peak = Math.max(peak, alone.peakMegabytes);
  }
  const rate = records / median(times);
  console.log(
    `\nread and transform, whole process: ${seconds(median(times))}, ${rate.toFixed(0)} records/s, peak ${peak.toFixed(0)} MB`,
  );
  printBudget(
    'rate / InvenioRDM (6,200 records/s)',
    `${(rate / INVENIO.recordsPerSecond).toFixed(1)} x`,
    '>= 6 x',
    rate / INVENIO.recordsPerSecond >= 6,
  );
  printBudget(
    'memory / InvenioRDM (558 MB)',
    `${(peak / INVENIO.megabytes).toFixed(2)} x`,
    '<= 0.5 x',
    peak / INVENIO.megabytes <= 0.5,
  );
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}
