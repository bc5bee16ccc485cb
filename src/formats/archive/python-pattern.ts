/**
 * Translates a regular expression of Python into RE2. Some constructs differ: classes are Unicode in Python and ASCII
 * in RE2, `$` also matches before a final line break, and `{,3}` repeats. Constructs that RE2 cannot express are
 * refused, so that a pattern never matches differently than in Python.
 */

/** What Python's `str.isspace` accepts. */
const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\p{Z}';
const WORD = '\\p{L}\\p{M}\\p{N}\\p{Pc}';

const INSIDE: Readonly<Record<string, string>> = { d: '\\p{Nd}', D: '\\P{Nd}', w: WORD, s: SPACE, b: '\\x08' };
const OUTSIDE: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: `[${WORD}]`,
  W: `[^${WORD}]`,
  s: `[${SPACE}]`,
  S: `[^${SPACE}]`,
  Z: '\\z',
};

const REFUSED: Readonly<Record<string, string>> = {
  b: 'a word boundary of Python is one of all scripts, which RE2 does not have; name the characters around it',
  B: 'a word boundary of Python is one of all scripts, which RE2 does not have; name the characters around it',
  Q: 'Python does not know it; put a backslash before each character',
  E: 'Python does not know it; put a backslash before each character',
  C: 'Python does not know it',
  z: 'write \\Z for the end of the text',
};

/** One step of the translation: an escape, the start of a group, a POSIX class, a repetition, or a sign. */
const TOKENS = /\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^])|\[:\^?\w+:\]|\[\^?|\]|\$|\(\?[^)]?[^)]?|\{,\d*\}|[iIıİ]/g;

/** Throws a plain Error for constructs that RE2 cannot express. */
export function translatePythonPattern(pattern: string): string {
  const ignoresCase = /\(\?[a-z]*i/i.test(pattern);
  const isMultiLine = /\(\?[a-z]*m/.test(pattern);
  let isInside = false;
  let start = 0;
  return pattern.replace(TOKENS, (found, at: number) => {
    if (found.startsWith('\\')) return translateEscape(found, isInside);
    if (found.endsWith(':]')) return found;
    // A bracket that closes nothing, or opens inside a class, is an ordinary character.
    if (found === ']') {
      const closes = isInside && at !== start;
      if (closes) isInside = false;
      return closes && ignoresCase && holdsLetterI(pattern.slice(start, at)) ? 'ıİ]' : found;
    }
    if (found.startsWith('[')) {
      if (!isInside) {
        isInside = true;
        start = at + found.length;
      }
      return found;
    }
    if (isInside) return found;
    if (found.startsWith('(?')) return translateGroup(found);
    if (found.startsWith('{,')) return `{0${found.slice(1)}`;
    if (found === '$') return isMultiLine ? '$' : translateEnd(pattern.slice(at + 1));
    // Python folds the dotted and the dotless i of Turkish, RE2 does not.
    return ignoresCase ? '[iIıİ]' : found;
  });
}

function translateEscape(found: string, isInside: boolean): string {
  const letter = found[1] ?? '';
  if (/^\\[uU]./.test(found)) return `\\x{${found.slice(2)}}`;
  const known = (isInside ? INSIDE : OUTSIDE)[letter];
  if (known !== undefined) return known;
  if (isInside && /[WS]/.test(letter)) throw new Error(`"\\${letter}" within a class has to be the whole expression`);
  const reason = REFUSED[letter];
  if (reason !== undefined) throw new Error(`"\\${letter}": ${reason}`);
  if (/[1-9]/.test(letter) && !isInside) throw new Error(`"\\${letter}": RE2 has no back-references`);
  return found;
}

function translateGroup(found: string): string {
  if (/^\(\?(?:[=!]|<[=!])/.test(found))
    throw new Error(`"${found.slice(0, 4)}": RE2 has no look-ahead or look-behind`);
  if (found.startsWith('(?P=')) throw new Error('"(?P=": RE2 has no back-references');
  if (found.startsWith('(?(')) throw new Error('"(?(": RE2 has no conditions');
  if (found.startsWith('(?>')) throw new Error('"(?>": RE2 has no atomic groups');
  if (found.startsWith('(?<')) throw new Error('"(?<": Python names a group with (?P<name>…)');
  if (found.startsWith('(?#')) throw new Error('"(?#": RE2 has no comments');
  return found;
}

/** Before a final line break and at the end. What follows it in the pattern could only match that line break. */
function translateEnd(rest: string): string {
  if (/^(?:\\[nsSWDZ]|\[|\.|\n)/.test(rest)) {
    throw new Error('"$" before more of the pattern also matches a line break in Python; write \\Z for the end');
  }
  return '(?:\\n?\\z)';
}

/** Returns whether a class contains an i, alone or in a range. */
function holdsLetterI(members: string): boolean {
  const ranges = [...members.matchAll(/([^\\])-([^\]])/g)];
  const isInRange = ranges.some(([, from = '', to = '']) =>
    ['i', 'I'].some((letter) => from <= letter && letter <= to),
  );
  return isInRange || /(?:^|[^\\])[iIıİ]/.test(members);
}
