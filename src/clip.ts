/**
 * Bounds text that a source, a server or an operator wrote before it becomes part of a message. A name or a token can be
 * megabytes long, so it is cut where the message is built, not where the message is shown.
 */

/** The longest quotation in a message, in characters. */
const LONGEST_QUOTE = 200;

/** Controls except line breaks and tabs, line separators and bidirectional marks. A terminal obeys them, also inside JSON. */
const INVISIBLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Returns at most `most` UTF-16 units; a cut text ends in `…`. Never splits a surrogate pair. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const last = text.charCodeAt(end - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)}…`;
}

/** Returns a text in double quotes with controls escaped, cut to `most` characters. A value that is not a text is shown as JSON. */
export function quote(value: unknown, most = LONGEST_QUOTE): string {
  if (typeof value === 'string') return escapeInvisible(JSON.stringify(clip(value, most)));
  return escapeInvisible(clip(jsonOf(value), most));
}

/** Returns `text` with its invisible characters as `\uXXXX`. JSON stays the same JSON. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Quotes the first `most` items, separated by commas, and says how many more there are. */
export function quoteList(items: readonly string[], most = 20): string {
  const shown = items.slice(0, most).map((item) => quote(item));
  return items.length > most ? `${shown.join(', ')} and ${String(items.length - most)} more` : shown.join(', ');
}

function jsonOf(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  const text: unknown = JSON.stringify(value);
  return typeof text === 'string' ? text : String(value);
}
