/**
 * The register of error codes, by kind: meaning and remedy. It feeds the types, `vocab-sync` output and
 * docs/reference/errors.md. A code is never renamed; one that is no longer thrown is removed with a CHANGELOG line.
 */
import type { CodeText } from './error-codes/code-text.ts';
import { CONFIG_CODES } from './error-codes/config-codes.ts';
import { INTERNAL_CODES } from './error-codes/internal-codes.ts';
import { LIMIT_CODES } from './error-codes/limit-codes.ts';
import { RECORD_CODES } from './error-codes/record-codes.ts';
import { SOURCE_CODES } from './error-codes/source-codes.ts';
import { STATE_CODES } from './error-codes/state-codes.ts';
import { UNAVAILABLE_CODES } from './error-codes/unavailable-codes.ts';

const BY_KIND = {
  config: CONFIG_CODES,
  record: RECORD_CODES,
  unavailable: UNAVAILABLE_CODES,
  source: SOURCE_CODES,
  limit: LIMIT_CODES,
  state: STATE_CODES,
  internal: INTERNAL_CODES,
} as const;

/** What an operator has to do about an error; see the classes. */
export type ErrorKind = keyof typeof BY_KIND;

export interface ErrorCodeEntry extends CodeText {
  readonly kind: ErrorKind;
}

/** The codes of one kind. */
export type CodeOf<K extends ErrorKind> = { [C in K]: keyof (typeof BY_KIND)[C] }[K];

/** A code of vocab-sync, as the list of errors describes it. */
export type ErrorCode = CodeOf<ErrorKind>;

export const ERROR_CODES = Object.fromEntries(
  Object.entries(BY_KIND).flatMap(([kind, codes]) =>
    Object.entries(codes).map(([code, text]) => [code, { kind, ...text }]),
  ),
) as Readonly<Record<ErrorCode, ErrorCodeEntry>>;
