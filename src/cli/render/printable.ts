/** Makes text of a source safe for a terminal: control characters would move the cursor or forge lines. */
import { clip, escapeInvisible } from '../../clip.ts';

/** Returns the text in one line, at most `most` characters, with its control characters as `\\uXXXX`. */
export function printable(text: string, most = Infinity): string {
  return clip(escapeInvisible(clip(text, most).replace(/[\t\n\r]/g, ' ')), most);
}

/** Like `printable`, but keeps line breaks and tabs: for the messages of vocab-sync itself. */
export function printableLines(text: string): string {
  return escapeInvisible(text.replaceAll('\r', ' '));
}

/** Returns JSON that no terminal obeys. It is the same JSON: what is escaped occurs in texts only. */
export function toJsonText(value: unknown, indent?: number): string {
  return escapeInvisible(JSON.stringify(value, null, indent));
}
