/**
 * Collects what a partition produces and commits it in batches: rows, rejections and the checkpoint in one transaction.
 * While one batch is written the next one is read.
 */
import {
  appendStage,
  type DeletionRow,
  type KnownRow,
  type StagedRow,
  type StageNames,
} from '../postgres/stage-table.ts';
import { leaseLost, saveCheckpoint, type PartitionKey } from '../postgres/partitions.ts';
import { inTransaction, type Pool, type PoolClient } from '../postgres/pool.ts';
import { insertRejections, type Rejection } from '../postgres/rejections.ts';
import { lookUpHashes, type Target } from '../postgres/target.ts';
import type { Cursor } from '../records/origin.ts';
import type { Tally } from '../records/tally.ts';

/** Records per transaction. Measured: more gains nothing, fewer pay for the round trips. */
const BATCH_ROWS = 2_000;
/** Characters of JSON per transaction, so that large records do not add up. */
const BATCH_CHARACTERS = 8 << 20;

export interface StageSinkOptions {
  readonly pool: Pool;
  readonly key: PartitionKey;
  readonly lease: string;
  readonly names: StageNames;
  readonly targets: readonly Target[];
  /** Rising while the caller reads; copied at each batch. */
  readonly tally: Tally;
}

export interface SinkPlace {
  readonly after: Cursor | undefined;
  readonly bytes: number;
  readonly totalBytes: number | undefined;
}

export interface StageSink {
  addRow(row: StagedRow): void;
  addKnown(row: KnownRow): void;
  addDeletion(row: DeletionRow): void;
  addRejection(rejection: Rejection): void;
  /** Whether the batch is large enough to be committed. */
  isFull(): boolean;
  /** Waits for the batch before, then begins to commit this one. Throws what the batch before threw. */
  flush(place: SinkPlace): Promise<void>;
  /** Commits the rest and marks the partition as staged. */
  finish(place: SinkPlace): Promise<void>;
  /** Waits for the batch under way without adding to it. Never throws: whoever stops has a better reason. */
  settle(): Promise<void>;
}

export function createStageSink(options: StageSinkOptions): StageSink {
  let rows: StagedRow[] = [];
  let knownRows: KnownRow[] = [];
  let deletions: DeletionRow[] = [];
  let rejections: Rejection[] = [];
  let characters = 0;
  let entries = 0;
  let underWay: Promise<void> = Promise.resolve();

  const begin = (place: SinkPlace, state: 'running' | 'staged'): void => {
    const batch = { rows, knownRows, deletions, rejections, tally: structuredClone(options.tally), place, state };
    rows = [];
    knownRows = [];
    deletions = [];
    rejections = [];
    characters = 0;
    entries = 0;
    underWay = commitBatch(options, batch);
    // The failure is thrown by the next flush or finish; until then it must not count as unhandled.
    underWay.catch(() => undefined);
  };

  return {
    addRow(row) {
      rows.push(row);
      characters += row.json.length;
      entries += 1;
    },
    addKnown(row) {
      knownRows.push(row);
      entries += 1;
    },
    addDeletion(row) {
      deletions.push(row);
      entries += 1;
    },
    addRejection(rejection) {
      rejections.push(rejection);
      characters += rejection.raw?.length ?? 0;
      entries += 1;
    },
    isFull: () => entries >= BATCH_ROWS || characters >= BATCH_CHARACTERS,
    async flush(place) {
      await underWay;
      begin(place, 'running');
    },
    async finish(place) {
      await underWay;
      begin(place, 'staged');
      await underWay;
    },
    async settle() {
      await underWay.catch(() => undefined);
    },
  };
}

interface Batch {
  readonly rows: readonly StagedRow[];
  readonly knownRows: readonly KnownRow[];
  readonly deletions: readonly DeletionRow[];
  readonly rejections: readonly Rejection[];
  readonly tally: Tally;
  readonly place: SinkPlace;
  readonly state: 'running' | 'staged';
}

async function commitBatch(options: StageSinkOptions, batch: Batch): Promise<void> {
  const { key, names } = options;
  await inTransaction(options.pool, async (client) => {
    const isPublished = await findPublished(client, options.targets, batch.rows);
    await appendStage(client, names, key.partition, { ...batch, isPublished });
    await insertRejections(client, key, batch.rejections);
    await saveCheckpoint(client, key, {
      lease: options.lease,
      tally: batch.tally,
      state: batch.state,
      ...batch.place,
    });
  }).catch((error: unknown) => {
    throw isStageTaken(error) ? leaseLost(key, error) : error;
  });
}

/** The table is gone (42P01) or compared already, with an index on its ids (23505): the work of another attempt. */
function isStageTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '42P01' || error.code === '23505');
}

/** A row is published when every target holds exactly this record. */
async function findPublished(
  client: PoolClient,
  targets: readonly Target[],
  rows: readonly StagedRow[],
): Promise<(row: StagedRow) => boolean> {
  if (rows.length === 0 || targets.length === 0) return () => false;
  const ids = rows.map((row) => row.id);
  const hashes: ReadonlyMap<string, string>[] = [];
  for (const target of targets) hashes.push(await lookUpHashes(client, target, ids));
  return (row) => hashes.every((published) => published.get(row.id) === row.hash);
}
