/**
 * The contract of a writer. A *table* writer names a table of this database, which the engine publishes set-based in
 * one transaction; a *snapshot* writer is handed every published record in order of id and replaces the whole target.
 */
import type { z } from 'zod';
import type { Document } from '../records/document.ts';
import type { ComponentExample } from './reader.ts';
import type { Logger } from './services.ts';

/** What happens to a record of this job that a complete read of a full source no longer holds. */
export type OnMissing = 'keep' | 'withdraw';

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
  preflight?(args: Args, context: { readonly job: string }): Promise<void>;
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

export type Writer = TableWriter | SnapshotWriter;

export function defineWriter<Args>(spec: TableWriter<Args>): TableWriter;
export function defineWriter<Args>(spec: SnapshotWriter<Args>): SnapshotWriter;
export function defineWriter(spec: unknown): Writer {
  return spec as Writer;
}
