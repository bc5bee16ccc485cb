/** Drops stage tables together with their checkpoints, which must not outlive them. */
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { listTasks } from '../../postgres/ledger/run-rows.ts';
import { inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { dropPartitions } from '../../postgres/stage/partitions.ts';
import { dropStage, stageNames } from '../../postgres/stage/stage-table.ts';
import type { Engine } from '../engine.ts';
import type { OpenTask } from '../open-task.ts';

/** Drops the stage tables and checkpoints of a run that no longer needs them. */
export async function dropStages(client: PoolClient, run: string): Promise<void> {
  for (const task of await listTasks(client, run)) await dropStage(client, stageNames(run, task.ordinal));
  await dropPartitions(client, run);
}

/**
 * Drops the stage of one task, so that its source is staged again. If only the checkpoints were kept, the next attempt would
 * treat the task as staged.
 */
export async function forgetStage(engine: Engine, task: OpenTask): Promise<void> {
  await inTransaction(engine.pool, async (client) => {
    await endFrozenSessions(client, task.run.id);
    await dropStage(client, task.names);
    await dropPartitions(client, task.run.id, task.row.name);
  });
}
