/** What the Temporal server answers when it refuses, or does not answer at all, as an error that an operator understands. */
import { ConfigError, UnavailableError, messageOf, type VocabSyncError } from '../errors.ts';

const GRPC = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Errors of the connection itself, which come without a gRPC code. */
const UNREACHABLE =
  /failed to connect|connect(ion)? (error|refused)|transport::error|call getsysteminfo|dns error|invalid address/i;

/**
 * `doing` completes "Could not …". Undefined when this is not an answer of the server. The useful text of a refusal is
 * in the cause: the message of the SDK only says that something failed.
 */
export function serverFailure(thrown: unknown, doing: string): VocabSyncError | undefined {
  const answer = answerOf(thrown);
  const text = `Could not ${doing}: ${answer.details}.`;
  const options = { cause: thrown };
  switch (answer.code) {
    case GRPC.unavailable:
    case GRPC.deadlineExceeded:
      return new UnavailableError('E_TEMPORAL_UNAVAILABLE', text, options);
    case GRPC.permissionDenied:
    case GRPC.unauthenticated:
      return new ConfigError('E_SETTINGS_INVALID', `${text} Check the credentials in the TEMPORAL_ settings.`, options);
    case GRPC.notFound:
      return /namespace/i.test(answer.details)
        ? new ConfigError('E_SETTINGS_INVALID', `${text} Check TEMPORAL_NAMESPACE, or create the namespace.`, options)
        : undefined;
    case GRPC.invalidArgument:
      return new ConfigError('E_SETTINGS_INVALID', text, options);
    default:
      return UNREACHABLE.test(messageOf(thrown))
        ? new UnavailableError('E_TEMPORAL_UNAVAILABLE', text, options)
        : undefined;
  }
}

/** The server, or the way to it, was too slow: whether the call was carried out is not known. */
export function isDeadline(thrown: unknown): boolean {
  return answerOf(thrown).code === GRPC.deadlineExceeded;
}

interface Answer {
  readonly code: number | undefined;
  readonly details: string;
}

function answerOf(thrown: unknown): Answer {
  const own = grpcPart(thrown);
  if (own !== undefined) return own;
  const cause = thrown instanceof Error ? grpcPart(thrown.cause) : undefined;
  return cause ?? { code: undefined, details: messageOf(thrown).replace(/\.$/, '') };
}

function grpcPart(thrown: unknown): Answer | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'number') return undefined;
  const details =
    'details' in thrown && typeof thrown.details === 'string' && thrown.details !== ''
      ? thrown.details
      : thrown.message;
  return { code: thrown.code, details: details.replace(/\.$/, '') };
}
