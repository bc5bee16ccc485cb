/** What the database says about a run: how far it is, what it left, what it published. */
import { expect } from 'vitest';
import type { Pool } from '../../src/postgres/pool.ts';
import type { RunReport } from '../../src/records/run.ts';
import { brokenConservation } from '../../src/records/counts.ts';
import type { KillBench, KillRun } from './kill-bench.ts';
import { makeSeed } from './kill-job.ts';
import { until } from './workflow-bench.ts';

export interface StageState {
  readonly read: number;
  readonly lease: string;
}

/** Polls until the stage is between its first batch and its last. */
export function untilStaging(
  pool: Pool,
  run: KillRun,
  where: (state: StageState) => boolean = hasBegun,
): Promise<StageState> {
  return until(`${run.job} is in the middle of its stage`, async () => {
    const { rows } = await pool.query<StageState & { state: string }>(
      `SELECT (tally ->> 'read')::integer AS read, lease, state FROM vocab_sync.partition WHERE run_id = $1`,
      [run.id],
    );
    const [row] = rows;
    if (row?.state === 'staged') throw new Error(`${run.job} was staged before it could be struck`);
    return row !== undefined && where(row) ? row : undefined;
  });
}

function hasBegun({ read }: StageState): boolean {
  return read > 0;
}

export function untilPhase(pool: Pool, run: KillRun, phase: string): Promise<true> {
  return until(`${run.job} is in phase ${phase}`, async () => {
    const { rows } = await pool.query<{ phase: string }>('SELECT phase FROM vocab_sync.run WHERE id = $1', [run.id]);
    return rows[0]?.phase === phase ? true : undefined;
  });
}

/** A digest of everything that a reader of the table can see of the records. */
export async function digestTable(pool: Pool, table: string): Promise<string> {
  const { rows } = await pool.query<{ n: number; digest: string }>(
    `SELECT count(*) AS n, md5(string_agg(md5(concat_ws('|', id, record, withdrawn_at IS NULL)), '' ORDER BY id COLLATE "C")) AS digest
     FROM vocabularies.${table}`,
  );
  return `${String(rows[0]?.n)} ${rows[0]?.digest ?? ''}`;
}

/** All rows of the ledger and the table, for "nothing was written". */
export async function digestLedger(pool: Pool, run: KillRun): Promise<readonly string[]> {
  const ledger = ['run', 'task', 'partition', 'rejection', 'change'];
  const digests: string[] = [];
  for (const table of [...ledger.map((name) => `vocab_sync.${name}`), `vocabularies.${run.table}`]) {
    const { rows } = await pool.query<{ digest: string | null }>(
      `SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) AS digest FROM ${table} t`,
    );
    digests.push(`${table} ${rows[0]?.digest ?? 'empty'}`);
  }
  return [...digests, ...(await leftovers(pool))];
}

/** Tables of runs and checkpoints that should be gone with them. */
export async function leftovers(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = 'vocab_sync' AND relkind = 'r' AND (relname LIKE 'stage\\_%' OR relname LIKE 'plan\\_%')
     UNION ALL SELECT 'partition of ' || run_id FROM vocab_sync.partition`,
  );
  return rows.map(({ name }) => name);
}

/** What a run that nobody disturbed came to. */
export interface Undisturbed {
  readonly digest: string;
  readonly report: RunReport;
}

/** Publishes the dump once to make the seed of all tables of it, and once into a table with that seed. */
export async function runUndisturbed(bench: KillBench): Promise<Undisturbed> {
  await bench.workers(2);
  const full = await bench.start('kill-full');
  await full.report();
  await makeSeed(bench.pool, full.table);
  const run = await bench.start('kill-base');
  const report = await run.report();
  const [target] = report.tasks[0]?.targets ?? [];
  for (const n of [target?.inserted, target?.updated, target?.restored, target?.withdrawn, target?.unchanged]) {
    expect(n).toBeGreaterThan(0);
  }
  return { report, digest: await digestTable(bench.pool, run.table) };
}

/** The same table, the same counts, every change written down once and nothing left lying about. */
export async function expectLike(
  pool: Pool,
  base: Undisturbed,
  run: Pick<KillRun, 'id' | 'table'>,
  report: RunReport,
): Promise<void> {
  const [task] = report.tasks;
  const [baseTask] = base.report.tasks;
  expect(report).toMatchObject({ run: run.id, outcome: base.report.outcome, error: null });
  expect(task?.counts).toEqual(baseTask?.counts);
  expect(warningsOf(report)).toEqual(warningsOf(base.report));
  expect({ ...task?.targets[0], name: '' }).toEqual({ ...baseTask?.targets[0], name: '' });
  if (task?.targets[0] !== undefined) {
    expect(brokenConservation(task.counts, { [task.targets[0].name]: task.targets[0] })).toBeUndefined();
  }
  expect(await digestTable(pool, run.table)).toBe(base.digest);
  expect(await countChanges(pool, run)).toEqual(changesOf(report));
  expect(await leftovers(pool)).toEqual([]);
}

/** Their samples name the source reader, which is another one where the dump is downloaded. */
function warningsOf({ tasks }: RunReport): readonly unknown[] {
  return tasks.flatMap(({ warnings }) => warnings.map(({ code, count }) => ({ code, count })));
}

export async function countChanges(pool: Pool, run: Pick<KillRun, 'id'>): Promise<Readonly<Record<string, number>>> {
  const { rows } = await pool.query<{ op: string; n: number }>(
    'SELECT op, count(*) AS n FROM vocab_sync.change WHERE run_id = $1 GROUP BY op',
    [run.id],
  );
  return Object.fromEntries(rows.map(({ op, n }) => [op, n]));
}

function changesOf(report: RunReport): Readonly<Record<string, number>> {
  const target = report.tasks[0]?.targets[0];
  const counts = {
    insert: target?.inserted ?? 0,
    update: target?.updated ?? 0,
    restore: target?.restored ?? 0,
    withdraw: target?.withdrawn ?? 0,
  };
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
}
