/**
 * The budget of tables: the same records from a Parquet file and from an Excel workbook, by `preview` into a file of lines
 * and into PostgreSQL, compared with a bare loop that checks nothing, and with DuckDB and openpyxl.
 */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBenchRuns, type BenchRuns } from './bench-runs.ts';
import { growParquet, growXlsx } from './grow-files.ts';
import { median, readPeakMegabytes, resetPeak, runCommand } from './measure.ts';
import type { Peers, PeerTimes } from './peers.ts';
import { printBudget, printPeer } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface FilesRoad {
  readonly servers: BenchServers;
  /** `dist/src/cli/main.js`. */
  readonly cli: string;
  readonly directory: string;
  readonly rounds: number;
  readonly peers: Peers | undefined;
  readonly parquetRows: number;
  readonly xlsxRows: number;
}

interface TableKind {
  readonly reader: 'parquet' | 'xlsx';
  readonly rows: number;
  readonly fields: readonly string[];
  readonly peer: { readonly mode: string; readonly name: string };
  /** The least rate of `preview` as a part of the bare loop's, and the most memory. */
  readonly least: number;
  readonly mostMemory: number;
  grow(path: string, rows: number): void;
}

const BARE = fileURLToPath(new URL('bare-files.ts', import.meta.url));
const FIELDS = ['id', 'acronym', 'country', 'works', 'latitude', 'modified'];

export async function benchFiles({ parquetRows, xlsxRows, ...road }: FilesRoad): Promise<void> {
  const runs = await openBenchRuns(road.servers);
  try {
    await benchTable(road, runs, {
      reader: 'parquet',
      rows: parquetRows,
      fields: [...FIELDS, 'aliases'],
      peer: { mode: 'duckdb', name: 'DuckDB' },
      least: 0.5,
      mostMemory: 1.2,
      grow: growParquet,
    });
    await benchTable(road, runs, {
      reader: 'xlsx',
      rows: xlsxRows,
      fields: FIELDS,
      peer: { mode: 'openpyxl', name: 'openpyxl' },
      least: 0.2,
      mostMemory: 2.5,
      grow: growXlsx,
    });
  } finally {
    await runs.close();
  }
}

async function benchTable(road: Omit<FilesRoad, 'parquetRows' | 'xlsxRows'>, runs: BenchRuns, kind: TableKind) {
  const { servers, cli, directory, rounds, peers } = road;
  const { reader, rows, peer } = kind;
  const path = join(directory, `institutions.${reader}`);
  kind.grow(path, rows);
  const job = jobOf(kind, path);
  const jobPath = join(directory, `${reader}.json`);
  writeFileSync(jobPath, JSON.stringify(job));
  const out = join(directory, `${reader}.jsonl`);
  const times = { bare: [] as number[], preview: [] as number[], load: [] as number[], peer: [] as PeerTimes[] };
  const memory = { bare: 0, preview: 0 };
  resetPeak(servers.workerPid);
  for (let round = 0; round < rounds; round++) {
    const bare = await runCommand(process.execPath, ['--import', 'tsx', BARE, reader, path, out]);
    const counted = JSON.parse(bare.stdout) as Pick<PeerTimes, 'records' | 'seconds' | 'megabytes'>;
    expectRows(`the bare loop over ${reader}`, counted.records, rows);
    times.bare.push(counted.seconds);
    memory.bare = Math.max(memory.bare, counted.megabytes);
    const preview = await runCommand(
      'bash',
      ['-c', 'exec "$@" > "$OUT"', '-', process.execPath, cli, 'preview', jobPath],
      {
        OUT: out,
      },
    );
    times.preview.push(preview.seconds);
    memory.preview = Math.max(memory.preview, preview.peakMegabytes);
    const lines = await runCommand('bash', ['-c', `grep -c '"record":' "$OUT"`], { OUT: out });
    expectRows(`preview of ${reader}`, Number(lines.stdout), rows);
    const table = `bench_${reader}_${String(Date.now())}`;
    const { report, seconds } = await runs.run({ ...job, writers: [{ type: 'postgres', args: { table } }] });
    expectRows(`the load of ${reader}`, report.tasks[0]?.targets[0]?.inserted ?? 0, rows);
    times.load.push(seconds);
    const other = await peers?.run(peer.mode, [path, out]);
    if (other === undefined) continue;
    expectRows(peer.name, other.records, rows);
    times.peer.push(other);
  }
  const workerPeak = readPeakMegabytes(servers.workerPid);
  const rate = (seconds: readonly number[]): number => rows / median(seconds);
  const [bare, preview, load] = [rate(times.bare), rate(times.preview), rate(times.load)];
  console.log(
    `\n${reader}: ${String(rows)} rows, ${(statSync(path).size / 1e6).toFixed(1)} MB, median of ${String(rounds)}\n` +
      `  bare loop ${bare.toFixed(0)} records/s, ${memory.bare.toFixed(0)} MB; preview, whole process ${preview.toFixed(0)} records/s, ${memory.preview.toFixed(0)} MB`,
  );
  const ratio = preview / bare;
  printBudget('preview / bare loop', `${ratio.toFixed(2)} x`, `>= ${String(kind.least)} x`, ratio >= kind.least);
  const more = memory.preview / memory.bare;
  printBudget('memory / bare loop', `${more.toFixed(2)} x`, `<= ${String(kind.mostMemory)} x`, more <= kind.mostMemory);
  printBudget('rate into PostgreSQL', `${load.toFixed(0)} records/s`, '>= 10,000', load >= 10_000);
  printBudget('peak memory of the worker', `${workerPeak.toFixed(0)} MB`, '<= 256 MB', workerPeak <= 256);
  if (times.peer.length === 0) return;
  const others = rows / median(times.peer.map(({ wholeSeconds }) => wholeSeconds));
  printPeer(`preview / ${peer.name}, whole processes`, preview / others, `${others.toFixed(0)} records/s`);
  const megabytes = Math.max(...times.peer.map((one) => one.megabytes));
  printPeer(`memory / ${peer.name}`, memory.preview / megabytes, `${megabytes.toFixed(0)} MB`);
}

function expectRows(who: string, found: number, rows: number): void {
  if (found !== rows) throw new Error(`${who} made ${String(found)} of ${String(rows)} records`);
}

function jobOf({ reader, fields }: TableKind, path: string): Readonly<Record<string, unknown>> {
  const plain = fields.map((name) => [`/${name}`, { from: `/${name}`, required: name !== 'acronym' }] as const);
  return {
    id: `bench-${reader}`,
    title: `The benchmark of ${reader}`,
    readers: [{ type: 'file', args: { origin: path } }, { type: reader }],
    transformers: [{ type: 'map', args: { fields: { ...Object.fromEntries(plain), '/title/en': { from: '/name' } } } }],
    writers: [{ type: 'postgres', args: { table: `bench_${reader}` } }],
  };
}
