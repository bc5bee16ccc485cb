/** Finds the run that `cancel` or `terminate` stops. */
import { StateError } from '../../../errors.ts';
import { findRunId } from '../../../postgres/ledger/history.ts';
import type { Pool } from '../../../postgres/pool.ts';
import { findRun, type RunRow } from '../../../postgres/ledger/run-rows.ts';

/** Throws ConfigError E_RUN_NOT_FOUND, or E_RUN_STATE if the run has ended. */
export async function requireActiveRun(pool: Pool, reference: string): Promise<RunRow> {
  const id = await findRunId(pool, reference);
  const run = await findRun(pool, id);
  if (run?.finished_at === null) return run;
  throw new StateError(
    'E_RUN_STATE',
    `Run ${id} ended as ${run?.outcome ?? 'unknown'} already; there is nothing to stop.`,
    { details: { run: id } },
  );
}
