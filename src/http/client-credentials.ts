/**
 * Access tokens by OAuth 2 client credentials (RFC 6749, 4.4). A token is kept in memory only, and masked in every message
 * from the moment that it is known.
 */
import type { HttpService } from '../component/services.ts';
import { ConfigError } from '../errors.ts';
import { rememberSecret } from '../logging/redact.ts';
import { redactUrl } from './url-policy.ts';

export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  /** How the client authenticates: by `Authorization: Basic`, as the RFC requires, or by form fields. */
  readonly sendIn: 'header' | 'form';
}

export interface TokenSource {
  /** Returns the value of `Authorization`. Requests a new token on the first call, and when the current one is about to expire. */
  authorization(signal: AbortSignal): Promise<string>;
  /** The server does not accept the token. */
  forget(): void;
}

/** A token is renewed this long before it ends, or after nine tenths of a shorter life. */
const MARGIN_MS = 60_000;
const LARGEST_ANSWER = 256 * 1024;

/** Throws ConfigError E_API_REFUSED if the server refuses the client, and the errors of `HttpService.get`. */
export function createTokenSource(http: HttpService, credentials: ClientCredentials, now = Date.now): TokenSource {
  let held: { readonly value: string; readonly until: number } | undefined;
  return {
    async authorization(signal) {
      if (held === undefined || now() >= held.until) {
        const { token, lifeMs } = await requestToken(http, credentials, signal);
        held = { value: `Bearer ${token}`, until: now() + Math.max(lifeMs - MARGIN_MS, 0.9 * lifeMs - 1000) };
      }
      return held.value;
    },
    forget() {
      held = undefined;
    },
  };
}

async function requestToken(http: HttpService, credentials: ClientCredentials, signal: AbortSignal) {
  const { tokenUrl, clientId, clientSecret, scope, audience, sendIn } = credentials;
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const basic = `Basic ${Buffer.from(pair).toString('base64')}`;
  rememberSecret(basic);
  const answer = await http.get(tokenUrl, {
    signal,
    method: 'POST',
    headers: { accept: 'application/json', ...(sendIn === 'header' ? { authorization: basic } : {}) },
    form: {
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
      ...(audience === undefined ? {} : { audience }),
      ...(sendIn === 'form' ? { client_id: clientId, client_secret: clientSecret } : {}),
    },
    maxBytes: LARGEST_ANSWER,
    refusal: (status, reason) => ([400, 401, 403].includes(status) ? refused(tokenUrl, status, reason) : undefined),
  });
  const { token, seconds } = parseToken(answer.body);
  if (token === undefined) throw noToken(tokenUrl);
  rememberSecret(token);
  return { token, lifeMs: 1000 * (seconds ?? DEFAULT_SECONDS) };
}

/** Used if the server does not report the lifetime of a token. A token that expires earlier is renewed after the first 401. */
const DEFAULT_SECONDS = 3600;

/** Nothing of the body is quoted anywhere: it is a credential. */
function parseToken(body: string): { readonly token?: string; readonly seconds?: number } {
  try {
    const { access_token: token, expires_in: seconds } = JSON.parse(body) as Record<string, unknown>;
    const isUsable = typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);
    const life = Number(seconds);
    return { ...(isUsable ? { token } : {}), ...(life > 0 && Number.isFinite(life) ? { seconds: life } : {}) };
  } catch {
    // Not JSON: there is no token in it.
    return {};
  }
}

function refused(tokenUrl: string, status: number, reason: string): ConfigError {
  const said = reason === '' ? 'It does not say why' : `It says "${reason}"`;
  return new ConfigError(
    'E_API_REFUSED',
    `${redactUrl(tokenUrl)} refuses a token (${String(status)}). ${said}. Correct "client_id", "client_secret", "scope" or "send_in" of "oauth".`,
    { details: { url: redactUrl(tokenUrl), status } },
  );
}

function noToken(tokenUrl: string): ConfigError {
  return new ConfigError(
    'E_API_REFUSED',
    `${redactUrl(tokenUrl)} answered without an "access_token" in JSON. Check "token_url" of "oauth": it may be the address of a login page.`,
    { details: { url: redactUrl(tokenUrl) } },
  );
}
