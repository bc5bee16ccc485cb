/**
 * Decides which URLs may be requested, and how a URL may be shown: never with user name, password, query or fragment.
 */
import { ConfigError, SourceError } from '../errors.ts';

/** Checks an address and every redirect of it. Hosts are `example.org`, `example.org:8080` or `*.example.org`; none = any. */
export interface UrlPolicy {
  /** An address from a job or from a document of the source. Throws ConfigError. */
  check(url: string): URL;
  /**
   * Returns the URL to which a response redirects. Throws ConfigError (host, protocol) or SourceError (invalid
   * redirect).
   */
  checkRedirect(location: string, from: URL): URL;
}

export function createUrlPolicy(allowedHosts: readonly string[]): UrlPolicy {
  const hosts = allowedHosts.map((host) => host.trim().toLowerCase()).filter((host) => host !== '');
  return {
    check(url) {
      const parsed = parseUrl(url);
      if (parsed === null)
        throw new ConfigError('E_URL_INVALID', 'Expected an http(s) address, found text that is none.');
      if (hasUserInfo(parsed)) {
        throw new ConfigError(
          'E_URL_INVALID',
          `The address ${redactUrl(parsed)} carries a user name or password; remove it: it would end up in logs.`,
        );
      }
      refuseForeign(parsed, hosts, 'The address');
      return parsed;
    },
    checkRedirect(location, from) {
      const parsed = parseUrl(location, from);
      if (parsed === null) {
        throw new SourceError('E_SOURCE_UNEXPECTED', `${redactUrl(from)} redirects to something that is no address.`);
      }
      refuseForeign(parsed, hosts, `${redactUrl(from)} redirects; the new address`);
      if (hasUserInfo(parsed)) {
        throw new SourceError(
          'E_SOURCE_UNEXPECTED',
          `${redactUrl(from)} redirects to ${redactUrl(parsed)} with a user name or password in the address, which is not followed.`,
        );
      }
      return parsed;
    },
  };
}

/** An address for messages and logs. Text that is no address is not repeated: it may be a pasted secret. */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? parseUrl(url) : url;
  if (parsed === null) return '(not an address)';
  const query = parsed.search === '' ? '' : '?…';
  return parsed.host === '' ? `${parsed.protocol}…` : `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`;
}

function parseUrl(url: string, base?: URL): URL | null {
  return URL.canParse(url, base?.href) ? new URL(url, base) : null;
}

function hasUserInfo(url: URL): boolean {
  return url.username !== '' || url.password !== '';
}

function refuseForeign(url: URL, hosts: readonly string[], subject: string): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError(
      'E_HOST_NOT_ALLOWED',
      `${subject} has the protocol "${url.protocol}"; expected http: or https:.`,
    );
  }
  if (hosts.length === 0 || hosts.some((host) => matchesHost(url, host))) return;
  throw new ConfigError(
    'E_HOST_NOT_ALLOWED',
    `${subject} leads to the host ${url.host}, which is not among the allowed hosts (${hosts.join(', ')}).`,
    { details: { host: url.host, allowed: hosts } },
  );
}

/** `host` is lower-case: `example.org`, `example.org:8080` or `*.example.org`. */
export function matchesHost(url: URL, host: string): boolean {
  if (host.startsWith('*.')) return url.hostname.endsWith(host.slice(1));
  return url.hostname === host || url.host === host;
}
