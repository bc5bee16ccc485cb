/**
 * `\d` and `\w` as Python means them, for all scripts: RE2 knows those of ASCII alone, by which every letter of `李明` is
 * none. For patterns that RE2 is to run.
 */

const INSIDE: Readonly<Record<string, string>> = { d: '\\p{Nd}', D: '\\P{Nd}', w: '\\p{L}\\p{M}\\p{N}\\p{Pc}' };
const OUTSIDE: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '[\\p{L}\\p{M}\\p{N}\\p{Pc}]',
  W: '[^\\p{L}\\p{M}\\p{N}\\p{Pc}]',
};

/** Throws a plain Error for a `\W` within a class, which RE2 has no way to write. */
export function translateShorthands(pattern: string): string {
  let isInside = false;
  let start = 0;
  return pattern.replace(/\\[^]|\[\^?|\]/g, (found, at: number) => {
    if (found.startsWith('\\')) {
      const letter = found.slice(1);
      if (isInside && letter === 'W') throw new Error('"\\W" within a class has to be the whole expression');
      return (isInside ? INSIDE : OUTSIDE)[letter] ?? found;
    }
    // A bracket that closes nothing yet, or opens within a class, is a character.
    if (found === ']') isInside &&= at === start;
    else if (!isInside) {
      isInside = true;
      start = at + found.length;
    }
    return found;
  });
}
