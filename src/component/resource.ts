/** A named stream of bytes that one reader hands to the next: a downloaded file, a zip member. */
import type { RecordError } from '../errors.ts';

/** Bytes with a name: a fetched file, or a member of an archive. */
export interface Resource {
  /** For origins and messages: a file or member name without directories of this machine. */
  readonly name: string;
  /** The number of bytes of `stream`, if it is known in advance. */
  readonly bytes?: number;
  /** A local file with exactly these bytes, if there is one. */
  readonly path?: string;
  /** All bytes, if they are in memory anyway, as for a small member of an archive. They must not be modified. */
  readonly content?: Buffer;
  /**
   * Returns the bytes from the start. May be called again; each call starts over. Throws SourceError or
   * UnavailableError.
   */
  stream(): AsyncIterable<Buffer>;
}

/** A resource as a reader of containers yields it: with its place in the container. */
export interface PlacedResource {
  /** From 0, in the order of the container, counted over all members whether selected or not. */
  readonly position: number;
  /** The resource itself. */
  readonly resource: Resource;
  /**
   * The reason why the source could not deliver this resource. It becomes a rejection, and the other resources are
   * read.
   */
  readonly failure?: RecordError;
  /** For the progress, if it is known and the container is not read from its start. */
  readonly span?: Span;
}

/**
 * The bytes of a container that a resource occupies. For download bundles, the position is counted over all fetched
 * files.
 */
export interface Span {
  /** The number of bytes before it. */
  readonly start: number;
  /** The number of its bytes. */
  readonly bytes: number;
}
