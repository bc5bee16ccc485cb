/**
 * The errors that a component throws. The class decides what happens next, and the code names the problem. Begin your own
 * codes with `X_` and your name, such as `X_ACME_NO_TITLE`. The class of any other thrown value is that of a crash:
 * `E_COMPONENT_CRASH`.
 *
 * @module
 */
export type { ErrorCode, ErrorKind } from '../error-codes.ts';
export {
  ConfigError,
  LimitError,
  RecordError,
  SourceError,
  UnavailableError,
  VocabSyncError,
  type OwnCode,
  type UnavailableErrorOptions,
  type VocabSyncErrorOptions,
} from '../errors.ts';
