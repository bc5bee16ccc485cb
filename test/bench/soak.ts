/**
 * `npx tsx test/bench/soak.ts [--runs 500] [--records 34000] [--every 10]`: runs of one job in a row, with changes in
 * every tenth. The last unchanged runs must take no longer than the first ones (1.3 times), and the memory and the file
 * descriptors of the worker must stay flat. Needs `npm run build`. Exits with 1 if a budget is exceeded.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openBenchRuns } from './bench-runs.ts';
import { median } from './measure.ts';
import { printBudget } from './print-budget.ts';
import { startBenchServers } from './servers.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    records: { type: 'string', default: '34000' },
    every: { type: 'string', default: '10' },
  },
});
const [runs, records, every] = [Number(values.runs), Number(values.records), Number(values.every)];
/** The medians at both ends are of so many unchanged runs. */
const ENDS = 20;
/**
 * V8 lets the heap of the worker grow for so many runs before it collects all of it. Measured: 200 MB at the first run, 182 MB
 * at run 51, 229 MB from run 151 on, and 206 MB after a full collection at run 401, which left 46 MB in the heap.
 */
const WARM_UP = 150;
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

interface Sample {
  readonly run: number;
  readonly seconds: number;
  readonly megabytes: number;
  readonly descriptors: number;
}

const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-soak-'));
const servers = await startBenchServers(directory, CLI);
const bench = await openBenchRuns(servers);
const database = new pg.Client({ connectionString: servers.databaseUrl });
await database.connect();
const path = join(directory, 'records.jsonl');
const config = {
  id: 'soak',
  title: 'Soak',
  readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
  transformers: [],
  writers: [{ type: 'postgres', args: { table: 'soak', on_missing: 'withdraw' } }],
};
const samples: Sample[] = [];
try {
  for (let run = 0; run < runs; run++) await runOnce(run);
  report();
} finally {
  await database.end();
  await bench.close();
  await servers.stop();
  rmSync(directory, { recursive: true, force: true });
}

/** A run that changes nothing reads everything all the same: it is the work that must not slow down. */
async function runOnce(run: number): Promise<void> {
  const changes = run % every === 0;
  if (changes) writeRecords(run);
  const { report: ended, seconds } = await bench.run(config, { force: true });
  const target = ended.tasks[0]?.targets[0];
  const changed = (target?.inserted ?? 0) + (target?.updated ?? 0);
  if (ended.outcome !== 'success' || changed !== (changes ? records : 0))
    throw new Error(`run ${String(run)} ended as ${String(ended.outcome)} with ${String(changed)} changes`);
  if (changes) return;
  const sample = { run, seconds, megabytes: residentMegabytes(servers.workerPid), descriptors: openDescriptors() };
  samples.push(sample);
  if (run % 50 === 1) {
    console.log(
      `  run ${String(run).padStart(4)}: ${seconds.toFixed(2)} s, worker ${sample.megabytes.toFixed(0)} MB, ${String(sample.descriptors)} descriptors, dead rows ${await deadRows()}`,
    );
  }
}

function writeRecords(version: number): void {
  const line = (i: number): string =>
    JSON.stringify({ id: `record-${String(i)}`, name: `Record number ${String(i)}`, text: 'x'.repeat(200), version });
  writeFileSync(path, Array.from({ length: records }, (_, i) => `${line(i)}\n`).join(''));
}

function report(): void {
  const seconds = samples.map((sample) => sample.seconds);
  const [first, last] = [median(seconds.slice(0, ENDS)), median(seconds.slice(-ENDS))];
  const warm = samples.filter(({ run }) => run >= Math.min(WARM_UP, runs / 4));
  const memory = [warm.slice(0, ENDS), warm.slice(-ENDS)].map((end) => median(end.map(({ megabytes }) => megabytes)));
  const descriptors = [warm.slice(0, ENDS), warm.slice(-ENDS)].map((end) =>
    median(end.map((sample) => sample.descriptors)),
  );
  console.log(
    `\n${String(runs)} runs of ${String(records)} records, changes in every ${String(every)}th; unchanged runs: first ${first.toFixed(2)} s, last ${last.toFixed(2)} s`,
  );
  check('last unchanged run / first', last / first, '<= 1.3 x', 1.3);
  check('memory of the worker, last / first', (memory[1] ?? 0) / (memory[0] ?? 1), '<= 1.2 x', 1.2);
  check('file descriptors, last / first', (descriptors[1] ?? 0) / (descriptors[0] ?? 1), '<= 1.1 x', 1.1);
}

function check(what: string, ratio: number, budget: string, most: number): void {
  printBudget(what, `${ratio.toFixed(2)} x`, budget, ratio <= most);
  if (ratio > most) process.exitCode = 1;
}

function residentMegabytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  return Number(match?.[1] ?? '0') / 1024;
}

function openDescriptors(): number {
  return readdirSync(`/proc/${String(servers.workerPid)}/fd`).length;
}

async function deadRows(): Promise<string> {
  const { rows } = await database.query<{ n: string }>(
    `SELECT n_dead_tup AS n FROM pg_stat_user_tables WHERE schemaname = 'vocabularies' AND relname = 'soak'`,
  );
  return rows[0]?.n ?? '?';
}
