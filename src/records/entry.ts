/** What a record reader yields: a value with its position, or the error that stands in its place. */
import type { RecordError } from '../errors.ts';

export interface ReadRecord {
  /** The place of the record in its resource, from 0. Rising, without gaps where the reader can know. */
  readonly position: number;
  /** The parsed value. Own keys only: `__proto__` is data, never a prototype. */
  readonly value: unknown;
}

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
