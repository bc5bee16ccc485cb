/** Ends a run in the ledger whose workflow is closed or lost, so that its job is free and its stage is gone. */
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { inTransaction, type Pool } from '../../postgres/pool.ts';
import { abandonRun, endRun } from '../../postgres/ledger/run-endings.ts';
import { findRun } from '../../postgres/ledger/run-rows.ts';
import type { RunFailure } from '../../records/run.ts';
import { dropStages } from '../stage/stage-lifecycle.ts';

/**
 * Releases a run whose workflow is known to do nothing more. Returns false if the run has ended meanwhile. `why` is the error
 * of the run; by default, that its workflow was closed from outside.
 */
export async function releaseRun(pool: Pool, run: string, why?: RunFailure): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await endFrozenSessions(client, run);
    const row = await findRun(client, run, true);
    if (row === undefined || row.finished_at !== null) return false;
    if (why === undefined) await abandonRun(client, row);
    else await endRun(client, run, { outcome: 'cancelled', error: why, decision: undefined });
    await dropStages(client, run);
    return true;
  });
}
