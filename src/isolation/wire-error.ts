/** Errors on their way between processes: plain JSON there, an error of the same class here. */
import {
  ConfigError,
  InternalError,
  LimitError,
  RecordError,
  SourceError,
  UnavailableError,
  VocabSyncError,
  messageOf,
} from '../errors.ts';

/** A JSON-safe error. `kind` is set for errors of vocab-sync; others keep their name, message, code and causes. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly kind?: string;
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Milliseconds. */
  readonly retryAfter?: number;
  readonly stack?: string;
  readonly cause?: WireError;
  /** The errors of an AggregateError. */
  readonly errors?: readonly WireError[];
}

const DEEPEST = 5;
/** Longer texts are cut where the failure is shown; this bounds what crosses. */
const LONGEST = 64 * 1024;

export function toWire(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: cut(messageOf(thrown)) };
  const code: unknown = 'code' in thrown ? thrown.code : undefined;
  const isOwn = thrown instanceof VocabSyncError;
  const follows = depth < DEEPEST;
  return {
    name: thrown.name,
    message: cut(thrown.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(isOwn ? { kind: thrown.kind, details: plain(thrown.details) } : {}),
    ...(thrown instanceof UnavailableError && thrown.retryAfter !== undefined ? { retryAfter: thrown.retryAfter } : {}),
    ...(thrown.stack === undefined ? {} : { stack: cut(thrown.stack) }),
    ...(follows && thrown.cause !== undefined ? { cause: toWire(thrown.cause, depth + 1) } : {}),
    ...(follows && thrown instanceof AggregateError
      ? { errors: (thrown.errors as unknown[]).slice(0, DEEPEST).map((one) => toWire(one, depth + 1)) }
      : {}),
  };
}

export function fromWire(wire: WireError): Error {
  const error = revive(wire);
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

const CLASSES = {
  config: ConfigError,
  record: RecordError,
  unavailable: UnavailableError,
  source: SourceError,
  limit: LimitError,
  internal: InternalError,
} as const;

function revive(wire: WireError): Error {
  const { message, details = {}, retryAfter } = wire;
  const cause = wire.cause === undefined ? {} : { cause: fromWire(wire.cause) };
  if (wire.kind !== undefined && Object.hasOwn(CLASSES, wire.kind)) {
    const OwnError = CLASSES[wire.kind as keyof typeof CLASSES];
    const options = { details, ...cause, ...(retryAfter === undefined ? {} : { retryAfter }) };
    return new OwnError(wire.code as never, message, options);
  }
  const error = wire.errors === undefined ? new Error(message, cause) : aggregate(wire.errors, message, cause);
  error.name = wire.name;
  return wire.code === undefined ? error : Object.assign(error, { code: wire.code });
}

function aggregate(errors: readonly WireError[], message: string, options: ErrorOptions): Error {
  return new AggregateError(errors.map(fromWire), message, options);
}

function plain(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    const text = JSON.stringify(details);
    if (text.length <= LONGEST) return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // A cycle or a bigint in the details of a plug-in: the message says what is wrong without them.
  }
  return { note: 'The details cannot be kept.' };
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
