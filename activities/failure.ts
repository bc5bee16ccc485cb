/**
 * Converts the error of an activity into the failure that Temporal gets. This is the only file that creates an
 * ApplicationFailure from an error. The type of the failure is the error code, it is retried only if another attempt
 * can help, and its text is redacted.
 */
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { UnavailableError, VocabSyncError, messageOf, remedyOf } from '../src/errors.ts';
import { redactClipped } from '../src/logging/redact.ts';
import { FOREIGN_INSTALLATION } from '../src/records/foreign-installation.ts';
import { knownError } from './known-error.ts';

export type Redact = (text: string) => string;

/** A failure is kept in the history for good and shown in the Web UI. */
const LONGEST_MESSAGE = 2000;
const LONGEST_DETAILS = 8000;

/** `thrown` is whatever a step threw. A failure that Temporal made itself passes unchanged. */
export function toApplicationFailure(thrown: unknown, redact: Redact): ApplicationFailure {
  if (thrown instanceof ApplicationFailure) return thrown;
  // A crash of a component may be a broken connection inside it, which is retried.
  const isCrash = thrown instanceof VocabSyncError && thrown.code === 'E_COMPONENT_CRASH' && thrown.cause !== undefined;
  const error =
    thrown instanceof VocabSyncError && !isCrash ? thrown : (knownError(thrown) ?? (isCrash ? thrown : undefined));
  if (error === undefined) return bug(thrown, redact);
  const failure = ApplicationFailure.create({
    message: redactClipped(error.message, LONGEST_MESSAGE, redact),
    type: error.code,
    nonRetryable: error.kind !== 'unavailable',
    details: [{ kind: error.kind, remedy: remedyOf(error.code), ...detailsOf(error, redact) }],
    ...(error instanceof UnavailableError && error.retryAfter !== undefined
      ? { nextRetryDelay: Math.max(1, error.retryAfter) }
      : {}),
    ...(error.code === 'E_LEASE_LOST' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
  withStack(failure, error, redact);
  return failure;
}

/** Ends an attempt on a worker that shuts down; another worker starts the next one at once, not after the retry delay. */
export function handOver(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'WorkerShutdown',
    message: 'The worker shuts down; another one goes on from the last checkpoint.',
    nextRetryDelay: 1,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** About half of the attempts reach the right worker where two installations poll a queue: it should not wait long. */
const SHORTEST_HAND_BACK = 50;
/** Where no worker of the right installation is there, the others should not be busy with handing back. */
const LONGEST_HAND_BACK = 5000;

/** Ends an attempt on a worker of another installation before it did anything. */
export function handBack(theirs: string, ours: string, attempt: number): ApplicationFailure {
  const delay = Math.min(SHORTEST_HAND_BACK * 1.3 ** (attempt - 1), LONGEST_HAND_BACK);
  return ApplicationFailure.create({
    type: FOREIGN_INSTALLATION,
    message: `The run belongs to the installation ${theirs}. This worker belongs to ${ours}, with another database, and handed the step back.`,
    // Spread, so that the same worker is not the first to ask each time.
    nextRetryDelay: Math.ceil(delay * (0.5 + Math.random())),
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** An unknown error is a bug in vocab-sync. It fails at once, because another attempt runs the same code. */
function bug(thrown: unknown, redact: Redact): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: redactClipped(`Unexpected: ${messageOf(thrown)}`, LONGEST_MESSAGE, redact),
    type: 'E_INTERNAL',
    nonRetryable: true,
    details: [
      { kind: 'internal', ...(thrown instanceof Error ? { name: thrown.name, ...causeOf(thrown, redact) } : {}) },
    ],
  });
  withStack(failure, thrown, redact);
  return failure;
}

function detailsOf(error: VocabSyncError, redact: Redact): Record<string, unknown> {
  const size = sizeOf(error.details, LONGEST_DETAILS);
  if (size <= LONGEST_DETAILS) {
    const details = { ...(redacted(error.details, redact) as Record<string, unknown>), ...causeOf(error, redact) };
    if (JSON.stringify(details).length <= LONGEST_DETAILS) return details;
  }
  return { note: 'The details were too long to keep here; the log of the worker has them.', ...causeOf(error, redact) };
}

/** The causes as text: passed on as errors they would carry their own unredacted messages. */
function causeOf(error: Error, redact: Redact): { cause?: string } {
  const messages: string[] = [];
  for (
    let cause = error.cause;
    cause !== undefined && messages.length < 5;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    messages.push(messageOf(cause).slice(0, LONGEST_DETAILS));
  }
  return messages.length === 0 ? {} : { cause: redactClipped(messages.join(' ← '), LONGEST_MESSAGE, redact) };
}

/** About the length of a value as JSON; stops counting after `most`. */
function sizeOf(value: unknown, most: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 2;
  for (const [key, item] of Object.entries(value)) {
    size += key.length + sizeOf(item, most - size);
    if (size > most) break;
  }
  return size;
}

function redacted(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item, redact)]));
}

function withStack(failure: ApplicationFailure, thrown: unknown, redact: Redact): void {
  if (thrown instanceof Error && thrown.stack !== undefined)
    failure.stack = redactClipped(thrown.stack, LONGEST_DETAILS, redact);
}
