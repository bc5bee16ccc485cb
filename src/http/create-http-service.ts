/** The HTTP service for components: small responses, and downloads into the spool. */
import { join } from 'node:path';
import type { HttpService, Logger } from '../component/services.ts';
import { download } from './download.ts';
import { getText } from './get-text.ts';
import { createHopGuard, type HopGuardOptions } from './hop-guard.ts';
import { createHttpClient } from './http-client.ts';
import type { RequestTiming } from './open-answer.ts';
import type { RetryPolicy } from './retrying.ts';
import { createUrlPolicy } from './url-policy.ts';

export interface HttpServiceOptions extends Partial<HopGuardOptions> {
  /** Downloads live in `downloads/` below it. Several processes may share it. */
  readonly spoolDirectory: string;
  /** Host names that may be asked (`example.org`, `*.example.org`, `localhost:8080`); empty = any. */
  readonly allowedHosts: readonly string[];
  readonly userAgent: string;
  readonly logger: Logger;
  readonly timing?: Partial<RequestTiming & RetryPolicy>;
}

/**
 * Generous on purpose: a slow source is better than a failed run, and the activity above has its own heartbeat. The three
 * quick retries take 3.5 s together; what lasts longer is retried by the run.
 */
const TIMING: RequestTiming & RetryPolicy = { connect: 15_000, stall: 60_000, retries: 3, pause: 500 };

export function createHttpService(options: HttpServiceOptions): HttpService {
  const timing = { ...TIMING, ...options.timing };
  const { userAgent, logger } = options;
  const policy = createUrlPolicy(options.allowedHosts);
  const guard = createHopGuard({ trustedHosts: options.trustedHosts ?? [], network: options.network });
  const client = createHttpClient({ userAgent, logger, policy, guard, timing, retry: timing });
  const directory = join(options.spoolDirectory, 'downloads');
  return {
    get: (url, getOptions) => getText(client, url, getOptions),
    download: (request) => download(request, { client, directory, logger }),
  };
}
