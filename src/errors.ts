/**
 * Every error that vocab-sync throws on purpose. The class says what the operator should do, the code (see
 * error-codes.ts) says which case it is, the message is a sentence with what was expected, what was found and
 * what to do. Anything else that is thrown is a bug of ours.
 */
import { clip } from './clip.ts';
import { ERROR_CODES, type CodeOf, type ErrorCode, type ErrorKind } from './error-codes.ts';

export interface VocabSyncErrorOptions {
  readonly cause?: unknown;
  /** The values behind the message: JSON-safe, without secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Messages quote sources, which can be megabytes. Each quotation is bounded where it is made; this bounds their sum. */
const LONGEST_MESSAGE = 20_000;

/** A plug-in chooses its own codes, so a code may be anything: this is what one may look like in a log or a column. */
const CODE_SHAPE = /^[A-Za-z][\w.:-]{0,99}$/;

/** Marks every vocab-sync error. A plug-in may carry its own copy of this file, whose classes `instanceof` would not know. */
const BRAND = Symbol.for('vocab-sync.error');

/**
 * The common shape. `code` is stable across releases: scripts and alerts may rely on it. A plug-in may pass a code of its
 * own, which no register knows; a value that cannot be a code is replaced by the general code of the class.
 */
export abstract class VocabSyncError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, options: VocabSyncErrorOptions = {}) {
    super(clip(message, LONGEST_MESSAGE), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    const given: unknown = code;
    this.code = typeof given === 'string' && CODE_SHAPE.test(given) ? code : 'E_COMPONENT_CRASH';
    this.details = options.details ?? {};
  }

  /** An error of another copy of these classes counts by its kind; a class that a plug-in derives keeps its own instances. */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    if (!(Error[Symbol.hasInstance](value) && BRAND in (value as object))) return false;
    return this === VocabSyncError || CLASSES[(value as VocabSyncError).kind] === this;
  }

  /** Each class has its own, whatever the code. A class of a plug-in that extends this one directly is `internal`. */
  get kind(): ErrorKind {
    return 'internal';
  }
}

/** The operator edits a file, an argument or a setting. Retrying cannot help: the same text gives the same answer. */
export class ConfigError extends VocabSyncError {
  constructor(code: CodeOf<'config'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'config';
  }
}

/** Only this record is bad: it becomes a rejection and the run goes on. Readers yield it, transformers throw it. */
export class RecordError extends VocabSyncError {
  constructor(code: CodeOf<'record'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'record';
  }
}

export interface UnavailableErrorOptions extends VocabSyncErrorOptions {
  /** Milliseconds that the other side asked us to wait. */
  readonly retryAfter?: number;
}

/** Something is away for now (a server, a connection, a full disk): the activity is retried. */
export class UnavailableError extends VocabSyncError {
  readonly retryAfter: number | undefined;

  constructor(code: CodeOf<'unavailable'>, message: string, options: UnavailableErrorOptions = {}) {
    super(code, message, options);
    this.retryAfter = options.retryAfter;
  }

  override get kind(): ErrorKind {
    return 'unavailable';
  }
}

/** The source is not what it claims to be (truncated, wrong digest, not a zip). Retrying reads the same bytes. */
export class SourceError extends VocabSyncError {
  constructor(code: CodeOf<'source'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'source';
  }
}

/** A budget or a guard stopped the work. An operator decides whether the budget or the data is wrong. */
export class LimitError extends VocabSyncError {
  constructor(code: CodeOf<'limit'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'limit';
  }
}

/** A run or a target is in another state than the work needs. The operator looks, decides, and starts it again. */
export class StateError extends VocabSyncError {
  constructor(code: CodeOf<'state'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }

  override get kind(): ErrorKind {
    return 'state';
  }
}

/** An assertion of ours failed: please report it. Retrying runs the same code. */
export class InternalError extends VocabSyncError {
  constructor(code: CodeOf<'internal'>, message: string, options?: VocabSyncErrorOptions) {
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

/** A library may quote the text that it could not read, whatever its length. */
const LONGEST_REASON = 2_000;

/** Returns the message of anything that was thrown, for a sentence. */
export function messageOf(thrown: unknown): string {
  return clip(thrown instanceof Error ? thrown.message : String(thrown), LONGEST_REASON);
}

/** What the operator can do about a code; a general answer where the code is a plug-in's own. */
export function remedyOf(code: string): string {
  const known = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
  return known?.remedy ?? 'This code comes from a plug-in. Look it up in the documentation of that plug-in.';
}

/**
 * What a component threw, ready to leave it: our own errors as they are, anything else as a crash of that component with
 * the original as its cause. Our errors say what to do; a TypeError of a plug-in is neither our bug nor the record's fault.
 */
export function componentFailure(component: string, thrown: unknown): unknown {
  if (thrown instanceof VocabSyncError) return thrown;
  const message = messageOf(thrown);
  return new InternalError('E_COMPONENT_CRASH', `The ${component} failed unexpectedly: ${message}`, { cause: thrown });
}
