/**
 * The contract of a writer. A *table* writer names a table of this database, which the engine publishes set-based in
 * one transaction. A *snapshot* writer gets every published record in order of id and replaces the whole target. A
 * *changes* writer gets batches of changed records and returns a result for each.
 */
import type { z } from 'zod';
import type { Change, ChangeResult, Held, Remote } from '../records/change.ts';
import type { Document } from '../records/document.ts';
import type { FieldChange } from '../records/field-changes.ts';
import type { CitingRecord } from '../records/impact.ts';
import type { ComponentExample } from './reader.ts';
import type { S3Target } from './s3-service.ts';
import type { ApiService, Logger } from './services.ts';

/** What happens to a record of this job that a complete read of a full source no longer holds. */
export type OnMissing = 'keep' | 'withdraw';

/** What the engine passes to `preflight` and `countResolved` of a writer. */
export interface PreflightContext {
  /** The id of the job. */
  readonly job: string;
  /** Sends requests to the target. */
  readonly api: ApiService;
  /** Reads and writes S3 buckets. */
  readonly buckets: S3Target;
  /** Aborted when the run is cancelled or the worker stops. */
  readonly signal: AbortSignal;
}

interface WriterCommon<Args> {
  /** The name in a job file, kebab-case. */
  readonly type: string;
  /** An integer from 1. Raised whenever the same records would be written differently. */
  readonly version: number;
  /** One line for lists. */
  readonly summary: string;
  /** A paragraph or two of Markdown for the reference. */
  readonly description?: string;
  /** The schema of the arguments: a `z.strictObject` in which each key has a description. */
  readonly args: z.ZodType<Args>;
  /** At least one. */
  readonly examples: readonly ComponentExample<unknown>[];
  /** The name of the target in reports: `postgres:affiliations`. Equal names are one target. */
  targetName(args: Args): string;
  /** The policy for records that the source no longer holds. Use `keep` unless the arguments say otherwise. */
  onMissing(args: Args): OnMissing;
  /**
   * Called before a source is fetched, and by `doctor JOB`. Throws ConfigError or UnavailableError if the target cannot
   * be written on this machine. Writes nothing that stays. The engine itself checks the tables of table writers.
   */
  preflight?(args: Args, context: PreflightContext): Promise<void>;
}

/** Names a table of the database of vocab-sync. The engine publishes into it in one transaction. */
export interface TableWriter<Args = unknown> extends WriterCommon<Args> {
  /** The engine writes the table. */
  readonly receives: 'table';
  /** The table in schema `vocabularies`, already checked to be a plain SQL identifier. */
  table(args: Args): string;
}

/** Opened for each publication, closed in any case. Nothing is visible before `commit` returns. */
export interface SnapshotSink {
  /** Adds a batch of records. Called one at a time, in order of the id, possibly with an empty batch. */
  write(documents: readonly Document[]): Promise<void>;
  /** Makes the snapshot visible in one step. Returns what was written, for the report. */
  commit(): Promise<{
    /** Where the snapshot is, such as a path or an address. */
    readonly path: string;
    /** The number of records in it. */
    readonly records: number;
    /** Its size. */
    readonly bytes: number;
    /** `sha256:` and 64 hex digits. */
    readonly digest: string;
  }>;
  /** After `commit` it does nothing; before, it leaves no trace. */
  close(): Promise<void>;
}

/** Replaces the whole target with every published record. */
export interface SnapshotWriter<Args = unknown> extends WriterCommon<Args> {
  /** It gets all records in order of the id. */
  readonly receives: 'snapshot';
  /**
   * Called by every run, also by one that finds nothing new, so it must be cheap. Returns what happened to the last
   * publication, as a sentence without its full stop, or undefined if it is in place. Without it nothing is noticed.
   */
  inspect?(args: Args, context: InspectContext): Promise<string | undefined>;
  /** Begins a snapshot. */
  open(args: Args, context: SnapshotContext): Promise<SnapshotSink>;
}

/** What the engine passes to `inspect` of a snapshot writer. */
export interface InspectContext {
  /** The id of the job. */
  readonly job: string;
  /** Reads and writes S3 buckets. */
  readonly buckets: S3Target;
  /** Aborted when the run is cancelled or the worker stops. */
  readonly signal: AbortSignal;
  /** For `verify`: the whole content is read. */
  readonly reads?: boolean;
}

/** What the engine passes to `open` of a snapshot writer. */
export interface SnapshotContext extends InspectContext {
  /** The id of the run. */
  readonly run: string;
  /** The log of the worker. */
  readonly logger: Logger;
}

/** The limits of a target. */
export interface ChangeLimits {
  /** The most changes in one call of `write`. */
  readonly batch: number;
  /** The most bytes of records, as JSON, in one call of `write`. A single record may be larger. */
  readonly batchBytes: number;
  /** The maximum number of concurrent calls of `write`. Two of them never contain the same id. */
  readonly concurrency: number;
  /** Absent: no limit. See `turn` of the context. */
  readonly requestsPerSecond?: number;
}

