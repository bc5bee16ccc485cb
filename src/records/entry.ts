/** What a record reader yields: a value with its position, or the error that stands in its place. */
import type { RecordError } from '../errors.ts';

export interface ReadRecord {
  /** The place of the record in its resource, from 0. Rising, without gaps where the reader can know. */
  readonly position: number;
  /** The parsed value. Own keys only: `__proto__` is data, never a prototype. */
  readonly value: unknown;
  /** Of the bytes of the record, where the reader was given a recogniser. */
  readonly digest?: string;
  /** Recognised by its bytes: it was not parsed, and `value` is undefined. */
  readonly isKnown?: true;
  /** The source says that this record is gone; `value` is what it still tells of it, its id above all. */
  readonly isDeleted?: true;
}

/** What a recogniser says of the bytes of one record. */
export interface Recognised {
  /** 16 characters, each a byte of the digest (latin1). */
  readonly digest: string;
  /** The same bytes were published by the same chain, and are published still. */
  readonly isKnown: boolean;
}

/** Lets a parser pass over records without parsing them. Asked with bytes that may be a record; cheap. */
export type Recognise = (slice: Uint8Array) => Recognised;

export interface ReadFailure {
  readonly position: number;
  readonly error: RecordError;
  /** The raw text, cut to at most `RAW_LIMIT` characters, for the rejection. */
  readonly raw?: string;
}

export type ReadItem = ReadRecord | ReadFailure;

/** Characters of a raw value that are kept with a rejection. */
export const RAW_LIMIT = 4_000;

export function isFailure(item: ReadItem): item is ReadFailure {
  return 'error' in item;
}
