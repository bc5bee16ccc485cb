/** A change of one record in a target, and its result. All values are JSON. */
import type { Document } from './document.ts';

/**
 * What happens to a record in a target. `restore` publishes a record again that was withdrawn; `withdraw` removes it or
 * marks it as removed.
 */
export type ChangeKind = 'insert' | 'update' | 'restore' | 'withdraw';

/** Metadata that a target returns with a record, such as a revision or an ETag. Stored, and passed to the next change of the record. */
export type Remote = Readonly<Record<string, unknown>>;

/** A record as a target holds it. */
export interface Held {
  /** The id under which vocab-sync published it. */
  readonly id: string;
  /** `gone`: the target knows the id and holds no record of it any more, as with a tombstone. */
  readonly state: 'live' | 'gone';
  /** Absent if the target does not return it. */
  readonly document?: Document;
  /** Metadata of the target, such as a revision. */
  readonly remote?: Remote;
}

/** A change that a target should make. */
export interface Change {
  /** The id of the record. */
  readonly id: string;
  /** What should happen to it. */
  readonly kind: ChangeKind;
  /** The new record. With `withdraw`, the record as it was last published. */
  readonly document: Document;
  /** The record as it was last published, if it was. */
  readonly before?: Document;
  /** The last values that the target returned for it. */
  readonly remote?: Remote;
  /** An earlier attempt may have made this change. `held` is the record that was found; undefined means none. */
  readonly found?: {
    /** The record that the target holds now. */
    readonly held: Held | undefined;
  };
  /** Overwrite the edit of another client. */
  readonly overwrites: boolean;
}

/** The target never accepts this record. `message` quotes the target. */
export interface Rejected {
  /** The id of the change. */
  readonly id: string;
  /** The change is not sent again until the record changes. */
  readonly result: 'rejected';
  /** A code of vocab-sync, or of the plug-in. */
  readonly code: string;
  /** What the target said. */
  readonly message: string;
  /** With E_TARGET_REFERENCE: the members of the record that refer to records that the target does not have. */
  readonly unresolved?: readonly string[];
}

/**
 * The result of a change. `done`: the target made it. `rejected`: the target never accepts this record. `conflict`:
 * another client changed the record. `again`: the change must be sent again.
 */
export type ChangeResult = Done | Rejected | Conflict | Again;

/** The target made the change. */
export interface Done {
  /** The id of the change. */
  readonly id: string;
  /** The record is published. */
  readonly result: 'done';
  /** Metadata of the target, which the next change of the record gets. */
  readonly remote?: Remote;
}

/** Another client changed the record since it was published. Only if `overwrites` of the change is false. */
export interface Conflict {
  /** The id of the change. */
  readonly id: string;
  /** The edit is kept. */
  readonly result: 'conflict';
  /** What was found. */
  readonly message: string;
}

/** The change must be sent again. It may have been made. */
export interface Again {
  /** The id of the change. */
  readonly id: string;
  /** The target did not accept the change for now. */
  readonly result: 'again';
  /** What the target said. */
  readonly message: string;
  /** Milliseconds until the next attempt, if the target requested a delay. */
  readonly after?: number;
  /** The target accepts no more requests at present (429), so the record is not at fault, however often it happens. */
  readonly isBusy?: boolean;
  /** The target failed on the request (500), so the record may be at fault. */
  readonly isFailure?: boolean;
}

/** Returns the result for a change of a batch that ended with this error. */
export function againAfter(id: string, error: { readonly message: string } & Partial<Requested>): ChangeResult {
  const { message, retryAfter: after, details } = error;
  const isBusy = details?.['status'] === TOO_MANY_REQUESTS ? { isBusy: true } : {};
  const isFailure = isServerFailure(details?.['status']) ? { isFailure: true } : {};
  return { id, result: 'again', message, ...(after === undefined ? {} : { after }), ...isBusy, ...isFailure };
}

/** A server that is down or overloaded answers 502, 503 or 504, whatever it is asked. */
function isServerFailure(status: unknown): boolean {
  return typeof status === 'number' && status >= 500 && ![502, 503, 504].includes(status);
}

interface Requested {
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

const TOO_MANY_REQUESTS = 429;
