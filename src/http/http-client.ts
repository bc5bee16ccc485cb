/** The common parts of all requests: the user agent, the policy of addresses, the timeouts. */
import type { Logger } from '../component/services.ts';
import type { HopGuard } from './hop-guard.ts';
import { openAnswer, type AnswerRequest, type OpenAnswer, type RequestTiming } from './open-answer.ts';
import type { RetryPolicy } from './retrying.ts';
import { redactUrl, type UrlPolicy } from './url-policy.ts';

export interface HttpClient {
  readonly retry: RetryPolicy;
  /** Throws ConfigError for an address that may not be asked, before anything is touched. */
  check(url: string): void;
  open(request: AnswerRequest): Promise<OpenAnswer>;
}

export interface HttpClientOptions {
  readonly userAgent: string;
  readonly policy: UrlPolicy;
  readonly guard: HopGuard;
  readonly timing: RequestTiming;
  readonly retry: RetryPolicy;
  readonly logger: Logger;
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  return {
    retry: options.retry,
    check(url) {
      options.policy.check(url);
    },
    async open(request) {
      const headers = { ...request.headers, 'user-agent': options.userAgent };
      const answer = await openAnswer({ ...request, headers }, options);
      options.logger.debug('HTTP answer', {
        method: request.method,
        url: redactUrl(answer.url),
        status: answer.status,
        bytes: answer.headers['content-length'],
      });
      return answer;
    },
  };
}
