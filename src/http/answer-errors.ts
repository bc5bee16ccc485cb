/**
 * Converts a status or a broken connection into an error for the operator. Messages contain the URL without its query.
 */
import { SourceError, UnavailableError, VocabSyncError, messageOf } from '../errors.ts';
import { retryAfterOf } from './retry-after.ts';
import { redactUrl } from './url-policy.ts';

/** The server sent nothing for too long. */
export class StallError extends Error {
  readonly code = 'STALLED';
}

interface Answer {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The error for an answer with an unwanted status. `reason` is the start of its body, as `toReason` returns it. */
export function errorOfStatus(answer: Answer, reason = ''): UnavailableError | SourceError {
  const { status } = answer;
  const where = redactUrl(answer.url);
  const details = { status, url: where, ...(reason === '' ? {} : { reason }) };
  const said = reason === '' ? '' : ` The answer begins with "${reason}".`;
  const retryAfter = status === 429 || status === 503 ? retryAfterOf(answer.headers) : undefined;
  if (status === 429 || retryAfter !== undefined) {
    const wait = retryAfter === undefined ? 'later' : `in ${String(Math.ceil(retryAfter / 1000))} s`;
    const options = retryAfter === undefined ? { details } : { details, retryAfter };
    return new UnavailableError(
      'E_SOURCE_RATE_LIMITED',
      `${where} answered ${String(status)} and asks to come back ${wait}.${said}`,
      options,
    );
  }
  if (isTransient(status)) {
    return new UnavailableError(
      'E_SOURCE_UNAVAILABLE',
      `${where} answered ${String(status)}: the server has a transient problem. It is tried again.${said}`,
      { details },
    );
  }
  if ([401, 403, 404, 410].includes(status)) {
    return new SourceError(
      'E_SOURCE_NOT_FOUND',
      `${where} answered ${String(status)}: the address does not exist or is forbidden. Check the address in the job.${said}`,
      { details },
    );
  }
  if (status === 206)
    return incomplete(where, 'it answered 206, a partial answer, to a request for everything', details);
  return new SourceError(
    'E_SOURCE_UNEXPECTED',
    `${where} answered with the status ${String(status)}; expected 200.${said === '' ? ' Open the address in a browser to see what it says.' : said}`,
    { details },
  );
}

/** 501 and 505 mean that the server will never accept such a request. */
function isTransient(status: number): boolean {
  return (status >= 500 && status !== 501 && status !== 505) || status === 408 || status === 425;
}

/** The error for an answer that is not whole by the server's own words. `why` completes "…: ". */
export function incomplete(
  where: string,
  why: string,
  details: Readonly<Record<string, unknown>> = {},
  advice = 'Ask for less at a time, or run again when the server is less busy.',
): SourceError {
  return new SourceError(
    'E_SOURCE_INCOMPLETE',
    `${where} did not send everything: ${why}. Nothing of it is published. ${advice}`,
    { details: { url: where, ...details } },
  );
}

/** Returns the error for a connection that failed or broke. `proxy` is the proxy that was used. */
export function errorOfConnection(thrown: unknown, url: URL, proxy?: URL): VocabSyncError {
  if (thrown instanceof VocabSyncError) return thrown;
  if (thrown instanceof Error && thrown.cause instanceof VocabSyncError) return thrown.cause;
  const where = proxy === undefined ? redactUrl(url) : `${redactUrl(url)} through the proxy ${proxy.host}`;
  const code = codeOf(thrown);
  const details = { url: where, reason: code ?? 'unknown' };
  // A new error: the one of the client holds the request with its headers and full address.
  const cause = new Error(code ?? messageOf(thrown));
  if (isWrongServer(code)) {
    return new SourceError(
      'E_SOURCE_UNEXPECTED',
      `The connection to ${where} cannot be trusted or is not HTTP (${code ?? ''}). Check the address and the certificate of the server.`,
      { details, cause },
    );
  }
  return new UnavailableError(
    'E_SOURCE_UNAVAILABLE',
    `${where} cannot be reached: ${reasonOf(code)}. It is tried again.`,
    {
      details,
      cause,
    },
  );
}

function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** TLS certificates and bytes that are not HTTP: asking again gives the same. */
function isWrongServer(code: string | undefined): boolean {
  return code !== undefined && /^(EPROTO$|CERT_|HPE_INVALID|ERR_TLS_|ERR_SSL_|UNABLE_TO_)|SELF_SIGNED_CERT/.test(code);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ENOTFOUND: 'its name is not known to the DNS',
  EAI_AGAIN: 'the DNS did not answer',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no network',
  STALLED: 'it sent nothing for too long',
};

function reasonOf(code: string | undefined): string {
  if (code === undefined) return 'the connection failed';
  const reason = REASONS[code];
  return reason === undefined ? `the connection failed (${code})` : `${reason} (${code})`;
}
