/**
 * The regular expression that leaves names out. A single class of characters, with the set difference of Python's `regex`
 * module (`[\p{P}\p{S}--,.'-]`), becomes one test of one character at a time; everything else is run by RE2. Either
 * way the time is linear in the length of the name, whatever the operator wrote.
 */
import { messageOf } from '../../src/errors.ts';
import { compileLinearPattern } from '../../src/formats/linear-pattern.ts';
import { translatePythonPattern } from '../../src/formats/archive/python-pattern.ts';

/** InvenioRDM's own, and besides it the apostrophes and hyphens that typography and other languages put in their place. */
export const DEFAULT_NAMES_EXCLUDE_REGEX = "[\\p{P}\\p{S}\\p{Nd}\\p{No}\\p{Emoji}--,.()\\-'’ʼ´‘‐–‑]";

/** Says whether a name is left out. Throws a plain Error for what is no expression. */
export function compileNameFilter(pattern: string): (name: string) => boolean {
  if (pattern === '') return () => false;
  const set = translateSet(pattern);
  if (set !== undefined) {
    const expression = new RegExp(set, 'u');
    return (name) => expression.test(name);
  }
  // RE2 would read it as something else.
  if (/\[[^\]]*--|\]--/.test(pattern)) throw new Error('a difference of sets (--) has to be the whole expression');
  const expression = compileLinearPattern(translatePythonPattern(pattern));
  return (name) => expression.test(name);
}

/** Why a text is no expression; undefined for a good one. */
export function faultOfNameFilter(pattern: string): string | undefined {
  try {
    compileNameFilter(pattern);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** `[A--B--C]` as an expression of JavaScript; undefined where the pattern is anything else than one class. */
function translateSet(pattern: string): string | undefined {
  const reading: Reading = { pattern, at: 0 };
  const operands = readSet(reading);
  if (operands === undefined || reading.at !== pattern.length) return undefined;
  const [first, ...others] = operands;
  if (first === undefined || first.members === '' || first.members === '^') return undefined;
  const isNegated = first.members.startsWith('^');
  if (isNegated && (others.length > 0 || first.outside.length > 0)) return undefined;
  return others.map((operand) => `(?!${toClass(operand)})`).join('') + toClass(first);
}

/** One side of a difference. */
interface Operand {
  /** As between the brackets of a class. */
  members: string;
  /** Negated classes, which cannot be inside another class. */
  outside: readonly string[];
}

function toClass({ members, outside }: Operand): string {
  const classes = members === '' ? outside : [`[${members}]`, ...outside];
  return classes.length === 1 ? (classes[0] ?? '') : `(?:${classes.join('|')})`;
}

interface Reading {
  readonly pattern: string;
  at: number;
}

/** What is between brackets, cut at `--`; a set inside it is taken for its members. Undefined = it is no such set. */
function readSet(reading: Reading): Operand[] | undefined {
  const { pattern } = reading;
  if (pattern[reading.at] !== '[') return undefined;
  reading.at++;
  const operands: Operand[] = [{ members: '', outside: [] }];
  const add = ({ members, outside }: Operand): void => {
    const last = operands.at(-1) ?? { members: '', outside: [] };
    operands[operands.length - 1] = { members: last.members + members, outside: [...last.outside, ...outside] };
  };
  for (let isFirst = true; reading.at < pattern.length; isFirst = false) {
    if (pattern[reading.at] === ']' && !isFirst) {
      reading.at++;
      return operands;
    }
    refuseOperator(pattern.slice(reading.at));
    if (pattern.startsWith('--', reading.at)) {
      operands.push({ members: '', outside: [] });
      reading.at += 2;
    } else if (pattern[reading.at] === '[') {
      const inner = readSet(reading);
      if (inner?.length !== 1 || inner[0] === undefined || inner[0].members.startsWith('^')) return undefined;
      add(inner[0]);
    } else add(readMember(reading, isFirst));
  }
  return undefined;
}

/** What Python knows besides `--`, and would be read as ordinary characters. */
function refuseOperator(rest: string): void {
  const operator = /^(?:&&|\|\||~~|\[:\^?\w+:\])/.exec(rest)?.[0];
  if (operator === undefined) return;
  throw new Error(`"${operator}" within a class is not known; of the operations on sets only a difference (--) is`);
}

/** What Python means by them, for all scripts. */
const SHORTHANDS: Readonly<Record<string, Operand>> = {
  s: { members: '\\t-\\r\\x1c-\\x20\\x85\\p{Z}', outside: [] },
  S: { members: '', outside: ['[^\\t-\\r\\x1c-\\x20\\x85\\p{Z}]'] },
  d: { members: '\\p{Nd}', outside: [] },
  D: { members: '\\P{Nd}', outside: [] },
  w: { members: '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}', outside: [] },
  W: { members: '', outside: ['[^\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]'] },
};

/** One member of a set, as JavaScript writes it under the flag `u`. */
function readMember(reading: Reading, isFirst: boolean): Operand {
  const rest = reading.pattern.slice(reading.at);
  const shorthand = rest.startsWith('\\') ? SHORTHANDS[rest[1] ?? ''] : undefined;
  if (shorthand !== undefined) {
    reading.at += 2;
    return shorthand;
  }
  const property = /^\\([pP])(?:\{(?:Is)?(\^?[\w=]+)\}|([A-Z]))/.exec(rest);
  if (property !== null) {
    const [found, letter = 'p', long, short = ''] = property;
    reading.at += found.length;
    return { members: translateProperty(letter, long ?? short), outside: [] };
  }
  return { members: readCharacter(reading, rest, isFirst), outside: [] };
}

/** Python takes the name of a script for the property. */
function translateProperty(letter: string, name: string): string {
  const [kind, bare] = name.startsWith('^') ? [letter === 'p' ? 'P' : 'p', name.slice(1)] : [letter, name];
  const known = [bare, `Script=${bare}`].find((value) => {
    try {
      return new RegExp(`\\p{${value}}`, 'u').source !== '';
    } catch {
      return false;
    }
  });
  if (known === undefined) throw new Error(`\\${letter}{${name}} names no property of characters`);
  return `\\${kind}{${known}}`;
}

function readCharacter(reading: Reading, rest: string, isFirst: boolean): string {
  const known = /^\\(?:[sStnrfv]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})/.exec(rest)?.[0];
  if (known !== undefined) {
    reading.at += known.length;
    return known;
  }
  const isEscaped = rest.startsWith('\\');
  if (/^\\[A-Za-z0-9]/.test(rest)) throw new Error(`"${rest.slice(0, 2)}" within a class is not known`);
  const character = String.fromCodePoint((isEscaped ? rest.codePointAt(1) : rest.codePointAt(0)) ?? 0x5c);
  reading.at += character.length + (isEscaped ? 1 : 0);
  if (!isEscaped && character === '^' && isFirst) return '^';
  const isRange = !isEscaped && character === '-' && /[^\]]/.test(rest[1] ?? ']') && !isFirst;
  return /[\\\]^-]/.test(character) && !isRange ? `\\${character}` : character;
}
