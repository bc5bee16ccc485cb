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

/** The common shape. `code` is stable across releases: scripts and alerts may rely on it. */
export abstract class VocabSyncError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: VocabSyncErrorOptions = {}) {
    super(clip(message, LONGEST_MESSAGE), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }

  get kind(): ErrorKind {
    return ERROR_CODES[this.code].kind;
  }
}

/** The operator edits a file, an argument or a setting. Retrying cannot help: the same text gives the same answer. */
export class ConfigError extends VocabSyncError {
  constructor(code: CodeOf<'config'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

/** Only this record is bad: it becomes a rejection and the run goes on. Readers yield it, transformers throw it. */
export class RecordError extends VocabSyncError {
  constructor(code: CodeOf<'record'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
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
}

/** The source is not what it claims to be (truncated, wrong digest, not a zip). Retrying reads the same bytes. */
export class SourceError extends VocabSyncError {
  constructor(code: CodeOf<'source'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

/** A budget or a guard stopped the work. An operator decides whether the budget or the data is wrong. */
export class LimitError extends VocabSyncError {
  constructor(code: CodeOf<'limit'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

/** A run or a target is in another state than the work needs. The operator looks, decides, and starts it again. */
export class StateError extends VocabSyncError {
  constructor(code: CodeOf<'state'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

/** An assertion of ours failed: please report it. Retrying runs the same code. */
export class InternalError extends VocabSyncError {
  constructor(code: CodeOf<'internal'>, message: string, options?: VocabSyncErrorOptions) {
    super(code, message, options);
  }
}

/** The message of anything that was thrown, for a sentence. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
