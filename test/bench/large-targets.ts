/**
 * The cost of a run follows what changed and not the table: the same 150 records, and then 15 changed ones, into tables
 * of 30,000 rows and of millions. The rows are generated in the database, as another job's records would be there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { openBenchRuns, type BenchRuns } from './bench-runs.ts';
import { median } from './measure.ts';
import { printBudget } from './print-budget.ts';
import type { BenchServers } from './servers.ts';

export interface LargeTargets {
  readonly servers: BenchServers;
  readonly directory: string;
  readonly rounds: number;
  /** Rows of each table; the first one is compared with. */
  readonly sizes: readonly number[];
}

const RECORDS = 150;
const CHANGED = 15;

interface Times {
  readonly unchanged: number;
  readonly changed: number;
}

export async function benchLargeTargets({ servers, directory, rounds, sizes }: LargeTargets): Promise<void> {
  const runs = await openBenchRuns(servers);
  const database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  console.log(`\n${String(RECORDS)} records into large tables, median of ${String(rounds)}`);
  try {
    let base: Times | undefined;
    for (const size of sizes) {
      const times = await timeTable(runs, database, directory, size, rounds);
      console.log(
        `  ${size.toLocaleString('en')} rows: unchanged ${times.unchanged.toFixed(2)} s, ${String(CHANGED)} changed ${times.changed.toFixed(2)} s`,
      );
      base ??= times;
      if (base === times) continue;
      for (const kind of ['unchanged', 'changed'] as const) {
        const ratio = times[kind] / base[kind];
        printBudget(
          `${kind}: ${size.toLocaleString('en')} rows / first`,
          `${ratio.toFixed(2)} x`,
          '<= 1.5 x',
          ratio <= 1.5,
        );
      }
    }
  } finally {
    await database.end();
    await runs.close();
  }
}

async function timeTable(
  runs: BenchRuns,
  database: pg.Client,
  directory: string,
  size: number,
  rounds: number,
): Promise<Times> {
  const table = `large_${String(size)}`;
  const path = join(directory, `${table}.jsonl`);
  const config = {
    id: table.replaceAll('_', '-'),
    title: table,
    readers: [{ type: 'file', args: { path } }, { type: 'jsonl' }],
    transformers: [],
    writers: [{ type: 'postgres', args: { table } }],
  };
  writeRecords(path, 0);
  await runs.run(config, { force: true });
  await fillTable(database, table, config.id, size - RECORDS);
  // Counts the table once, since it was filled by hand.
  await runs.run(config, { force: true });
  const unchanged: number[] = [];
  const changed: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const same = await runs.run(config, { force: true });
    expectCounts(same.report.tasks[0]?.targets[0], { unchanged: RECORDS, updated: 0 });
    unchanged.push(same.seconds);
    writeRecords(path, round);
    const other = await runs.run(config, { force: true });
    expectCounts(other.report.tasks[0]?.targets[0], { unchanged: RECORDS - CHANGED, updated: CHANGED });
    changed.push(other.seconds);
  }
  return { unchanged: median(unchanged), changed: median(changed) };
}

function expectCounts(found: object | undefined, expected: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(expected)) {
    const value = (found as Readonly<Record<string, number>> | undefined)?.[name];
    if (value !== count) throw new Error(`expected ${String(count)} ${name}, found ${String(value)}`);
  }
}

/** Another `version` changes the first few. */
function writeRecords(path: string, version: number): void {
  const line = (i: number): string =>
    JSON.stringify({ id: `record-${String(i)}`, name: `Record ${String(i)}`, version: i < CHANGED ? version : 0 });
  writeFileSync(path, Array.from({ length: RECORDS }, (_, i) => `${line(i)}\n`).join(''));
}

/** In batches, so that no transaction holds all of it. */
async function fillTable(database: pg.Client, table: string, job: string, rows: number): Promise<void> {
  const batch = 1_000_000;
  for (let from = 1; from <= rows; from += batch) {
    await database.query(
      `INSERT INTO vocabularies.${table} (id, record, hash, source_hash, job_id)
       SELECT 'row-' || n, jsonb_build_object('id', 'row-' || n, 'name', 'Row number ' || n, 'country', 'CH', 'number', n),
         sha256(n::text::bytea), substr(sha256(n::text::bytea), 1, 16), $3
       FROM generate_series($1::bigint, $2::bigint) n`,
      [from, Math.min(from + batch - 1, rows), job],
    );
  }
  await database.query(`VACUUM (ANALYZE) vocabularies.${table}`);
}
