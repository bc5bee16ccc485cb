/**
 * Starts a step: sessions of abandoned attempts of the run lose their locks, and the ledger stores the phase of the
 * run.
 */
import { endFrozenSessions } from '../postgres/frozen-sessions.ts';
import { withClient } from '../postgres/pool.ts';
import { setPhase } from '../postgres/ledger/run-rows.ts';
import type { Phase } from '../records/outcome.ts';
import type { Engine } from './engine.ts';

export async function enterPhase(engine: Engine, run: string, phase: Phase): Promise<void> {
  await withClient(engine.pool, async (client) => {
    // Other partitions may be staged at the same time; every other step has the run to itself.
    if (phase !== 'stage') await endFrozenSessions(client, run);
    await setPhase(client, run, phase);
  });
}
