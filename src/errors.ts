/**
 * The errors that vocab-sync throws on purpose. The class decides what the operator should do, and the code (see
 * error-codes.ts) identifies the case. The message is a sentence that says what was expected, what was found and what
 * to do. Any other thrown error is a bug in vocab-sync.
 */
import { clip } from './clip.ts';
import { ERROR_CODES, type CodeOf, type ErrorCode, type ErrorKind } from './error-codes.ts';

/** What an error holds in addition to its code and message. */
export interface VocabSyncErrorOptions {
  /** What was thrown first. Logs show it. */
  readonly cause?: unknown;
  /** The values in the message: JSON-safe, without secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Messages quote sources, which can be megabytes. Each quotation is limited where it is created; this limits their sum.
 */
const LONGEST_MESSAGE = 20_000;

/** A plug-in chooses its own codes, so a code may be anything: this is what one may look like in a log or a column. */
const CODE_SHAPE = /^[A-Za-z][\w.:-]{0,99}$/;

/** A code of a plug-in, such as `X_ACME_NO_TITLE`. Its documentation gives the meaning and the remedy. */
export type OwnCode = `X_${string}`;

/** Marks every vocab-sync error. A plug-in may carry its own copy of this file, whose classes `instanceof` would not know. */
const BRAND = Symbol.for('vocab-sync.error');

/**
 * The common fields. `code` is stable across releases: scripts and alerts may rely on it. A plug-in may pass its own
 * code, which is not in the list. An invalid code is replaced by the general code of the class.
 */
export abstract class VocabSyncError extends Error {
  /** `E_…` for vocab-sync, `X_…` for a plug-in. */
  readonly code: ErrorCode | OwnCode;
  /** The values in the message: JSON-safe, without secrets. */
  readonly details: Readonly<Record<string, unknown>>;
  /** @internal */
  readonly [BRAND] = true;

  /** The message says what was expected, what was found and what to do. */
  constructor(code: ErrorCode | OwnCode, message: string, options: VocabSyncErrorOptions = {}) {
    super(clip(message, LONGEST_MESSAGE), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    const given: unknown = code;
    this.code = typeof given === 'string' && CODE_SHAPE.test(given) ? code : 'E_COMPONENT_CRASH';
    this.details = options.details ?? {};
  }

  /**
   * An error of another copy of these classes counts by its kind; a class that a plug-in derives keeps its own instances.
   *
   * @internal
   */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!(Error[Symbol.hasInstance](value) && BRAND in (value as object))) return false;
    return this === VocabSyncError || CLASSES[(value as VocabSyncError).kind] === this;
  }

  /**
   * Each class has its own kind, regardless of the code. A class of a plug-in that extends this one directly is
   * `internal`.
   */
  get kind(): ErrorKind {
    return 'internal';
  }
}

/** The operator edits a file, an argument or a setting. Retrying cannot help: the same text gives the same answer. */
export class ConfigError extends VocabSyncError {
  constructor(code: CodeOf<'config'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'config';
  }
}

/** Only this record is bad. It is rejected, and the run continues. Readers yield this error, transformers throw it. */
export class RecordError extends VocabSyncError {
  constructor(code: CodeOf<'record'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'record';
  }
}

/** What an UnavailableError holds in addition to its code and message. */
export interface UnavailableErrorOptions extends VocabSyncErrorOptions {
  /** Milliseconds that the other side asked us to wait. */
  readonly retryAfter?: number;
}

/** Something is away for now (a server, a connection, a full disk): the activity is retried. */
export class UnavailableError extends VocabSyncError {
  /** Milliseconds until the next attempt, or undefined for the usual delay. */
  readonly retryAfter: number | undefined;

  constructor(code: CodeOf<'unavailable'> | OwnCode, message: string, options: UnavailableErrorOptions = {}) {
    super(code, message, options);
    this.retryAfter = options.retryAfter;
  }

  override get kind(): ErrorKind {
    return 'unavailable';
  }
}

/** The source is not what it claims to be (truncated, wrong digest, not a zip). Retrying reads the same bytes. */
export class SourceError extends VocabSyncError {
  constructor(code: CodeOf<'source'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'source';
  }
}

/** A budget or a guard stopped the work. An operator decides whether the budget or the data is wrong. */
export class LimitError extends VocabSyncError {
  constructor(code: CodeOf<'limit'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'limit';
  }
}

/** A run or a target is in another state than the work needs. The operator looks, decides, and starts it again. */
export class StateError extends VocabSyncError {
  constructor(code: CodeOf<'state'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'state';
  }
}

/** An assertion in vocab-sync failed: please report it. A retry runs the same code. */
export class InternalError extends VocabSyncError {
  constructor(code: CodeOf<'internal'> | OwnCode, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

const CLASSES: Readonly<Record<ErrorKind, unknown>> = {
  config: ConfigError,
  record: RecordError,
  unavailable: UnavailableError,
  source: SourceError,
  limit: LimitError,
  state: StateError,
  internal: InternalError,
};

/** A library may quote invalid text of any length. */
const LONGEST_REASON = 2_000;

/** Returns the message of anything that was thrown, for a sentence. */
export function messageOf(thrown: unknown): string {
  return clip(hasMessage(thrown) ? thrown.message : String(thrown), LONGEST_REASON);
}

/** An error may come from another realm, whose class is another. */
function hasMessage(thrown: unknown): thrown is { readonly message: string } {
  return typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string';
}

/** Returns the remedy for a code; a general one for a code of a plug-in. */
export function remedyOf(code: string): string {
  const known = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
  return known?.remedy ?? 'This code comes from a plug-in. Look it up in the documentation of that plug-in.';
}

/**
 * Converts an error that a component threw. Errors of vocab-sync are returned unchanged. Any other error becomes a
 * crash of that component with the original as its cause: a TypeError in a plug-in is neither a bug in vocab-sync nor a
 * fault of the record.
 */
export function componentFailure(component: string, thrown: unknown): unknown {
  if (thrown instanceof VocabSyncError) return thrown;
  const message = messageOf(thrown);
  return new InternalError('E_COMPONENT_CRASH', `The ${component} failed unexpectedly: ${message}`, { cause: thrown });
}
