/**
 * The contract of a writer. A *table* writer names a table of this database, which the engine publishes set-based in
 * one transaction; a *snapshot* writer is handed every published record in order of id and replaces the whole target;
 * a *changes* writer is handed batches of changes and answers what became of each.
 */
import type { z } from 'zod';
import type { Change, ChangeResult, Held } from '../records/change.ts';
import type { Document } from '../records/document.ts';
import type { ComponentExample } from './reader.ts';
import type { ApiService, Logger } from './services.ts';

/** What happens to a record of this job that a complete read of a full source no longer holds. */
export type OnMissing = 'keep' | 'withdraw';

export interface PreflightContext {
  readonly job: string;
  readonly api: ApiService;
  readonly signal: AbortSignal;
}

interface WriterCommon<Args> {
  readonly type: string;
  readonly version: number;
  readonly summary: string;
  readonly description?: string;
  readonly args: z.ZodType<Args>;
  readonly examples: readonly ComponentExample<unknown>[];
  /** The name of the target in reports: `postgres:affiliations`. Equal names are one target. */
  targetName(args: Args): string;
  onMissing(args: Args): OnMissing;
  /**
   * Called before a source is fetched, and by `doctor JOB`. Throws ConfigError or UnavailableError if the target cannot
   * be written on this machine. Writes nothing that stays. The engine itself checks the tables of table writers.
   */
  preflight?(args: Args, context: PreflightContext): Promise<void>;
}

export interface TableWriter<Args = unknown> extends WriterCommon<Args> {
  readonly receives: 'table';
  /** The table in schema `vocabularies`, already checked to be a plain SQL identifier. */
  table(args: Args): string;
}

/** Opened for each publication, closed in any case. Nothing is visible before `commit` returns. */
export interface SnapshotSink {
  write(documents: readonly Document[]): Promise<void>;
  /** Makes the snapshot visible in one step. Says what was written, for the report. */
  commit(): Promise<{
    readonly path: string;
    readonly records: number;
    readonly bytes: number;
    readonly digest: string;
  }>;
  /** After `commit` it does nothing; before, it leaves no trace. */
  close(): Promise<void>;
}

export interface SnapshotWriter<Args = unknown> extends WriterCommon<Args> {
  readonly receives: 'snapshot';
  /**
   * Called by every run, also by one that finds nothing new, so it must be cheap. Returns what happened to the last
   * publication, as a sentence without its full stop, or undefined if it is in place. Without it nothing is noticed.
   */
  inspect?(args: Args, context: { readonly job: string }): Promise<string | undefined>;
  open(
    args: Args,
    context: { readonly run: string; readonly job: string; readonly logger: Logger },
  ): Promise<SnapshotSink>;
}

/** How much a target takes at once. */
export interface ChangeLimits {
  /** The most changes in one call of `write`. */
  readonly batch: number;
  /** The most bytes of records, as JSON, in one call of `write`. A single record may be larger. */
  readonly batchBytes: number;
  /** The most calls of `write` that are under way together. Two of them never hold the same id. */
  readonly concurrency: number;
  /** Absent: as many as the target answers. See `turn` of the context. */
  readonly requestsPerSecond?: number;
}

export interface ChangesContext {
  readonly run: string;
  readonly job: string;
  readonly task: string;
  readonly signal: AbortSignal;
  readonly api: ApiService;
  readonly logger: Logger;
  /** To be awaited before each request, so that the target is not asked more often than `requestsPerSecond`. */
  turn(): Promise<void>;
}

/** One connection to a target. Opened for each attempt to publish, closed in any case. */
export interface ChangesSink {
  /**
   * What the target holds of these ids; those that it does not hold are left out. Called for changes that an attempt
   * before this one may have made. Without it such a change is sent again, so `write` must then have the same effect twice.
   */
  look?(ids: readonly string[]): Promise<ReadonlyMap<string, Held>>;
  /** Everything that the target holds, in order of the bytes of the id, after `after`. For `verify` and `adopt`. */
  list?(after: string | undefined): AsyncIterable<readonly Held[]>;
  /**
   * One result for each change, in any order. Throws only what concerns the whole batch: UnavailableError for what
   * passes, ConfigError for what an operator must mend.
   */
  write(changes: readonly Change[]): Promise<readonly ChangeResult[]>;
  /** Makes what was written visible to readers: a refresh or a commit. Called once all changes are through. */
  finish?(): Promise<void>;
  close(): Promise<void>;
}

export interface ChangesWriter<Args = unknown> extends WriterCommon<Args> {
  readonly receives: 'changes';
  limits(args: Args): ChangeLimits;
  /** What becomes of a record that somebody else changed in the target since it was published. */
  onConflict(args: Args): OnConflict;
  open(args: Args, context: ChangesContext): Promise<ChangesSink>;
}

/** `keep` leaves it as it is and counts it; `overwrite` publishes all the same. */
export type OnConflict = 'keep' | 'overwrite';

export type Writer = TableWriter | SnapshotWriter | ChangesWriter;

export function defineWriter<Args>(spec: ChangesWriter<Args>): ChangesWriter;
export function defineWriter<Args>(spec: TableWriter<Args>): TableWriter;
export function defineWriter<Args>(spec: SnapshotWriter<Args>): SnapshotWriter;
export function defineWriter(spec: unknown): Writer {
  return spec as Writer;
}
