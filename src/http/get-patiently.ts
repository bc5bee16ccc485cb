/** Sends a request to a service that is read page by page and may report too many requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchContext } from '../component/reader.ts';
import type { HttpAnswer, HttpService } from '../component/services.ts';
import { UnavailableError } from '../errors.ts';
import { redactUrl } from './url-policy.ts';

/** A shorter wait is waited for here. A longer one is left to the run, which survives the worker. */
const LONGEST_WAIT_MS = 30_000;
const MOST_WAITS = 20;

/**
 * Throws the errors of `HttpService.get`; E_SOURCE_RATE_LIMITED only if the server requests a long wait, or too many
 * waits.
 */
export async function getPatiently(
  { services, signal }: Pick<FetchContext, 'services' | 'signal'>,
  url: string,
  options: Omit<Parameters<HttpService['get']>[1], 'signal'>,
): Promise<HttpAnswer> {
  for (let waits = 0; ; waits++) {
    try {
      return await services.http.get(url, { ...options, signal });
    } catch (error) {
      const wait = error instanceof UnavailableError ? error.retryAfter : undefined;
      if (wait === undefined || wait > LONGEST_WAIT_MS || waits >= MOST_WAITS) throw error;
      services.logger.info('The server asks to try again later', { url: redactUrl(url), wait_ms: wait });
      await sleep(wait, undefined, { signal });
    }
  }
}