/** What the engine passes to `open` of a changes writer. */
export interface ChangesContext {
  /** The id of the run. */
  readonly run: string;
  /** The id of the job. */
  readonly job: string;
  /** The name of the task of the job. */
  readonly task: string;
  /** Aborted when the run is cancelled or the worker stops. */
  readonly signal: AbortSignal;
  /** Sends requests to the target. */
  readonly api: ApiService;
  /** The log of the worker. */
  readonly logger: Logger;
  /** True for a comparison: `write` is not called, and opening must create nothing in the target. */
  readonly readOnly?: boolean;
  /** Must be awaited before each request, so that the target gets at most `requestsPerSecond`. */
  turn(): Promise<void>;
}

/** A record that a target should hold, and what it returned when the record was published. */
export interface Expected {
  /** The record as it was published. */
  readonly document: Document;
  /** It should be gone, or marked as gone. */
  readonly withdrawn: boolean;
  /** The last metadata that the target returned for it. */
  readonly remote?: Remote;
}

/** One connection to a target. Opened for each attempt to publish, closed in any case. */
export interface ChangesSink {
  /**
   * Returns the target's records with these ids, without the missing ones. Called for changes that an earlier attempt
   * may have made. Without it such a change is sent again, so it must be harmless to repeat `write`.
   */
  look?(ids: readonly string[]): Promise<ReadonlyMap<string, Held>>;
  /** Everything that the target holds, in order of the bytes of the id, after `after`. For `verify` and `adopt`. */
  list?(after: string | undefined): AsyncIterable<readonly Held[]>;
  /**
   * Returns the differences between a record in the target and the published one, as the target stores it. A change
   * that the target itself makes when it stores a record is not a difference. Empty if they are equal. `before` is the
   * published record and `after` the record in the target. By default the documents are compared unchanged.
   */
  compare?(expected: Expected, held: Held): readonly FieldChange[] | Promise<readonly FieldChange[]>;
  /**
   * Returns one result for each change, in any order. Throws only for problems of the whole batch: UnavailableError for
   * transient errors, ConfigError for problems that an operator must fix.
   */
  write(changes: readonly Change[]): Promise<readonly ChangeResult[]>;
  /** Makes the written records visible to readers: a refresh or a commit. Called once after all changes. */
  finish?(): Promise<void>;
  /** Releases the connection. Called in any case, also after an error. */
  close(): Promise<void>;
}

/** A record that a target rejected because of its references, with the message for people. */
export interface Waiting {
  /** The record that was rejected. */
  readonly document: Document;
  /** The message of the target. */
  readonly message: string;
  /** See Rejected. Absent: not known, so each reference may be the reason. */
  readonly unresolved?: readonly string[];
}

/** Sends each changed record to a target outside the database. */
export interface ChangesWriter<Args = unknown> extends WriterCommon<Args> {
  /** It gets batches of changed records. */
  readonly receives: 'changes';
  /** How much the target accepts at once. */
  limits(args: Args): ChangeLimits;
  /** The policy for a record that someone else changed in the target since it was published. */
  onConflict(args: Args): OnConflict;
  /**
   * Returns how many of these records, which the target rejected with E_TARGET_REFERENCE, refer only to records that it
   * now has. Called by every run before the source is fetched. If there are any, the source is read again and they are
   * sent again.
   */
  countResolved?(args: Args, waiting: readonly Waiting[], context: PreflightContext): Promise<number>;
  /** Opens a connection to the target. Should send no request that changes something. */
  open(args: Args, context: ChangesContext): Promise<ChangesSink>;
  /**
   * Prepares to count the records of the target's repository that refer to published records. Returns undefined if
   * these args name a vocabulary that nothing refers to. Absent: the target cannot count references.
   */
  countReferences?(args: Args, context: ChangesContext): CountReferences | undefined;
}

/** Counts the records that refer to these ids. Writes nothing. Throws as `write` of a sink. */
export type CountReferences = (
  ids: readonly string[],
  options: {
    /** The number of referring records that are listed for an id. */
    readonly examples: number;
    /** Called with the number of ids that were looked up. */
    readonly onProgress: (done: number) => void;
  },
) => Promise<ReferenceCounts>;

/** How many records of a repository refer to the records of a vocabulary. */
export interface ReferenceCounts {
  /** Records that refer to any of the ids. */
  readonly records: number;
  /** False: a record that refers to several ids may be counted more than once. */
  readonly isExact: boolean;
  /** Only ids that a record refers to. */
  readonly byId: ReadonlyMap<
    string,
    {
      /** The number of records that refer to this id. */
      readonly records: number;
      /** The first few of them, the newest first. */
      readonly first: readonly CitingRecord[];
    }
  >;
}

/** `keep` keeps the edit and counts it; `overwrite` overwrites it. */
export type OnConflict = 'keep' | 'overwrite';

/** A writer of any of the three kinds. */
export type Writer = TableWriter | SnapshotWriter | ChangesWriter;

/** Declares a writer. The spec feeds parsing, `check`, the JSON schema, editor completion and the reference docs. */
export function defineWriter<Args>(spec: ChangesWriter<Args>): ChangesWriter;
export function defineWriter<Args>(spec: TableWriter<Args>): TableWriter;
export function defineWriter<Args>(spec: SnapshotWriter<Args>): SnapshotWriter;
export function defineWriter(spec: unknown): Writer {
  return spec as Writer;
}
