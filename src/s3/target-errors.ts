/** Converts the answer of a target's S3 server to an error that an operator can act on. The server's text is not repeated. */
import { ConfigError, UnavailableError, VocabSyncError } from '../errors.ts';
import { answerOf, toS3Error } from './s3-errors.ts';

const ADVICE = 'Check bucket, endpoint, region, path_style and access_key of the writer, and what the key may do.';

export function toTargetError(thrown: unknown, address: string): VocabSyncError {
  if (thrown instanceof VocabSyncError) return thrown;
  const { status, name } = answerOf(thrown);
  const options = { cause: new Error(name), details: { url: address, status, s3_code: name } };
  const answered = `${address} answered ${String(status)} (${name})`;
  if (name === 'NoSuchUpload') {
    const message = `The upload to ${address} was ended by another attempt that now writes the object. This attempt published nothing.`;
    return new UnavailableError('E_LEASE_LOST', message, options);
  }
  if (status === 507 || /^(?:QuotaExceeded|XMinioStorageFull|InsufficientStorage)$/.test(name)) {
    return new UnavailableError('E_DISK_FULL', `${answered}: it has no space left. Nothing was published.`, options);
  }
  if (status === undefined || status < 300) return withoutAnswer(thrown, address);
  if (status === 429 || status === 408 || name === 'SlowDown' || (status >= 500 && status !== 501)) {
    const message = `${answered}: a transient problem of the server. The run tries again.`;
    return new UnavailableError('E_TARGET_UNAVAILABLE', message, options);
  }
  const why =
    name === 'NoSuchBucket'
      ? 'there is no such bucket'
      : status === 401 || status === 403
        ? 'access is denied'
        : 'the server refuses the request';
  return new ConfigError('E_TARGET_FORBIDDEN', `${answered}: ${why}. ${ADVICE}`, options);
}

/** The connection failed, the answer is not XML, or the client itself refuses the address. */
function withoutAnswer(thrown: unknown, address: string): VocabSyncError {
  const error = toS3Error(thrown, address);
  const { message, cause, details } = error;
  if (error.kind === 'unavailable') return new UnavailableError('E_TARGET_UNAVAILABLE', message, { cause, details });
  return new ConfigError('E_TARGET_FORBIDDEN', `${message} ${ADVICE}`, { cause, details });
}
