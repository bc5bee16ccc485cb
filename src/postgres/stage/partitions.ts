/**
 * The checkpoints of staging. A partition belongs to the attempt that claimed it last: every batch commits together
 * with its checkpoint, and only while the lease drawn at the claim is still the current one.
 */
import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../errors.ts';
import type { Cursor } from '../../records/origin.ts';
import { createTally, type Tally } from '../../records/tally.ts';
import { PARTITION_CURSOR, PARTITION_TALLY } from '../ledger/json-columns.ts';
import type { PoolClient } from '../pool.ts';

export interface PartitionKey {
  readonly run: string;
  readonly task: string;
  readonly partition: number;
}

export interface Claim {
  readonly lease: string;
  /** The last durable record; undefined = nothing yet. */
  readonly after: Cursor | undefined;
  readonly tally: Tally;
  readonly state: 'running' | 'staged';
  /** True when what was staged before was made from something else and must go. */
  readonly restart: boolean;
}

interface PartitionRow {
  readonly state: 'running' | 'staged';
  readonly pin: string;
  readonly cursor: unknown;
  readonly tally: unknown;
}

/**
 * Takes the partition over from its previous holder. `pin` identifies the staged data: source digest, since and task
 * digest.
 */
export async function claimPartition(client: PoolClient, key: PartitionKey, pin: string): Promise<Claim> {
  const lease = randomUUID();
  const { rows } = await client.query<PartitionRow>(
    'SELECT state, pin, cursor, tally FROM vocab_sync.partition WHERE run_id = $1 AND task = $2 AND ordinal = $3 FOR UPDATE',
    [key.run, key.task, key.partition],
  );
  const row = rows[0];
  const resumes = row?.pin === pin;
  const claim: Claim =
    row !== undefined && resumes
      ? {
          lease,
          after: PARTITION_CURSOR.parseOptional(row.cursor, key.run) ?? undefined,
          tally: PARTITION_TALLY.parse(row.tally, key.run),
          state: row.state,
          restart: false,
        }
      : { lease, after: undefined, tally: createTally(), state: 'running', restart: true };
  await client.query(
    `INSERT INTO vocab_sync.partition (run_id, task, ordinal, state, pin, lease, cursor, tally)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (run_id, task, ordinal) DO UPDATE
       SET state = excluded.state, pin = excluded.pin, lease = excluded.lease, cursor = excluded.cursor,
           tally = excluded.tally, updated_at = now()`,
    [
      key.run,
      key.task,
      key.partition,
      claim.state,
      pin,
      lease,
      claim.after === undefined ? null : PARTITION_CURSOR.toText(claim.after),
      PARTITION_TALLY.toText(claim.tally),
    ],
  );
  return claim;
}

export interface Checkpoint {
  readonly lease: string;
  readonly after: Cursor | undefined;
  readonly tally: Tally;
  readonly state: 'running' | 'staged';
  readonly bytes: number;
  readonly totalBytes: number | undefined;
}

/** Moves the checkpoint, in the transaction of the batch. Throws E_LEASE_LOST when another attempt holds the partition. */
export async function saveCheckpoint(client: PoolClient, key: PartitionKey, checkpoint: Checkpoint): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE vocab_sync.partition
     SET cursor = $5, tally = $6, state = $7, bytes = $8, total_bytes = $9, updated_at = now()
     WHERE run_id = $1 AND task = $2 AND ordinal = $3 AND lease = $4`,
    [
      key.run,
      key.task,
      key.partition,
      checkpoint.lease,
      checkpoint.after === undefined ? null : PARTITION_CURSOR.toText(checkpoint.after),
      PARTITION_TALLY.toText(checkpoint.tally),
      checkpoint.state,
      checkpoint.bytes,
      checkpoint.totalBytes ?? null,
    ],
  );
  if (rowCount !== 1) throw leaseLost(key);
}

export function leaseLost(key: PartitionKey, cause?: unknown): UnavailableError {
  return new UnavailableError(
    'E_LEASE_LOST',
    `Partition ${String(key.partition)} of task ${key.task} was taken over by another attempt; this one wrote nothing more.`,
    { details: { ...key }, cause },
  );
}

/** The accounts of a task's partitions that are fully staged, in order. */
export async function stagedTallies(client: PoolClient, run: string, task: string): Promise<readonly Tally[]> {
  const { rows } = await client.query<{ tally: unknown }>(
    `SELECT tally FROM vocab_sync.partition WHERE run_id = $1 AND task = $2 AND state = 'staged' ORDER BY ordinal`,
    [run, task],
  );
  return rows.map((row) => PARTITION_TALLY.parse(row.tally, run));
}

/** Forgets the checkpoints of one task, or of all tasks of a run. */
export async function dropPartitions(client: PoolClient, run: string, task?: string): Promise<void> {
  await client.query('DELETE FROM vocab_sync.partition WHERE run_id = $1 AND task = coalesce($2, task)', [
    run,
    task ?? null,
  ]);
}
