/**
 * Takes secrets out of text before it is logged, shown or sent to Temporal: user-info in URLs, values of parameters
 * that are named like a credential, and every value that was resolved from a `$secret` or a setting.
 */

const MASK = '***';
/** Shorter values are words that occur by chance; masking them would garble every sentence. */
const SHORTEST_SECRET = 6;

/** `scheme://user:password@host`; the user-info ends at the last `@` before the path. */
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"<>]*@/gi;
/** `https:user:password@host` and `https:\user@host` are addresses too, as the URL standard reads them. */
const LOOSE_USER_INFO = /\b((?:https?|wss?|ftp):[\\/]*)[^\s\\/?#'"<>]*@/gi;
const NAMED_VALUE =
  /\b((?:[a-z0-9]+[_-])*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|signature))=[^\s&;'",]+/gi;
const BEARER = /\b(bearer|basic) +[a-z0-9._~+/=-]{8,}/gi;

/** Longest first: a secret that holds another is masked whole. */
let knownSecrets: readonly string[] = [];

/** From now on `redact` masks this value wherever it stands, also as it is written in a URL or in JSON. Called by whoever resolves a secret. */
export function rememberSecret(value: string): void {
  const forms = [...formsOf(value)].filter((form) => form.length >= SHORTEST_SECRET && !knownSecrets.includes(form));
  if (forms.length > 0) knownSecrets = [...knownSecrets, ...forms].sort((a, b) => b.length - a.length);
}

export function redact(text: string): string {
  let safe = text;
  for (const secret of knownSecrets) safe = safe.replaceAll(secret, MASK);
  return safe
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(LOOSE_USER_INFO, `$1${MASK}@`)
    .replace(NAMED_VALUE, `$1=${MASK}`)
    .replace(BEARER, `$1 ${MASK}`);
}

/** Every text in a JSON value. Redacting the JSON itself could break it. */
export function redactJson(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactJson(item)]));
}

function formsOf(value: string): Set<string> {
  const encoded = encodeURIComponent(value.toWellFormed());
  return new Set([
    value,
    encoded,
    encoded.replaceAll('%20', '+'),
    encodeURI(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
    ...placesOf(value),
  ]);
}

/** Words of an address are left alone; what is this long and has a digit in it is a token. */
const TOKEN_IN_PATH = /^(?=.*\d)[\w-]{12,}$/;

/**
 * An address that is a secret as a whole is shown without its query, or by its path; and a server may send its parts on to
 * another address.
 */
function placesOf(value: string): readonly string[] {
  if (!URL.canParse(value)) return [];
  const { href, host, pathname, searchParams, hash } = new URL(value);
  const tokens = pathname.split('/').filter((segment) => TOKEN_IN_PATH.test(segment));
  const parts = [href, ...tokens, ...searchParams.values(), hash.slice(1)];
  return host === '' || pathname === '/' ? parts : [...parts, `${host}${pathname}`, pathname];
}
