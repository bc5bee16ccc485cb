/**
 * The contract of a reader. There are four kinds, which differ in their input and output: a *source* finds the newest
 * version of a source and fetches it; a *container* opens resources inside a resource; a *parser* parses a resource
 * into records; a *record source* fetches and parses the responses of one service.
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
  /** A sentence for the operator, without secrets. */
  readonly message: string;
}

/** The start of the period whose changes a run should read. */
export interface Since {
  /** Changes before this time need not be read. */
  readonly time: Date;
  /** By hand (command line or custom args), from the job config, or from the last successful run. */
  readonly origin: 'manual' | 'config' | 'watermark';
}

/** What the engine passes to `read` and `open` of a reader. */
export interface ReadContext {
  /** The first position that the engine wants. A reader may seek to it or ignore it: the engine drops earlier items. */
  readonly from: number;
  /** The first position after the requested range, if there is one. A container may stop there; the engine does. */
  readonly until?: number;
  /** Undefined: everything is to be read. */
  readonly since: Since | undefined;
  /** Aborted when the run is cancelled or the worker stops. The reader then ends at once with its reason. */
  readonly signal: AbortSignal;
  /** HTTP, the spool and the log. */
  readonly services: Services;
  /** A parser may ask it about the bytes of each record, and then yields known ones unparsed. Absent = parse all. */
  readonly recognise?: Recognise;
  /** For a parser: the elements that the first transformer uses (see Transformer.reads). It may omit all others. */
  readonly wanted?: readonly string[];
  /** Reports a warning. May be called any number of times; the run counts them by code and keeps some samples. */
  warn(warning: Warning): void;
}

/** An example of a component in a job, for the reference and for tests. */
export interface ComponentExample<Args> {
  /** What the example shows. */
  readonly title: string;
  /** The arguments as an operator writes them; a credential is `{ "$secret": "env:NAME" }`. */
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
  /** The schema of the arguments: a `z.strictObject` in which each key has a description. */
  readonly args: z.ZodType<Args>;
  /** At least one. */
  readonly examples: readonly ComponentExample<unknown>[];
  /** Whether the source delivers all its records (a missing record was removed) or only changes. */
  readonly coverage: Coverage;
  /** Defined if the args determine the coverage; `coverage` is then the widest one. */
  covers?(args: Args): Coverage;
  /** An older name that is still taken: what to write in its place. `check` warns with it. */
  readonly deprecated?: string;
}

/** `full`: the source delivers all its records. `incremental`: it delivers only changes. */
export type Coverage = 'full' | 'incremental';

export function coverageOf(reader: Reader, args: unknown): Coverage {
  return reader.covers?.(args) ?? reader.coverage;
}

/** Nothing newer than `since`: the run ends as unchanged with this sentence. */
export interface NothingNew {
  /** The reason, such as "the newest release is v2.9, which was published before". */
  readonly nothingNew: string;
}

/** What the engine passes to `locate` and `fetch` of a reader. */
export interface FetchContext extends Omit<ReadContext, 'from' | 'until' | 'recognise' | 'wanted'> {
  /**
   * Passed to `locate` if `since` is the watermark: the last version that was read, with its locator. Versions decide
   * what is new, not a clock.
   */
  readonly previous?: SourceVersion;
  /** Reports how many bytes were fetched, and of how many if that is known. */
  onProgress(progress: { readonly bytes: number; readonly total?: number }): void;
}

interface Fetching<Args> {
  /** Cheap: asks which version there is. Called once for each run; its answer is frozen. */
  locate(args: Args, context: FetchContext): Promise<SourceVersion | NothingNew>;
  /**
   * Idempotent: it is called again after a crash or on another machine. Files that are already in the spool are not
   * fetched again.
   */
  fetch(version: SourceVersion, args: Args, context: FetchContext): Promise<readonly FetchedFile[]>;
}

