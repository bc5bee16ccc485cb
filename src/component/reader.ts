/**
 * The contract of a reader. Four kinds, told apart by what they take and give:
 * a *source* finds the newest version of something and fetches it; a *container* opens resources inside a resource;
 * a *parser* turns a resource into records; a *record source* fetches and parses what only it understands, by itself.
 */
import type { z } from 'zod';
import type { ReadItem, Recognise } from '../records/entry.ts';
import type { FetchedFile, SourceVersion } from '../records/source.ts';
import type { PlacedResource, Resource } from './resource.ts';
import type { Services } from './services.ts';

export type { FetchedFile, SourceVersion } from '../records/source.ts';

/** Something worth telling the operator that loses no data. Counted by code, with samples, and shown with the run. */
export interface Warning {
  /** `W_…`, stable. */
  readonly code: string;
  readonly message: string;
}

export interface Since {
  readonly time: Date;
  /** By hand (command line or custom args), from the job config, or from the last successful run. */
  readonly origin: 'manual' | 'config' | 'watermark';
}

export interface ReadContext {
  /** The first own position that is wanted. A reader may seek to it or ignore it: the engine drops what lies before. */
  readonly from: number;
  /** The first own position that is not wanted any more, where there is one. A container may stop there; the engine does. */
  readonly until?: number;
  readonly since: Since | undefined;
  readonly signal: AbortSignal;
  readonly services: Services;
  /** A parser may ask it about the bytes of each record, and then yields known ones unparsed. Absent = parse all. */
  readonly recognise?: Recognise;
  /** For a parser: what the first transformer looks at (see Transformer.reads). It may leave out everything else. */
  readonly wanted?: readonly string[];
  warn(warning: Warning): void;
}

export interface ComponentExample<Args> {
  readonly title: string;
  readonly args: Args;
}

interface ReaderCommon<Args> {
  /** The name in a job file, kebab-case. */
  readonly type: string;
  /** Raised whenever the same bytes would give other output; a source that is unchanged is then read again. */
  readonly version: number;
  /** One line for lists. */
  readonly summary: string;
  /** A paragraph or two of Markdown for the reference. */
  readonly description?: string;
  readonly args: z.ZodType<Args>;
  readonly examples: readonly ComponentExample<unknown>[];
  /** Whether the source holds everything there is (absence means removal) or only what changed. */
  readonly coverage: Coverage;
  /** Where the args decide it; `coverage` is then what it is at its widest. */
  covers?(args: Args): Coverage;
  /** An older name that is still taken: what to write in its place. `check` warns with it. */
  readonly deprecated?: string;
}

export type Coverage = 'full' | 'incremental';

export function coverageOf(reader: Reader, args: unknown): Coverage {
  return reader.covers?.(args) ?? reader.coverage;
}

/** Nothing newer than `since`: the run ends as unchanged with this sentence. */
export interface NothingNew {
  readonly nothingNew: string;
}

export interface FetchContext extends Omit<ReadContext, 'from' | 'until' | 'recognise' | 'wanted'> {
  /**
   * Given to `locate` where `since` is the watermark: the version that was read last, with its locator. A clock does not
   * decide what is new; what was read before does.
   */
  readonly previous?: SourceVersion;
  onProgress(progress: { readonly bytes: number; readonly total?: number }): void;
}

interface Fetching<Args> {
  /** Cheap: asks which version there is. Called once for each run; its answer is frozen. */
  locate(args: Args, context: FetchContext): Promise<SourceVersion | NothingNew>;
  /** Idempotent: called again after a crash or on another machine; what is already in the spool is not fetched again. */
  fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]>;
}

export interface SourceReader<Args = unknown> extends ReaderCommon<Args>, Fetching<Args> {
  readonly accepts: 'nothing';
  readonly emits: 'bytes';
  /**
   * How the fetched files are read where one file holds many resources (a bundle). Serves `context.from`; equal files
   * give the same resources at the same positions each time. Absent: each fetched file is a resource.
   */
  open?(files: readonly Resource[], args: Args, context: ReadContext): AsyncIterable<PlacedResource>;
}

/** A service that only its own reader understands. `fetch` writes its answers into the spool, `read` parses each file. */
export interface RecordSourceReader<Args = unknown> extends ReaderCommon<Args>, Fetching<Args> {
  readonly accepts: 'nothing';
  readonly emits: 'records';
  /** As of a parser, for one fetched file; also for a file that stands in for the source (`--input`). Asks nothing of the net. */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]>;
}

export interface SplitContext {
  /** How many parts are wanted; fewer may be given, more are not. */
  readonly parts: number;
  readonly signal: AbortSignal;
  readonly services: Services;
}

export interface ContainerReader<Args = unknown> extends ReaderCommon<Args> {
  readonly accepts: 'bytes';
  readonly emits: 'bytes';
  /**
   * In the order of the container. Small members that lie in memory may come several at once: a list costs a fraction of
   * as many single ones.
   */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<PlacedResource | readonly PlacedResource[]>;
  /**
   * Where the resource may be cut, so that several activities read it at once: rising member positions, the first 0.
   * Asked once for each run, and only of a container that stands directly behind the source. A cut is worth having only
   * where `read` reaches a later `from` without reading what lies before it; otherwise the answer is `[0]`.
   */
  split?(input: Resource, args: Args, context: SplitContext): Promise<readonly number[]>;
}

export interface ParserReader<Args = unknown> extends ReaderCommon<Args> {
  readonly accepts: 'bytes';
  readonly emits: 'records';
  /** Batches in source order. A bad record is yielded as a failure; throwing means the resource itself is unusable. */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]>;
  /**
   * For documents that lie in memory, of which an archive may hold millions: all items of `content`, exactly as `read`
   * gives them, at once. Undefined where that is not simple; then `read` is asked. `context.from` is 0.
   */
  readContent?(content: Buffer, args: Args, context: ReadContext): readonly ReadItem[] | undefined;
}

export type Reader = SourceReader | RecordSourceReader | ContainerReader | ParserReader;

/** Declares a reader. The spec feeds parsing, `check`, the JSON schema, editor completion and the reference docs. */
export function defineReader<Args>(spec: SourceReader<Args>): SourceReader;
export function defineReader<Args>(spec: RecordSourceReader<Args>): RecordSourceReader;
export function defineReader<Args>(spec: ContainerReader<Args>): ContainerReader;
export function defineReader<Args>(spec: ParserReader<Args>): ParserReader;
export function defineReader(spec: unknown): Reader {
  return spec as Reader;
}
