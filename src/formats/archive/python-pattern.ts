/**
 * A pattern of Python's as RE2 is to run it: `\d` and `\w` are of all scripts, where RE2 knows those of ASCII alone, by
 * which every letter of `李明` is none, and the end of the text is `\Z`.
 */

const INSIDE: Readonly<Record<string, string>> = { d: '\\p{Nd}', D: '\\P{Nd}', w: '\\p{L}\\p{M}\\p{N}\\p{Pc}' };
const OUTSIDE: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '[\\p{L}\\p{M}\\p{N}\\p{Pc}]',
  W: '[^\\p{L}\\p{M}\\p{N}\\p{Pc}]',
  Z: '\\z',
};

/** Throws a plain Error for a `\W` within a class, which RE2 has no way to write. */
export function translatePythonPattern(pattern: string): string {
  let isInside = false;
  let start = 0;
  return pattern.replace(/\\[^]|\[:\^?\w+:\]|\[\^?|\]/g, (found, at: number) => {
    if (found.startsWith('\\')) {
      const letter = found.slice(1);
      if (isInside && letter === 'W') throw new Error('"\\W" within a class has to be the whole expression');
      return (isInside ? INSIDE : OUTSIDE)[letter] ?? found;
    }
    if (found.endsWith(':]')) return found;
    // A bracket that closes nothing yet, or opens within a class, is a character.
    if (found === ']') isInside &&= at === start;
    else if (!isInside) {
      isInside = true;
      start = at + found.length;
    }
    return found;
  });
}
