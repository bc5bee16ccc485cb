/** Which keys and texts of a config hold a credential. Wrong towards caution: a reference is accepted anywhere. */

const CREDENTIAL =
  /(^|_)(password|passwd|passphrase|pwd|secret|token|api_?key|apikey|access_?key|private_?key|secret_?key|authorization|auth|credentials?|bearer|cookie)$/;
const URL_USER_INFO = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+@/i;
/** The URL standard reads an address also without its slashes, or with others; and takes out tabs and line ends. */
const LOOSE_USER_INFO = /\b(?:https?|wss?|ftp):[\\/]*[^\s\\/?#@]+@/i;
const URL_PARAMETER = /[?&#]([^=&#\s]+)=[^&#\s]/g;

/** `api_key`, `apiKey`, `X-Api-Key`, `client_secret`; not `token_url` or `max_tokens`. */
export function looksLikeCredential(key: string): boolean {
  const snake = key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[-. ]/g, '_')
    .toLowerCase();
  return CREDENTIAL.test(snake);
}

/** `https://user:password@host/`, or a parameter such as `?api_key=…`. */
export function holdsUrlCredentials(text: string): boolean {
  if (!text.includes(':')) return false;
  const plain = text.replaceAll(/[\t\r\n]/g, '');
  if (URL_USER_INFO.test(plain) || LOOSE_USER_INFO.test(plain)) return true;
  return (
    plain.includes('://') && [...plain.matchAll(URL_PARAMETER)].some((match) => looksLikeCredential(match[1] ?? ''))
  );
}
