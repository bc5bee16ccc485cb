/**
 * Collects the results of a partition and commits them in batches: rows, rejections and the checkpoint in one
 * transaction. While one batch is written, the next one is read.
 */
import { createStageBatch, type StageBatch } from '../../postgres/stage/stage-batch.ts';
import { appendNotes, createNotes, type StagedNotes } from '../../postgres/stage/staged-notes.ts';
import { appendStage, type StageNames } from '../../postgres/stage/stage-table.ts';
import type { DeletionRow, KnownRow, StageDocumentType, StagedRow } from '../../postgres/stage/staged-row.ts';
import { leaseLost, saveCheckpoint, type PartitionKey } from '../../postgres/stage/partitions.ts';
import { sqlStateOf } from '../../postgres/database-error.ts';
import { inTransaction, type Pool, type PoolClient } from '../../postgres/pool.ts';
import { partitionSession } from '../../postgres/superseded-sessions.ts';
import { insertRejections, type Rejection } from '../../postgres/stage/rejections.ts';
import { lookUpHashes, type Target } from '../../postgres/publish/target.ts';
import type { Cursor } from '../../records/origin.ts';
import type { Tally } from '../../records/tally.ts';

/** Records per transaction. Measured: more gains nothing, fewer pay for the round trips. */
const BATCH_ROWS = 2_000;
/** Bytes per transaction. A worker holds two batches of each partition that it reads, one being filled and one being written. */
const BATCH_BYTES = 1 << 20;

export interface StageSinkOptions {
  readonly pool: Pool;
  readonly key: PartitionKey;
  readonly lease: string;
  readonly names: StageNames;
  readonly documents: StageDocumentType;
  /**
   * The targets that already have records: a document that all of them hold unchanged is staged without its content.
   * Empty: no document is.
   */
  readonly lookUp: readonly Target[];
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
  addNotes(notes: StagedNotes): void;
  addRejection(rejection: Rejection): void;
  /** Returns whether the batch is large enough to be committed. */
  isFull(): boolean;
  /** Waits for the previous batch, then starts to commit this one. Throws the error of the previous batch. */
  flush(place: SinkPlace): Promise<void>;
  /** Commits the rest and marks the partition as staged. */
  finish(place: SinkPlace): Promise<void>;
  /**
   * Waits for the current batch without adding to it. Never throws, because the caller stops for a more important
   * reason.
   */
  settle(): Promise<void>;
}

export function createStageSink(options: StageSinkOptions): StageSink {
  const { partition } = options.key;
  let rows = createStageBatch(partition, options.documents);
  let spare = createStageBatch(partition, options.documents);
  let rejections: Rejection[] = [];
  let notes: StagedNotes[] = [];
  let rawCharacters = 0;
  let hasNotes = false;
  let underWay: Promise<void> = Promise.resolve();

  const begin = (place: SinkPlace, state: 'running' | 'staged'): void => {
    const isFirstNoted = notes.length > 0 && !hasNotes;
    hasNotes ||= isFirstNoted;
    const batch = { rows, rejections, notes, isFirstNoted, tally: structuredClone(options.tally), place, state };
    [rows, spare] = [spare, rows];
    rejections = [];
    notes = [];
    rawCharacters = 0;
    underWay = commitBatch(options, batch);
    // The failure is thrown by the next flush or finish; until then it must not count as unhandled.
    underWay.catch(() => undefined);
  };

  return {
    addRow(row) {
      rows.addRow(row);
    },
    addKnown(row) {
      rows.addKnown(row);
    },
    addDeletion(row) {
      rows.addDeletion(row);
    },
    addNotes(noted) {
      notes.push(noted);
    },
    addRejection(rejection) {
      rejections.push(rejection);
      rawCharacters += rejection.raw?.length ?? 0;
    },
    isFull: () =>
      rows.rows + rejections.length >= BATCH_ROWS ||
      notes.length >= BATCH_ROWS ||
      rows.bytes + rawCharacters >= BATCH_BYTES,
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
  readonly rows: StageBatch;
  readonly rejections: readonly Rejection[];
  readonly notes: readonly StagedNotes[];
  /** The first of this attempt with notes. */
  readonly isFirstNoted: boolean;
  readonly tally: Tally;
  readonly place: SinkPlace;
  readonly state: 'running' | 'staged';
}

async function commitBatch(options: StageSinkOptions, batch: Batch): Promise<void> {
  const { key, names } = options;
  const { rows, rejections, place, state, tally } = batch;
  await inTransaction(
    options.pool,
    async (client) => {
      await cutPublished(client, options.lookUp, rows);
      await appendStage(client, names, rows);
      if (batch.isFirstNoted) await createNotes(client, names);
      if (batch.notes.length > 0) await appendNotes(client, names, key.partition, batch.notes);
      await insertRejections(client, key, rejections);
      await saveCheckpoint(client, key, { lease: options.lease, tally, state, ...place });
    },
    partitionSession(key),
  ).catch((error: unknown) => {
    throw isStageTaken(error) ? leaseLost(key, error) : error;
  });
  rows.clear();
}

/** The table is gone (42P01) or compared already, with an index on its ids (23505): the work of another attempt. */
function isStageTaken(error: unknown): boolean {
  return ['42P01', '23505'].includes(sqlStateOf(error));
}

/** A row is published when every target holds exactly this record. */
async function cutPublished(client: PoolClient, targets: readonly Target[], rows: StageBatch): Promise<void> {
  const ids = targets.length === 0 ? [] : rows.ids();
  if (ids.length === 0) return;
  const hashes: ReadonlyMap<string, string>[] = [];
  for (const target of targets) hashes.push(await lookUpHashes(client, target, ids));
  rows.cutPublished((id, hash) => hashes.every((published) => published.get(id) === hash));
}
