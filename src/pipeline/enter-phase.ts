/** The beginning of a step: whoever was given up in the run lets go of its locks, and the ledger says where the run is. */
import { endFrozenSessions } from '../postgres/frozen-sessions.ts';
import { withClient } from '../postgres/pool.ts';
import { setPhase } from '../postgres/ledger/run-rows.ts';
import type { Phase } from '../records/outcome.ts';
import type { Engine } from './engine.ts';

export async function enterPhase(engine: Engine, run: string, phase: Phase): Promise<void> {
  await withClient(engine.pool, async (client) => {
    // Other partitions may be staged beside this one; every other step has the run for itself.
    if (phase !== 'stage') await endFrozenSessions(client, run);
    await setPhase(client, run, phase);
  });
}
