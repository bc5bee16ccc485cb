/** The HTTP client for writers: one request, no redirect, no retry, and every status is an answer, except for a page of HTML. */
import http from 'node:http';
import https from 'node:https';
import type { ApiAnswer, ApiRequest, ApiService } from '../component/services.ts';
import { ConfigError, UnavailableError, type VocabSyncError } from '../errors.ts';
import { errorOfConnection } from './answer-errors.ts';
import { toReason } from './answer-reason.ts';
import { errorOfProxy, proxyAgentPool, proxyFor, type ProxyAgents } from './proxy.ts';
import { retryAfterOf } from './retry-after.ts';
import { createUrlPolicy, redactUrl } from './url-policy.ts';

export interface ApiServiceOptions {
  readonly allowedHosts: readonly string[];
  readonly userAgent: string;
}

const TIMEOUT_MS = 60_000;
const CONNECT_MS = 15_000;
const LARGEST_ANSWER = 32 * 1024 * 1024;
const PAGE = /^\s*<(?:!doctype\s+html|html)\b/i;

/** Connections are kept open between requests: a new one for each record would cost more than the record. */
export function createApiService({ allowedHosts, userAgent }: ApiServiceOptions): ApiService {
  const policy = createUrlPolicy(allowedHosts);
  const kept = { keepAlive: true, timeout: TIMEOUT_MS };
  const direct = { http: new http.Agent(kept), https: new https.Agent(kept) };
  const agentsOf = proxyAgentPool(kept);
  return {
    async ask(request) {
      const url = policy.check(request.url);
      const proxy = proxyFor(url);
      const agent = proxy === undefined ? direct : agentsOf(proxy);
      const answer = await send(request, url, { agent, userAgent, proxy });
      if (proxy !== undefined && answer.status === 407) throw errorOfProxy(proxy, 407, url.host);
      if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) throw redirected(answer, url);
      if (answer.status < 300 && PAGE.test(answer.body)) throw pageInstead(answer, url);
      return answer;
    },
  };
}

interface Connecting {
  readonly agent: { readonly http: http.Agent; readonly https: https.Agent } | ProxyAgents;
  readonly userAgent: string;
  readonly proxy: URL | undefined;
}

async function send(request: ApiRequest, url: URL, { agent, userAgent, proxy }: Connecting): Promise<ApiAnswer> {
  const { signal, method, headers, body, timeoutMs = TIMEOUT_MS, maxBytes = LARGEST_ANSWER } = request;
  const { got } = await import('got');
  const asked = got(url, {
    method: method as 'GET',
    headers: { ...headers, 'user-agent': userAgent },
    ...(body === undefined ? {} : { body }),
    allowGetBody: true,
    agent,
    signal,
    decompress: true,
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    timeout: { request: timeoutMs, connect: CONNECT_MS, lookup: CONNECT_MS },
    responseType: 'text',
  });
  const size = { tooLarge: false };
  void asked.on('downloadProgress', ({ transferred }) => {
    if (transferred <= maxBytes) return;
    size.tooLarge = true;
    asked.cancel();
  });
  try {
    const answer = await asked;
    const flat = Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
    );
    return {
      status: answer.statusCode,
      headers: flat,
      body: answer.body,
      get reason() {
        return toReason(answer.body.slice(0, 4000));
      },
      retryAfter: waitOf(flat),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    if (size.tooLarge) throw tooLong(url, maxBytes);
    throw unreachable(thrown, url, proxy);
  }
}

/** Undefined also for no time at all, such as a date that has passed by the clock here: it would be asked without a pause. */
function waitOf(headers: ApiAnswer['headers']): number | undefined {
  const wait = retryAfterOf(headers);
  return wait === 0 ? undefined : wait;
}

function unreachable(thrown: unknown, url: URL, proxy: URL | undefined): VocabSyncError {
  const error = errorOfConnection(thrown, url, proxy);
  if (error.code === 'E_PROXY_REFUSED') return error;
  const { details, cause } = error;
  if (error.kind === 'unavailable') {
    return new UnavailableError('E_TARGET_UNAVAILABLE', error.message, { details, cause });
  }
  const advice =
    ' Where a private authority signed the certificate, name its file in NODE_EXTRA_CA_CERTS for the worker.';
  return new ConfigError('E_TARGET_FORBIDDEN', error.message + advice, { details, cause });
}

/** A credential must not follow a redirect, and a request that changes something must not be repeated elsewhere. */
function redirected({ status, headers }: ApiAnswer, url: URL): ConfigError {
  const to = headers['location'];
  const place = to !== undefined && URL.canParse(to, url.href) ? redactUrl(new URL(to, url)) : 'another address';
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `${redactUrl(url)} answered ${String(status)} and redirects to ${place}. Requests that change a target follow no redirect. If the new address is right, write it into the job.`,
    { details: { status } },
  );
}

/** A login page or a proxy answers 200 in place of the server, and nothing was done. */
function pageInstead({ status, reason }: ApiAnswer, url: URL): ConfigError {
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `Expected JSON from ${redactUrl(url)}, found ${String(status)} and a page: "${reason.slice(0, 100)}". Check the address, and whether a login page or a proxy answers in place of the server.`,
    { details: { status } },
  );
}

function tooLong(url: URL, most: number): ConfigError {
  return new ConfigError(
    'E_TARGET_FORBIDDEN',
    `${redactUrl(url)} answered with more than ${String(most)} bytes; expected a short answer. Check the address.`,
  );
}
