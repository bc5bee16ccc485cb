/**
 * The forms in which a secret occurs in messages. A server echoes the token of `Bearer TOKEN` without its scheme, the
 * password of a `Basic` header in clear text, or one step of a secret address, each in one of several encodings.
 */

export interface SecretPart {
  readonly text: string;
  /** The beginning of `text` that is no secret and stays readable, such as a host name. */
  readonly keep?: string;
}

/** `Bearer TOKEN`, `Token token="…"`, `ApiKey …` */
const WITH_SCHEME = /^([a-z][a-z0-9-]{2,20})[ \t]+(\S.*)$/is;
/** Lines of a key file that are long enough to identify it. */
const SHORTEST_LINE = 16;

/** Returns the secret itself, its parts, and each of them as URLs, JSON and HTML write it. Short ones are included. */
export function partsOfSecret(secret: string): readonly SecretPart[] {
  // The first of two equal texts counts: the host of an address stays readable.
  const parts: SecretPart[] = [...partsOfUrl(secret), { text: secret }, ...partsOfHeader(secret), ...linesOf(secret)];
  return parts.flatMap(({ text, keep }) =>
    keep === undefined ? encodingsOf(text).map((encoded) => ({ text: encoded })) : [{ text, keep }],
  );
}

function partsOfHeader(secret: string): SecretPart[] {
  const [, scheme = '', rest = ''] = WITH_SCHEME.exec(secret) ?? [];
  const values = [...secret.matchAll(/[\w-]+=("[^"]*"|[^\s;,"]+)/g)].map(([, value = '']) => value.replaceAll('"', ''));
  if (rest === '' || rest.includes('\n')) return URL.canParse(secret) ? [] : values.map((text) => ({ text }));
  const basic = scheme.toLowerCase() === 'basic' ? partsOfBasic(rest) : [];
  return [rest, ...basic, ...values].map((text) => ({ text }));
}

/** `user:password` in base64: also without padding, in clear text, and both halves. */
function partsOfBasic(credentials: string): string[] {
  const plain = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  const bare = credentials.replace(/=+$/, '');
  if (colon === -1) return [bare];
  return [bare, plain, plain.slice(0, colon), plain.slice(colon + 1)];
}

/**
 * If a whole URL is secret, its host stays readable. Its path is masked after the host; segments and values that look
 * like tokens are masked wherever a server repeats them.
 */
function partsOfUrl(secret: string): SecretPart[] {
  if (!URL.canParse(secret)) return [];
  const { href, protocol, host, pathname, search, searchParams, username, password, hash } = new URL(secret);
  if (host === '') return [];
  const steps = pathname.split('/').filter((step) => step !== '');
  const tokens = steps.filter((step, index) => looksLikeToken(step, index === steps.length - 1)).map(decoded);
  const values = [...searchParams.values(), hash.slice(1), decoded(username), decoded(password)];
  const bare = [...tokens, ...values].map((text) => ({ text }));
  if (pathname === '/' && search === '') return [{ text: href }, ...bare];
  const place = (path: string): SecretPart[] => [
    { text: `${protocol}//${host}${path}`, keep: `${protocol}//${host}/` },
    { text: `${host}${path}`, keep: `${host}/` },
  ];
  const paths = new Set([`${pathname}${search}`, pathname, decoded(pathname)].filter((path) => path.length > 1));
  return [...[...paths].flatMap(place), { text: href }, ...bare, ...(tokens.length > 0 ? [{ text: pathname }] : [])];
}

/** A step with a digit or mixed case, a long one, and the last one unless it is a plain word or a file name. */
function looksLikeToken(step: string, isLast: boolean): boolean {
  const stem = step.replace(/\.[a-z]{1,5}\d?(\.[a-z]{1,4})?$/i, '');
  if (stem.length < 6) return false;
  if (stem !== step) return stem.length >= 12 && /\d/.test(stem);
  const isMixed = /\d/.test(step) || /[a-z][A-Z]|[A-Z]{2}[a-z]/.test(step);
  return isMixed || step.length >= 20 || (isLast && (step.length >= 12 || step !== step.toLowerCase()));
}

function linesOf(secret: string): SecretPart[] {
  const lines = secret.split(/\r?\n/);
  if (lines.length === 1) return [];
  return lines.filter((line) => line.trim().length >= SHORTEST_LINE).map((line) => ({ text: line.trim() }));
}

function encodingsOf(text: string): string[] {
  const encoded = encodeURIComponent(text.toWellFormed());
  const json = JSON.stringify(text).slice(1, -1);
  return [
    ...new Set([
      text,
      encoded,
      encoded.replaceAll('%20', '+'),
      encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      encodeURIComponent(encoded),
      encodeURI(text.toWellFormed()),
      json,
      json.replaceAll('/', String.raw`\/`),
      text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    ]),
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded UTF-8: the raw text is what a server would repeat.
    return text;
  }
}
