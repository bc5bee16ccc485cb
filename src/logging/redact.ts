/**
 * Takes secrets out of text before it is logged, shown or sent to Temporal: user-info in URLs, values of parameters
 * that are named like a credential, and every value that was resolved from a `$secret` or a setting.
 */

const MASK = '***';
/** Shorter values are words that occur by chance; masking them would garble every sentence. */
const SHORTEST_SECRET = 6;

/** `scheme://user:password@host`; the user-info ends at the last `@` before the path. */
const USER_INFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"<>]*@/gi;
const NAMED_VALUE =
  /\b((?:[a-z0-9]+[_-])*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|signature))=[^\s&;'",]+/gi;
const BEARER = /\b(bearer|basic) +[a-z0-9._~+/=-]{8,}/gi;

const knownSecrets = new Set<string>();

/** From now on `redact` masks this value wherever it stands. Called by whoever resolves a secret. */
export function rememberSecret(value: string): void {
  if (value.length >= SHORTEST_SECRET) knownSecrets.add(value);
}

export function redact(text: string): string {
  let safe = text;
  for (const secret of knownSecrets) safe = safe.replaceAll(secret, MASK);
  return safe.replace(USER_INFO, `$1${MASK}@`).replace(NAMED_VALUE, `$1=${MASK}`).replace(BEARER, `$1 ${MASK}`);
}
