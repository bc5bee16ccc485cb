/** Stores the measured impact of runs. A later measurement replaces an earlier one. */
import type { Impact } from '../../records/impact.ts';
import type { GuardTrip } from '../../records/run.ts';
import type { Pool } from '../pool.ts';
import { IMPACT_RESULT, TASK_TRIPS } from './json-columns.ts';
import type { TaskRow } from './run-rows.ts';

export interface TaskImpact extends Impact {
  readonly task: string;
}

export async function saveImpact(pool: Pool, { run_id: run, name }: TaskRow, impact: Impact): Promise<void> {
  await pool.query(
    `INSERT INTO vocab_sync.impact (run_id, task, target, result) VALUES ($1, $2, $3, $4)
     ON CONFLICT (run_id, task, target) DO UPDATE SET result = excluded.result, measured_at = clock_timestamp()`,
    [run, name, impact.target, IMPACT_RESULT.toText(impact)],
  );
}

export async function listImpacts(pool: Pool, run: string): Promise<readonly TaskImpact[]> {
  const { rows } = await pool.query<{ task: string; result: unknown }>(
    'SELECT task, result FROM vocab_sync.impact WHERE run_id = $1 ORDER BY task, target',
    [run],
  );
  return rows.map(({ task, result }) => ({ task, ...IMPACT_RESULT.parse(result, run) }));
}

/** Replaces the earlier findings of this guard for the task. */
export async function saveTrips(
  pool: Pool,
  { run_id: run, name, trips }: TaskRow,
  guard: string,
  found: readonly GuardTrip[],
): Promise<void> {
  const kept = (trips ?? []).filter((trip) => trip.guard !== guard);
  await pool.query('UPDATE vocab_sync.task SET trips = $3 WHERE run_id = $1 AND name = $2 AND applied_at IS NULL', [
    run,
    name,
    TASK_TRIPS.toText([...kept, ...found]),
  ]);
}
