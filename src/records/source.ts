/** A version of a source and the files it was fetched into, as they are kept with a run. */
import type { Cursor } from './origin.ts';

/** A version of a source, as `locate` finds it before anything is downloaded. JSON-safe: it is kept with the run. */
export interface SourceVersion {
  /** For people: `v2.9-2026-06-23-ror-data.zip`. */
  readonly name: string;
  /** For people: `v2.9`, a date; the name where there is nothing better. */
  readonly version: string;
  /** Equal exactly when the content is known to be equal (a DOI with a checksum, a digest); absent when not known before. */
  readonly identity?: string;
  readonly published?: string;
  readonly bytes?: number;
  /** What `fetch` needs to know, private to the reader. */
  readonly locator?: Readonly<Record<string, unknown>>;
  /** Of the files that transformers look things up in; set by the engine where a chain has such. Empty: they could not be had. */
  readonly lookups?: readonly SourceVersion[];
}

/** A partition of a fetched source: everything whose cursor begins with `from` or lies behind it, and before `until`. */
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
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly digest: string;
  /** Set by the engine: transformers look things up in it; it holds no records of the source. */
  readonly isLookup?: true;
  /** Set by the engine: when the file was written, so that another one in its place is noticed. */
  readonly mtimeMs?: number;
}