/** Finds the newest version of a source and fetches it. The next reader of the chain reads its files. */
export interface SourceReader<Args = unknown> extends ReaderCommon<Args>, Fetching<Args> {
  /** It is the first reader of a chain. */
  readonly accepts: 'nothing';
  /** It yields files, not records. */
  readonly emits: 'bytes';
  /**
   * Opens the fetched files if one file contains many resources (a download bundle). Respects `context.from`. Equal
   * files always yield the same resources at the same positions. Absent: each fetched file is a resource.
   */
  open?(files: readonly Resource[], args: Args, context: ReadContext): AsyncIterable<PlacedResource>;
}

/** A service with its own protocol. `fetch` writes its responses into the spool, and `read` parses each file. */
export interface RecordSourceReader<Args = unknown> extends ReaderCommon<Args>, Fetching<Args> {
  /** It is the first reader of a chain. */
  readonly accepts: 'nothing';
  /** It is also the last one. */
  readonly emits: 'records';
  /**
   * Like `read` of a parser, for one fetched file or for a file that replaces the source (`--input`). It makes no
   * requests.
   */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]>;
}

/** What the engine passes to `split` of a container. */
export interface SplitContext {
  /** The maximum number of partitions; the reader may return fewer. */
  readonly parts: number;
  /** Aborted when the run is cancelled or the worker stops. */
  readonly signal: AbortSignal;
  /** HTTP, the spool and the log. */
  readonly services: Services;
}

/** Opens the resources inside a resource, such as the members of an archive. */
export interface ContainerReader<Args = unknown> extends ReaderCommon<Args> {
  /** It reads the resources of the reader before it. */
  readonly accepts: 'bytes';
  /** It yields resources, not records. */
  readonly emits: 'bytes';
  /**
   * Yields members in the order of the container. Small members that are in memory may be yielded several at once,
   * because a list costs a fraction of single items.
   */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<PlacedResource | readonly PlacedResource[]>;
  /**
   * Returns the positions of members at which the resource may be split, so that several activities read it at once:
   * rising, the first is 0. It is called once for each run, and only for a container directly after the source.
   * Splitting is useful only if `read` reaches a later `from` without reading the earlier members; otherwise the result
   * is `[0]`.
   */
  split?(input: Resource, args: Args, context: SplitContext): Promise<readonly number[]>;
}

/** Parses a resource into records. */
export interface ParserReader<Args = unknown> extends ReaderCommon<Args> {
  /** It reads the resources of the reader before it. */
  readonly accepts: 'bytes';
  /** It is the last reader of a chain. */
  readonly emits: 'records';
  /**
   * `absent`: in this format a blank text means a missing value, and `map` treats it so unless the job says otherwise.
   * Default: `values`.
   */
  readonly blanks?: 'absent' | 'values';
  /** Batches in source order. A bad record is yielded as a failure; throwing means the resource itself is unusable. */
  read(input: Resource, args: Args, context: ReadContext): AsyncIterable<readonly ReadItem[]>;
  /**
   * For files that are already in memory, of which an archive may contain millions. Returns all items of `content` at
   * once, exactly as `read` yields them. Returns undefined if the content is not simple; the engine then calls `read`.
   * `context.from` is 0.
   */
  readContent?(content: Buffer, args: Args, context: ReadContext): readonly ReadItem[] | undefined;
}

/** A reader of any of the four kinds. */
export type Reader = SourceReader | RecordSourceReader | ContainerReader | ParserReader;

/** Declares a reader. The spec feeds parsing, `check`, the JSON schema, editor completion and the reference docs. */
export function defineReader<Args>(spec: SourceReader<Args>): SourceReader;
export function defineReader<Args>(spec: RecordSourceReader<Args>): RecordSourceReader;
export function defineReader<Args>(spec: ContainerReader<Args>): ContainerReader;
export function defineReader<Args>(spec: ParserReader<Args>): ParserReader;
export function defineReader(spec: unknown): Reader {
  return spec as Reader;
}
