/**
 * `npx tsx test/bench/control.ts [--jobs 500] [--runs 10000] [--changes 5000000] [--explain]`: how long the commands around stored
 * jobs take as processes, and the queries of the ledger at the size of years. Needs `npm run build`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportWatermark } from '../../src/cli/commands/watermark/watermark-report.ts';
import { reportRun } from '../../src/pipeline/finish/report-run.ts';
import { readChanges } from '../../src/postgres/ledger/change-history.ts';
import { findRunId, listRuns } from '../../src/postgres/ledger/history.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { openPool, type Pool } from '../../src/postgres/pool.ts';
import { readRecordHistory } from '../../src/postgres/ledger/record-history.ts';
import { tableTarget } from '../../src/postgres/publish/target.ts';
import { fillLedger } from './fill-ledger.ts';
import { runCommand } from './measure.ts';
import { startBenchServers } from './servers.ts';

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '500' },
    runs: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '5000000' },
    explain: { type: 'boolean', default: false },
  },
});
const directory = mkdtempSync(join(tmpdir(), 'vocab-sync-bench-'));
const servers = await startBenchServers(directory, CLI);
const pool = openPool({ url: servers.databaseUrl });
try {
  await migrate(servers.databaseUrl);
  await benchJobs(Number(values.jobs));
  await fillLedger(pool, { jobs: 100, runs: Number(values.runs), changes: Number(values.changes) });
  await benchLedger();
} finally {
  await pool.end();
  await servers.stop();
  rmSync(directory, { recursive: true, force: true });
}

async function benchJobs(count: number): Promise<void> {
  if (count === 0) return;
  mkdirSync(join(directory, 'jobs'));
  for (let n = 1; n <= count; n += 1) writeJob(n, 'first');
  await command(`apply of ${String(count)} new jobs`, 'apply', join(directory, 'jobs'));
  await command('again, nothing differs', 'apply', join(directory, 'jobs'));
  for (let n = 1; n <= count; n += 1) writeJob(n, 'second');
  await command('every job changed', 'apply', join(directory, 'jobs'));
  await command('a dry run', 'apply', join(directory, 'jobs'), '--dry-run');
  await command('job list', 'job', 'list');
}

function writeJob(n: number, title: string): void {
  const id = `bench-${String(n)}`;
  const job = {
    id,
    title: `${title} ${String(n)}`,
    schedule: { type: 'crontab', cron: `${String(n % 60)} 3 * * 1`, timezone: 'Europe/Zurich' },
    vocabulary: 'affiliations',
    readers: [{ type: 'file', args: { path: 'lines.jsonl' } }, { type: 'jsonl' }],
    writers: [{ type: 'postgres', args: { table: `bench_${String(n)}` } }],
  };
  writeFileSync(join(directory, 'jobs', `${id}.json`), JSON.stringify(job));
}

async function command(name: string, ...words: readonly string[]): Promise<void> {
  const { seconds } = await runCommand(process.execPath, [CLI, ...words], servers.env);
  print(name, seconds * 1000, 5000);
}

async function benchLedger(): Promise<void> {
  const { rows } = await pool.query<{ id: string; job_id: string }>(
    `SELECT id, job_id FROM vocab_sync.run WHERE outcome = 'success' ORDER BY started_at DESC LIMIT 1`,
  );
  const [run] = rows;
  if (run === undefined) return;
  const job = { id: run.job_id, accept_partial: false };
  const bench = tableTarget('postgres:bench', 'bench');
  await pool.query('CREATE TABLE IF NOT EXISTS vocabularies.bench (id text PRIMARY KEY, record jsonb)');
  const record = await pool.query<{ id: string }>('SELECT id FROM vocab_sync.change WHERE run_id = $1 LIMIT 1', [
    run.id,
  ]);
  const questions: Record<string, (db: Pool) => Promise<unknown>> = {
    runs: (db) => listRuns(db, { limit: 20 }),
    'runs JOB --status failed': (db) => listRuns(db, { limit: 20, job: run.job_id, status: 'failed' }),
    'runs --trigger manual --after': (db) => listRuns(db, { limit: 20, trigger: 'manual', after: new Date(0) }),
    'runs, a page far back': (db) => listRuns(db, { limit: 20, before: new Date(Date.now() - 3_600_000 * 5000) }),
    'a run by a prefix of its id': (db) => findRunId(db, run.id.slice(0, 18)),
    'JOB@latest': (db) => findRunId(db, `${run.job_id}@latest`),
    show: (db) => reportRun({ pool: db, webUi: () => null }, run.id),
    changes: (db) => readChanges(db, run.id, { limit: 100 }, () => [bench]),
    'changes, all of a run': (db) => readChanges(db, run.id, { limit: 10_000 }, () => [bench]),
    watermark: (db) => reportWatermark(db, job),
    history: (db) => readRecordHistory(db, record.rows[0]?.id ?? '', ['postgres:bench']),
  };
  for (const [name, ask] of Object.entries(questions)) {
    await ask(pool);
    const started = performance.now();
    await ask(pool);
    print(name, performance.now() - started, 200);
    if (values.explain) await ask(explaining(pool));
  }
}

/** Prints the plan of each query before it is run. */
function explaining(db: Pool): Pool {
  const query = async (
    ...[first, given]: [string | { text: string; values?: unknown[] }, unknown[]?]
  ): Promise<unknown> => {
    const [text, parameters] = typeof first === 'string' ? [first, given ?? []] : [first.text, first.values ?? []];
    const plan = await db.query<Record<string, string>>(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) ${text}`, parameters);
    console.log(plan.rows.map((row) => `      ${row['QUERY PLAN'] ?? ''}`).join('\n'));
    return db.query(text, parameters);
  };
  return new Proxy(db, { get: (target, key) => (key === 'query' ? query : (Reflect.get(target, key) as unknown)) });
}

function print(name: string, milliseconds: number, limit: number): void {
  const over = milliseconds > limit ? `  OVER ${String(limit)} ms` : '';
  console.log(`${name.padEnd(34)} ${milliseconds.toFixed(0).padStart(6)} ms${over}`);
}
