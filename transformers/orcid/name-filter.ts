/**
 * The regular expression that leaves names out. A single class of characters, with the set difference of Python's `regex`
 * module (`[\p{P}\p{S}--,.'-]`), becomes one test of one character at a time; everything else is run by RE2. Either
 * way the time is linear in the length of the name, whatever the operator wrote.
 */
import { RE2JS } from 're2js';
import { messageOf } from '../../src/errors.ts';

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
  const expression = RE2JS.compile(pattern);
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

/** `[A--B--C]` as a class of JavaScript; undefined where the pattern is anything else than one class. */
function translateSet(pattern: string): string | undefined {
  const reading: Reading = { pattern, at: 0 };
  const operands = readSet(reading);
  if (operands === undefined || reading.at !== pattern.length) return undefined;
  const [first, ...others] = operands;
  if (first === undefined || first === '' || first === '^') return undefined;
  const without = others.map((operand) => `(?![${operand}])`).join('');
  return first.startsWith('^') && without !== '' ? undefined : `${without}[${first}]`;
}

interface Reading {
  readonly pattern: string;
  at: number;
}

/** What is between brackets, cut at `--`; a set inside it is taken for its members. Undefined = it is no such set. */
function readSet(reading: Reading): string[] | undefined {
  const { pattern } = reading;
  if (pattern[reading.at] !== '[') return undefined;
  reading.at++;
  const operands = [''];
  const add = (text: string): void => {
    operands[operands.length - 1] = (operands.at(-1) ?? '') + text;
  };
  for (let isFirst = true; reading.at < pattern.length; isFirst = false) {
    if (pattern[reading.at] === ']' && !isFirst) {
      reading.at++;
      return operands;
    }
    if (pattern.startsWith('--', reading.at)) {
      operands.push('');
      reading.at += 2;
    } else if (pattern[reading.at] === '[') {
      const inner = readSet(reading);
      if (inner?.length !== 1 || inner[0]?.startsWith('^') === true) return undefined;
      add(inner[0] ?? '');
    } else add(readMember(reading, isFirst));
  }
  return undefined;
}

/** One member of a set, as JavaScript writes it under the flag `u`. */
function readMember(reading: Reading, isFirst: boolean): string {
  const rest = reading.pattern.slice(reading.at);
  const known = /^\\(?:[pP]\{[^}]*\}|[dDwWsStnrfv]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})/.exec(rest)?.[0];
  if (known !== undefined) {
    reading.at += known.length;
    return known;
  }
  const isEscaped = rest.startsWith('\\');
  const character = String.fromCodePoint((isEscaped ? rest.codePointAt(1) : rest.codePointAt(0)) ?? 0x5c);
  reading.at += character.length + (isEscaped ? 1 : 0);
  if (!isEscaped && character === '^' && isFirst) return '^';
  const isRange = !isEscaped && character === '-' && /[^\]]/.test(rest[1] ?? ']') && !isFirst;
  return /[\\\]^-]/.test(character) && !isRange ? `\\${character}` : character;
}
