/** A change of one record that a target is asked to make, and what the target answers. All JSON. */
import type { Document } from './document.ts';

export type ChangeKind = 'insert' | 'update' | 'restore' | 'withdraw';

/** Metadata that a target returns with a record, such as a revision or an ETag. Stored, and passed to the next change of the record. */
export type Remote = Readonly<Record<string, unknown>>;

export interface Held {
  readonly id: string;
  /** `gone`: the target knows the id and holds no record of it any more, as with a tombstone. */
  readonly state: 'live' | 'gone';
  /** Absent where the target does not give it back. */
  readonly document?: Document;
  readonly remote?: Remote;
}

export interface Change {
  readonly id: string;
  readonly kind: ChangeKind;
  /** The record as it is to be. With `withdraw` the record as it was published last. */
  readonly document: Document;
  /** The record as it was published last, where it was. */
  readonly before?: Document;
  /** What the target told of it last. */
  readonly remote?: Remote;
  /** An attempt before this one may have made this change. `held` says what was found; undefined: nothing. */
  readonly found?: { readonly held: Held | undefined };
  /** Publish over what somebody else made of it. */
  readonly overwrites: boolean;
}

export type ChangeResult =
  | { readonly id: string; readonly result: 'done'; readonly remote?: Remote }
  /** The target will not take this record, however often it is asked. `message` quotes its own words. */
  | { readonly id: string; readonly result: 'rejected'; readonly code: string; readonly message: string }
  /** Somebody else changed it since it was published. Only where `overwrites` is false. */
  | { readonly id: string; readonly result: 'conflict'; readonly message: string }
  /** To be tried again, after so many milliseconds where the target said so. It may have been done all the same. */
  | { readonly id: string; readonly result: 'again'; readonly message: string; readonly after?: number };
