/**
 * Converts an answer of an S3 server to an error for the operator. The server's text is not repeated: it may name an
 * access key.
 */
import { ConfigError, SourceError, UnavailableError, VocabSyncError, type VocabSyncErrorOptions } from '../errors.ts';
import { errorOfConnection } from '../http/answer-errors.ts';

export function toS3Error(thrown: unknown, address: string): VocabSyncError {
  if (thrown instanceof VocabSyncError) return thrown;
  const { status, name } = answerOf(thrown);
  if (status === undefined && isOfSdk(thrown)) return notAsked(address, thrown);
  // Without a status there was no answer.
  if (isUnreadable(thrown, status)) return unreadable(address, thrown);
  if (status === undefined || status < 300) return errorOfConnection(connectionFault(thrown), new URL(address));
  const options = { cause: new Error(name), details: { url: address, status, s3_code: name } };
  const answered = `${address} answered ${String(status)} (${name})`;
  if (status === 412) return objectChanged(address, options);
  if (status === 429 || name === 'SlowDown') {
    return new UnavailableError('E_SOURCE_RATE_LIMITED', `${answered} and asks to come back later.`, options);
  }
  if (status >= 500 || status === 408) {
    const message = `${answered}: the server has a passing problem. It is tried again.`;
    return new UnavailableError('E_SOURCE_UNAVAILABLE', message, options);
  }
  if (name === 'NoSuchBucket' || name === 'NoSuchKey' || name === 'NotFound') {
    const what = name === 'NoSuchBucket' ? 'bucket' : 'object';
    const message = `${answered}: there is no such ${what}. Check its name in the job.`;
    return new SourceError('E_SOURCE_NOT_FOUND', message, options);
  }
  if (status === 401 || status === 403) {
    const message = `${answered}: access is denied. Check access_key and secret_key of the reader, and what they may read.`;
    return new SourceError('E_SOURCE_NOT_FOUND', message, options);
  }
  const message = `${answered}; expected 200. Check endpoint, region, path_style and access_key of the reader.`;
  return new SourceError('E_SOURCE_UNEXPECTED', message, options);
}

export function objectChanged(address: string, options: VocabSyncErrorOptions = {}): SourceError {
  const message = `${address} was replaced while the run was under way. Run again when it is no longer being written.`;
  return new SourceError('E_SOURCE_CHANGED', message, options);
}

/** The SDK attaches the answer to what its parser throws; a connection that broke has a code. */
function isUnreadable(thrown: unknown, status: number | undefined): boolean {
  const isOfParser = thrown instanceof Error && '$response' in thrown && !('code' in thrown);
  return isOfParser && (status === undefined || status < 300);
}

/**
 * The SDK refuses some names of buckets and endpoints itself: without a code, an answer or a timeout nothing was asked.
 */
function isOfSdk(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || 'code' in thrown || '$response' in thrown || '$metadata' in thrown) return false;
  return !['TimeoutError', 'AbortError'].includes(thrown.name) && thrown.cause === undefined;
}

function notAsked(address: string, thrown: unknown): ConfigError {
  const message = `${address} cannot be asked (${answerOf(thrown).name}): the S3 client refuses the bucket, the endpoint or the region. Check bucket, endpoint, region and path_style of the reader.`;
  return new ConfigError('E_URL_INVALID', message, { details: { url: address } });
}

function unreadable(address: string, thrown: unknown): SourceError {
  const message = `${address} answered with something that is not the XML of an S3 server, or that is cut off. Check that the endpoint is an S3 server and not a page of it, and path_style.`;
  const cause = new Error(answerOf(thrown).name);
  return new SourceError('E_SOURCE_UNEXPECTED', message, { cause, details: { url: address } });
}

interface Answered {
  readonly status: number | undefined;
  /** The code of S3, such as `NoSuchKey`. */
  readonly name: string;
}

export function answerOf(thrown: unknown): Answered {
  if (!(thrown instanceof Error)) return { status: undefined, name: 'unknown' };
  const status = '$metadata' in thrown ? (thrown.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  return { status, name: thrown.name };
}

/** A timeout has a name and no code. */
function connectionFault(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || 'code' in thrown || thrown.name !== 'TimeoutError') return thrown;
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}
