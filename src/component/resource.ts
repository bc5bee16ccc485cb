/** A named stream of bytes that one reader hands to the next: a downloaded file, a zip member. */
import type { RecordError } from '../errors.ts';

export interface Resource {
  /** For origins and messages: a file or member name without directories of this machine. */
  readonly name: string;
  /** The size of what `stream` delivers, where it is known beforehand. */
  readonly bytes?: number;
  /** A file on this machine that holds exactly these bytes, where there is one. */
  readonly path?: string;
  /** All of the bytes, where they lie in memory in any case: a small member of an archive. Nobody writes into them. */
  readonly content?: Buffer;
  /** The bytes from the start. May be called again; each call starts anew. Throws SourceError or UnavailableError. */
  stream(): AsyncIterable<Buffer>;
}

/** A resource as a reader of containers yields it: with its place in the container. */
export interface PlacedResource {
  /** From 0, in the order of the container, counted over all members whether selected or not. */
  readonly position: number;
  readonly resource: Resource;
  /** Why there are no bytes, where the source could not give this one: it becomes a rejection, and the others are read. */
  readonly failure?: RecordError;
  /** For progress, where it is known and the container is not read through from its start. */
  readonly span?: Span;
}

/** Which bytes of its container a resource takes up: of a bundle, of all fetched files one behind the other. */
export interface Span {
  readonly start: number;
  readonly bytes: number;
}
