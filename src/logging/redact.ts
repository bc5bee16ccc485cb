/**
 * Removes secrets from text before it is logged, shown, stored or sent to Temporal: user-info in URLs, values of parameters
 * named like a credential, and every value that was resolved from a `$secret` or a setting. Every step takes time in
 * proportion to the text, whatever the text is: a source decides what messages contain.
 */
import { clip } from '../clip.ts';
import { MASK, maskKnown } from './known-secrets.ts';

export { rememberSecret, withOwnSecrets, SHORTEST_SECRET } from './known-secrets.ts';

/** What an address is made of between its delimiters. Matches never overlap, so that a search is linear. */
const WORD = /[^\s\\/?#'"<>]+/g;
/** `scheme://`, and `https:user:password@host` or `https:\user@host`, which the URL standard accepts too. */
const BEFORE_USER_INFO = /(?:[\\/]{2}|\b(?:https?|wss?|ftp):[\\/]*)$/i;
/** What `doctor` and `dev` show of their own settings: the user name, and a password that is masked already. */
const MASKED_PASSWORD = /^[^:*]*:\*\*\*$/;
const SCHEME_IN_WORD = /\b(?:https?|wss?|ftp):/i;
/** No word before the name is matched, since it stays in any case: `X-Amz-Signature=`, `accessToken=`. */
const NAMED_VALUE =
  /((?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|subscription[_-]?key|signature|credentials?|(?<![a-z0-9])(?:sig|pwd))=["']?)[^\s&;'",]+/gi;
const SCHEME_AND_VALUE = /\b(bearer|basic|digest|negotiate|ntlm|token|apikey) +([^\s"',;<>]+)/gi;
const AFTER_HEADER = /authorization["']?\s{0,9}[:=]\s{0,9}["']?$/i;
/** How far back a match looks for its context, in characters. */
const CONTEXT = 40;

/** Secrets are masked before a text is cut, so that no half of one remains; this much more is read for that. */
const MARGIN = 1024;

export function redact(text: string): string {
  const safe = maskKnown(text);
  const named = safe.includes('=') ? safe.replace(NAMED_VALUE, `$1${MASK}`) : safe;
  return maskSchemes(maskUserInfo(named));
}

/**
 * Returns the redacted beginning of a text of any length: at most `most` characters. The text is cut first, so that the
 * work is bounded, and once more after masking, so that a secret across the first cut is not shown in part.
 */
export function redactClipped(text: string, most: number, mask: (text: string) => string = redact): string {
  if (text.length <= most + MARGIN) return clip(mask(text), most);
  const safe = mask(text.slice(0, most + MARGIN));
  return `${safe.slice(0, Math.max(0, Math.min(most - 1, safe.length - MARGIN)))}…`;
}

/** Redacts every text and key in a JSON value, each cut to `most` characters. Redacting the JSON text itself could break it. */
export function redactJson(value: unknown, most = Infinity): unknown {
  if (typeof value === 'string') return most === Infinity ? redact(value) : redactClipped(value, most);
  if (Array.isArray(value)) return value.map((item) => redactJson(item, most));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.length < 6 ? key : redact(key), redactJson(item, most)]),
  );
}

/** The user-info ends at the last `@` before the path. */
function maskUserInfo(text: string): string {
  if (!text.includes('@')) return text;
  return text.replace(WORD, (word: string, offset: number) => {
    const end = word.lastIndexOf('@');
    if (end === -1 || MASKED_PASSWORD.test(word.slice(0, end))) return word;
    if (BEFORE_USER_INFO.test(text.slice(Math.max(0, offset - CONTEXT), offset))) return `${MASK}${word.slice(end)}`;
    const scheme = SCHEME_IN_WORD.exec(word.slice(0, end));
    return scheme === null ? word : `${word.slice(0, scheme.index + scheme[0].length)}${MASK}${word.slice(end)}`;
  });
}

function maskSchemes(text: string): string {
  return text.replace(SCHEME_AND_VALUE, (whole: string, scheme: string, value: string, offset: number) => {
    const isHeader = AFTER_HEADER.test(text.slice(Math.max(0, offset - CONTEXT), offset));
    return isHeader || isCredential(scheme.toLowerCase(), value) ? `${scheme} ${MASK}` : whole;
  });
}

/** Outside of a header the schemes are also plain words: "a basic rule", "basic answered". */
function isCredential(scheme: string, value: string): boolean {
  if (scheme === 'basic') {
    return (
      /^[\w+/-]{6,}={0,2}$/.test(value) &&
      /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(value.slice(0, 200), 'base64').toString())
    );
  }
  const looksRandom = /\d/.test(value) || /[a-z][A-Z]/.test(value) || value.length >= 24;
  return scheme === 'bearer' && value.length >= 8 && looksRandom && /^[\w.~+/=-]+$/.test(value);
}
