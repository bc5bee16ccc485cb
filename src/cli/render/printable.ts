/** Text of a source, made safe for a terminal: control characters would move the cursor or forge lines. */

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export function printable(text: string, most = Infinity): string {
  const safe = text.replace(CONTROL, (character) =>
    character === '\n' || character === '\t' || character === '\r'
      ? ' '
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return safe.length <= most ? safe : `${safe.slice(0, most - 1)}…`;
}
