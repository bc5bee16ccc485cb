/** Which keys and texts of a config hold a credential. Wrong towards caution: a reference is accepted anywhere. */

const CREDENTIAL =
  /(^|_)(password|passwd|passphrase|pwd|secret|token|api_?key|apikey|access_?key|private_?key|secret_?key|authorization|auth|credentials?|bearer|cookie|session_?id|subscription_?key)$/;
/** Names of signatures in URLs only; as the name of an argument `sig` may mean anything. */
const URL_CREDENTIAL =
  /(^|_)(sig|signature|hmac|jwt|code|(?:aws_?)?access_?key_?id|key_?pair_?id|policy|sas|password_?hash|session|sid|otp|pass)$/;
/** These may be public, unless the value looks like a key. */
const AMBIGUOUS = /(^|_)(key|code|session|sid|policy|user_?key|client_?id)$/;
const LOOKS_RANDOM = /^(?=[^&#]*\d)(?=[^&#]*[a-z])[\w.~+/%=-]{16,}$/i;
/** A user name without a password is no credential in an address of SFTP, which cannot do without one. */
const URL_USER_INFO = /\b(?!sftp:\/\/[^\s/?#@:]+@)[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+@/i;
/** The URL standard reads an address also without its slashes, or with others; and takes out tabs and line ends. */
const LOOSE_USER_INFO = /\b(?:https?|wss?|ftp):[\\/]*[^\s\\/?#@]+@/i;
/** Also matrix parameters, `;token=…`, and those of a fragment, `#access_token=…`. */
const URL_PARAMETER = /[?&#;]([^=&#;?\s/]+)=([^&#;\s]+)/g;
/** `app:hunter2@host`, which is a URL without its scheme, or one that is broken. */
const BARE_USER_INFO = /(?:^|[\s/'"])[^\s:@/]+:[^\s@]+@/;

/** `api_key`, `apiKey`, `X-Api-Key`, `client_secret`; not `token_url` or `max_tokens`. */
export function looksLikeCredential(key: string): boolean {
  return CREDENTIAL.test(toSnake(key));
}

/** `https://user:password@host/`, a broken form of it, or a parameter such as `?api_key=…`, `;token=…` or `?sig=…`. */
export function holdsUrlCredentials(text: string): boolean {
  if (!text.includes(':')) return false;
  const plain = text.replaceAll(/[\t\r\n]/g, '');
  if (URL_USER_INFO.test(plain) || LOOSE_USER_INFO.test(plain)) return true;
  if (!plain.includes('://')) return false;
  return [...plain.matchAll(URL_PARAMETER)].some(([, name = '', value = '']) => isUrlCredential(decoded(name), value));
}

/**
 * Returns whether a text may contain a credential in a form that cannot be recognised, so that it must not be quoted.
 */
export function mayHoldCredential(text: string): boolean {
  return holdsUrlCredentials(text) || BARE_USER_INFO.test(text.slice(0, 4000));
}

function isUrlCredential(name: string, value: string): boolean {
  const snake = toSnake(name);
  if (AMBIGUOUS.test(snake) && !CREDENTIAL.test(snake)) return LOOKS_RANDOM.test(value);
  return CREDENTIAL.test(snake) || URL_CREDENTIAL.test(snake);
}

function toSnake(key: string): string {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[-. ]/g, '_')
    .toLowerCase();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: the name as it is.
    return text;
  }
}
