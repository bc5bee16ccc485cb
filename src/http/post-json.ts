/**
 * Sends a small document to a URL that is a secret. Messages name only its host, redirects are not followed and nothing
 * is retried here, because the caller decides when the next attempt is due.
 */
import { ConfigError, UnavailableError } from '../errors.ts';
import { errorOfConnection } from './answer-errors.ts';
import { retryAfterOf } from './retry-after.ts';
import { createUrlPolicy } from './url-policy.ts';

export interface JsonPost {
  readonly url: string;
  readonly body: unknown;
  readonly allowedHosts: readonly string[];
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Milliseconds for all of it. Default: 30 s. */
  readonly timeout?: number;
}

const TIMEOUT = 30_000;

/** Throws UnavailableError E_NOTICE_UNAVAILABLE, or ConfigError E_NOTICE_REFUSED, E_URL_INVALID or E_HOST_NOT_ALLOWED. */
export async function postJson(post: JsonPost): Promise<void> {
  const url = createUrlPolicy(post.allowedHosts).check(post.url);
  const { got } = await import('got');
  const answer = await got
    .post(url, {
      json: post.body,
      headers: { 'user-agent': post.userAgent },
      signal: post.signal,
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      timeout: { request: post.timeout ?? TIMEOUT },
    })
    .catch((thrown: unknown) => {
      post.signal.throwIfAborted();
      throw unreachable(thrown, url);
    });
  if (answer.statusCode < 200 || answer.statusCode > 299) throw refused(answer.statusCode, answer.headers, url);
}

function unreachable(thrown: unknown, url: URL): UnavailableError {
  // Its cause holds the code of the connection and no address.
  const { cause } = errorOfConnection(thrown, new URL(url.origin));
  const reason = cause instanceof Error ? cause.message : 'the connection failed';
  return new UnavailableError(
    'E_NOTICE_UNAVAILABLE',
    `The address of the notice, at ${url.host}, cannot be reached (${reason}). It is tried again for a day.`,
  );
}

function refused(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  url: URL,
): UnavailableError | ConfigError {
  if (status === 429 || status === 408 || status >= 500) {
    const after = headers['retry-after'];
    const retryAfter = retryAfterOf({ 'retry-after': Array.isArray(after) ? after[0] : after });
    return new UnavailableError(
      'E_NOTICE_UNAVAILABLE',
      `The address of the notice, at ${url.host}, answered ${String(status)}, which passes. It is tried again for a day.`,
      retryAfter === undefined ? {} : { retryAfter },
    );
  }
  return new ConfigError(
    'E_NOTICE_REFUSED',
    `The address of the notice, at ${url.host}, answered ${String(status)}; expected a status of 200 to 299. Correct the address where the worker runs, or take the channel out of the job's "notify".`,
  );
}
