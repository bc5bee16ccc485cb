/**
 * The cookies of one request and its redirects. A login or consent page sets one with a redirect and expects it back at
 * the next address. They go to the origin that set them and to no other, and are forgotten with the request.
 */
const MOST_COOKIES = 50;
const LONGEST_COOKIE = 4096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export class RedirectCookies {
  readonly #byOrigin = new Map<string, Map<string, Cookie>>();

  /** `headers` are the values of Set-Cookie. */
  take(url: URL, headers: readonly string[]): void {
    const cookies = this.#byOrigin.get(url.origin) ?? new Map<string, Cookie>();
    for (const header of headers) {
      const cookie = parseCookie(header, url);
      if (cookie === undefined) continue;
      const key = `${cookie.name} ${cookie.path}`;
      if (isExpired(header)) cookies.delete(key);
      else if (cookies.has(key) || cookies.size < MOST_COOKIES) cookies.set(key, cookie);
    }
    this.#byOrigin.set(url.origin, cookies);
  }

  /** Returns the headers for `url`, including a Cookie that the caller sends there. */
  addTo(headers: Readonly<Record<string, string>>, url: URL): Readonly<Record<string, string>> {
    const cookies = [...(this.#byOrigin.get(url.origin)?.values() ?? [])].filter(({ path }) => isBelow(url, path));
    if (cookies.length === 0) return headers;
    const own = Object.entries(headers).filter(([name]) => name.toLowerCase() === 'cookie');
    const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'cookie');
    const pairs = [...own.map(([, value]) => value), ...cookies.map(({ name, value }) => `${name}=${value}`)];
    return { ...Object.fromEntries(others), cookie: pairs.join('; ') };
  }
}

function parseCookie(header: string, url: URL): Cookie | undefined {
  const [pair = ''] = header.split(';', 1);
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  if (equals < 1 || header.length > LONGEST_COOKIE || !/^[\x21-\x7e]+$/.test(name)) return undefined;
  if (!/^[\x20-\x7e\x80-\xff]*$/.test(value)) return undefined;
  const path = /;\s*path\s*=\s*(\/[^;]*)/i.exec(header)?.[1]?.trim();
  return { name, value, path: path ?? url.pathname.replace(/[^/]*$/, '') };
}

function isExpired(header: string): boolean {
  const maxAge = /;\s*max-age\s*=\s*(-?\d+)/i.exec(header)?.[1];
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  return Date.parse(/;\s*expires\s*=\s*([^;]*)/i.exec(header)?.[1] ?? '') <= Date.now();
}

/** Path-match of RFC 6265, 5.1.4. */
function isBelow({ pathname }: URL, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
