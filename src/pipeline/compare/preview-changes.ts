/**
 * Compares records with the targets of a job in the same way as a plan. Everything happens in one transaction that is
 * always rolled back, so no stage, plan or target table remains.
 */
import { randomUUID } from 'node:crypto';
import {
  countPlan,
  countStaged,
  createPlan,
  joinWholeTables,
  planChanges,
  planDeletions,
  planWithdrawals,
  removeDuplicates,
} from '../../postgres/publish/change-set.ts';
import { firstPlanned } from '../../postgres/publish/first-planned.ts';
import { ensureTarget } from '../../postgres/publish/target.ts';
import type { RecordChange } from '../../postgres/ledger/change-history.ts';
import { withClient, type Pool, type PoolClient } from '../../postgres/pool.ts';
import { createStageBatch } from '../../postgres/stage/stage-batch.ts';
import { appendStage, createStage, stageNames, type StageNames } from '../../postgres/stage/stage-table.ts';
import type { TargetCounts } from '../../records/counts.ts';
import type { OpenTarget } from '../open-task.ts';
import type { ItemResult } from '../stage/transform-items.ts';

export interface PreviewedJob {
  readonly job: string;
  readonly task: string;
  readonly targets: readonly OpenTarget[];
}

export interface PreviewedChanges {
  readonly targets: Readonly<Record<string, TargetCounts>>;
  /** Staged records of which a later one has the same id. */
  readonly duplicates: number;
  /** Rejected records without an id. Any published record may be one of them, so none counts as removed. */
  readonly withoutId: number;
  /** The first ones, updates before withdrawals before new records. */
  readonly changes: readonly RecordChange[];
}

export interface PreviewStage {
  /** The caller awaits a returned promise. */
  add(result: ItemResult): Promise<void> | undefined;
  /** `isWhole`: every record of the source was added, so that absence means removal. */
  compare(options: { readonly isWhole: boolean; readonly most: number }): Promise<PreviewedChanges>;
}

/** Bytes of records on their way to the database. */
const BATCH_BYTES = 4 * 1024 ** 2;

/** Calls `work` with an empty stage. The transaction begins with the first record, after the source was fetched. */
export async function withPreviewStage<T>(
  pool: Pool,
  job: PreviewedJob,
  work: (stage: PreviewStage) => Promise<T>,
): Promise<T> {
  return withClient(pool, async (client) => {
    let result: T;
    try {
      result = await work(createPreviewStage(client, job));
    } catch (error) {
      // If the connection is lost, so is the transaction, and the first error gives the reason.
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
    await client.query('ROLLBACK');
    return result;
  });
}

function createPreviewStage(client: PoolClient, { job, task, targets }: PreviewedJob): PreviewStage {
  const run = randomUUID();
  const names = stageNames(run, 0);
  const documents = targets.some(({ target }) => target.documents === 'json') ? 'json' : 'jsonb';
  const batch = createStageBatch(0, documents);
  const rejected = new Set<string>();
  let withoutId = 0;
  let seq = 0;
  let hasBegun = false;

  const flush = async (): Promise<void> => {
    if (!hasBegun) {
      hasBegun = true;
      await client.query('BEGIN');
      await createStage(client, names, documents);
    }
    await appendStage(client, names, batch);
    batch.clear();
  };

  /** A record that was read and rejected does not count as removed. */
  const keepRejected = async (ordinal: number): Promise<void> => {
    await client.query(`DELETE FROM ${names.plan} WHERE target = $1 AND op = 'withdraw' AND id = ANY ($2)`, [
      ordinal,
      [...rejected],
    ]);
  };

  return {
    add(result) {
      seq += 1;
      if (result.kind === 'staged') {
        const { id, json } = result.document;
        batch.addRow({ seq, id, json, sourceHash: undefined });
      } else if (result.kind === 'filtered') {
        if (result.deletes !== undefined) batch.addDeletion({ seq, id: result.deletes });
      } else if (result.rejection.recordId === undefined) withoutId += 1;
      else rejected.add(result.rejection.recordId);
      return batch.bytes >= BATCH_BYTES ? flush() : undefined;
    },
    async compare({ isWhole, most }) {
      await flush();
      await joinWholeTables(client);
      const { staged, duplicates } = await settleStage(client, names);
      await createPlan(client, names);
      const counts: Record<string, TargetCounts> = {};
      const changes: RecordChange[] = [];
      for (const [ordinal, { target, onMissing }] of targets.entries()) {
        await ensureTarget(client, target);
        await planChanges(client, names, { target, ordinal, job, knownAreEqual: false });
        if (isWhole && withoutId === 0 && onMissing === 'withdraw') {
          await planWithdrawals(client, names, target, ordinal, { job, run });
          await keepRejected(ordinal);
        }
        await planDeletions(client, names, target, ordinal, job);
        counts[target.name] = await countPlan(client, names, ordinal, staged);
        const wanted = { target, ordinal, run, task, most: most - changes.length };
        changes.push(...(await firstChanges(client, names, wanted)));
      }
      return { targets: counts, changes, duplicates, withoutId };
    },
  };
}

/** Of several records with one id, keeps the last one. */
async function settleStage(client: PoolClient, names: StageNames) {
  const { records: added } = await countStaged(client, names);
  await removeDuplicates(client, names);
  const { records: staged } = await countStaged(client, names);
  return { staged, duplicates: added - staged };
}

type Wanted = Omit<Parameters<typeof firstPlanned>[2], 'op' | 'limit'> & { readonly most: number };

async function firstChanges(
  client: PoolClient,
  names: StageNames,
  { most, ...wanted }: Wanted,
): Promise<readonly RecordChange[]> {
  const changes: RecordChange[] = [];
  for (const op of ['update', 'withdraw', 'restore', 'insert'] as const) {
    const limit = most - changes.length;
    if (limit <= 0) return changes;
    const rows = await firstPlanned(client, names, { ...wanted, op, limit });
    const { task, target } = wanted;
    changes.push(...rows.map(({ id, before, after }) => ({ task, target: target.name, op, id, before, after })));
  }
  return changes;
}
