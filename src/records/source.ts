/** A version of a source and its fetched files, as stored with a run. */
import type { Cursor } from './origin.ts';

/** A version of a source, as `locate` finds it before anything is downloaded. JSON-safe: it is kept with the run. */
export interface SourceVersion {
  /** For people: `v2.9-2026-06-23-ror-data.zip`. */
  readonly name: string;
  /** The displayed version: `v2.9`, a date, or the name if there is nothing better. */
  readonly version: string;
  /**
   * Equal exactly if the content is known to be equal (a DOI with a checksum, a digest); absent if it is not known in
   * advance.
   */
  readonly identity?: string;
  /** The date of publication, for people: `2026-06-23`, or with a time. */
  readonly published?: string;
  /** The size of all its files, if it is known. For the progress. */
  readonly bytes?: number;
  /** The data that `fetch` needs, private to the reader. */
  readonly locator?: Readonly<Record<string, unknown>>;
  /**
   * The digest of the lookup files of transformers; set by the engine if a chain has any. Empty: they could not be
   * fetched.
   *
   * @internal
   */
  readonly lookups?: readonly SourceVersion[];
}

/**
 * A partition of a fetched source: everything whose cursor begins with `from` or is after it, and is before `until`.
 */
export interface SourcePart {
  readonly from: Cursor;
  /** Null: to the end. */
  readonly until: Cursor | null;
  /** About which bytes of all files it holds, for progress. */
  readonly start: number;
  readonly bytes: number;
}

/** A file in the spool of one machine. */
export interface FetchedFile {
  /** For people and for origins, without directories. */
  readonly name: string;
  /** Its absolute path. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  /**
   * Set by the engine: transformers look things up in it; it holds no records of the source.
   *
   * @internal
   */
  readonly isLookup?: true;
  /**
   * Set by the engine: when the file was written, so that another one in its place is noticed.
   *
   * @internal
   */
  readonly mtimeMs?: number;
}

/** The frozen source of a task: the version that was located and, once fetched, its files and how they are cut. */
export interface TaskSource {
  readonly version: SourceVersion;
  readonly files?: readonly FetchedFile[];
  /** By the number of the partition. Absent: one partition holds everything. */
  readonly parts?: readonly SourcePart[];
}
