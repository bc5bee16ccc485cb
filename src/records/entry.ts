/** An entry, as a parser yields it: a value with its position, or the error in its place. */
import type { RecordError } from '../errors.ts';

/** A record that a parser read. */
export interface ReadRecord {
  /**
   * The position of the record in its resource, from 0. Positions increase, without gaps if the reader can know them.
   */
  readonly position: number;
  /** The parsed value. Own keys only: `__proto__` is data, never a prototype. */
  readonly value: unknown;
  /** The digest of the record's bytes, if the reader was given a recogniser. */
  readonly digest?: string;
  /** Recognised by its bytes: it was not parsed, and `value` is undefined. */
  readonly isKnown?: true;
  /** The source reports that this record is deleted; `value` holds its remaining data, especially its id. */
  readonly isDeleted?: true;
}

/** The result of a recogniser for the bytes of one record. */
export interface Recognised {
  /** 16 characters, each a byte of the digest (latin1). */
  readonly digest: string;
  /** The same bytes were published by the same chain, and are published still. */
  readonly isKnown: boolean;
}

/** Lets a parser skip records without parsing them. Called with bytes that may be a record; cheap. */
export type Recognise = (slice: Uint8Array) => Recognised;

/** A record that a parser could not read. It is rejected, and the others are read. */
export interface ReadFailure {
  /** The position of the record in its resource, from 0. */
  readonly position: number;
  /** Why it could not be read. */
  readonly error: RecordError;
  /** The raw text, cut to at most `RAW_LIMIT` characters, for the rejection. */
  readonly raw?: string;
}

/** What a parser yields, one for each record of its resource. */
export type ReadItem = ReadRecord | ReadFailure;

/** Characters of a raw value that are kept with a rejection. */
export const RAW_LIMIT = 4_000;

/** Returns whether the record could not be read. */
export function isFailure(item: ReadItem): item is ReadFailure {
  return 'error' in item;
}
