/**
 * `npx tsx test/bench/limited-rest.ts [--records 30000] [--per-second 50] [--failing 0.05] [--seed 1]`: a first load into a
 * REST target that allows so many requests a second and fails on a part of them, half of these after it did the work. Every record
 * must be there exactly once, within 1.1 times the time that the limit allows for so many records, and the memory of the
 * worker must stay flat. Needs `npm run build`. Takes ten minutes. Exits with 1 if it is not so.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { restArgsFor } from '../support/rest-server.ts';
import { startLimitedRest } from '../support/limited-rest.ts';
import { openBenchRuns } from './bench-runs.ts';
import { readPeakMegabytes } from './measure.ts';
import { printBudget } from './print-budget.ts';
import { startBenchServers } from './servers.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '30000' },
    'per-second': { type: 'string', default: '50' },
    failing: { type: 'string', default: '0.05' },
    seed: { type: 'string', default: '1' },
  },
});
const [records, perSecond, seed] = [Number(values.records), Number(values['per-second']), Number(values.seed)];
const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const EVERY_MS = 5000;

const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-limited-'));
const { server, seen } = await startLimitedRest({ perSecond, failing: Number(values.failing), seed });
const servers = await startBenchServers(directory, CLI);
const runs = await openBenchRuns(servers);
const samples: number[] = [];
const sampling = setInterval(() => {
  samples.push(residentMegabytes(servers.workerPid));
  if (samples.length % 12 === 0) {
    console.log(`  ${String((samples.length * EVERY_MS) / 1000)} s: ${String(server.records.size)} records`);
  }
}, EVERY_MS);
try {
  const path = join(directory, 'records.jsonl');
  const line = (i: number): string =>
    JSON.stringify({ id: idOf(i), name: `Record ${String(i)}`, text: 'x'.repeat(300) });
  writeFileSync(path, Array.from({ length: records }, (_, i) => `${line(i)}\n`).join(''));
  const started = performance.now();
  const { report } = await runs.run({
    id: 'limited-rest',
    title: 'Limited',
    readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type: 'rest', args: { ...restArgsFor(server.url), requests_per_second: perSecond } }],
  });
  print((performance.now() - started) / 1000, report.tasks[0]?.targets[0]);
} finally {
  clearInterval(sampling);
  await runs.close();
  await servers.stop();
  await server.close();
  rmSync(directory, { recursive: true, force: true });
}

function print(seconds: number, target: unknown): void {
  const created = server.done.filter((one) => one.startsWith('create '));
  const lost = Array.from({ length: records }, (_, i) => idOf(i)).filter((id) => !server.records.has(id)).length;
  const twice = created.length - new Set(created).size + server.done.length - created.length;
  const allowed = records / perSecond;
  const needed = server.requests.length / perSecond;
  console.log(
    `\n${String(records)} records, ${values['per-second']} requests/s, ${values.failing} failing, seed ${values.seed}`,
  );
  console.log(
    `  ${String(server.requests.length)} requests in ${seconds.toFixed(1)} s; failed before the work ${String(seen.failedBefore)}, after it ${String(seen.failedAfter)}; over the limit ${String(seen.limited)}`,
  );
  console.log(`  report: ${JSON.stringify(target)}`);
  hold('records lost', String(lost), '0', lost === 0);
  hold('records made or changed twice', String(twice), '0', twice === 0);
  hold('duration / records at the limit', ratio(seconds, allowed), '<= 1.1 x', seconds <= allowed * 1.1);
  hold('duration / requests at the limit', ratio(seconds, needed), '<= 1.1 x', seconds <= needed * 1.1);
  const [early, late] = [meanOf(samples, 0.15, 0.3), meanOf(samples, 0.85, 1)];
  hold('memory of the worker, late / early', ratio(late, early), '<= 1.2 x', late <= early * 1.2);
  const peak = readPeakMegabytes(servers.workerPid);
  hold('peak memory of the worker', `${peak.toFixed(0)} MB`, '<= 256 MB', peak <= 256);
}

function idOf(i: number): string {
  return `r${String(i).padStart(6, '0')}`;
}

function hold(what: string, found: string, budget: string, holds: boolean): void {
  printBudget(what, found, budget, holds);
  if (!holds) process.exitCode = 1;
}

function ratio(one: number, other: number): string {
  return `${(one / other).toFixed(3)} x`;
}

/** The mean of the samples between two parts of the run. */
function meanOf(all: readonly number[], from: number, to: number): number {
  const some = all.slice(Math.floor(all.length * from), Math.ceil(all.length * to));
  return some.reduce((sum, one) => sum + one, 0) / Math.max(1, some.length);
}

function residentMegabytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  return Number(match?.[1] ?? '0') / 1024;
}
