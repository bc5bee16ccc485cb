/**
 * Parses one YAML text into a JSON value, or says why it has none. YAML 1.2, so that `no` and `2024-01-01` are texts, but
 * a number only where PyYAML reads the same number: `08`, `1e+3` and the ROR id `012e34567` are texts. Refuses repeated
 * keys, aliases that multiply, tags, further documents, and values that JSON does not have.
 */
import { Lexer, isScalar, parseDocument, visit, type Document, type ScalarTag, type Tags, type YAMLError } from 'yaml';
import { messageOf } from '../../errors.ts';
import { toExactNumber } from '../json/exact-numbers.ts';
import type { ParsedRecord } from '../json/record.ts';

export interface YamlLimits {
  readonly maxDepth: number;
  /** Names, values and the signs between them. The parser makes about 500 bytes of each (measured), whatever its length. */
  readonly maxParts: number;
  /** The size of names and texts after every alias is replaced by a copy of its value. */
  readonly maxCharacters: number;
}

/** Real fixtures of PyYAML have only a few aliases. Each may be resolved into a copy of its value. */
const MOST_COPIES = 100;
/** For each of them the parser scans all the text before it. */
const MOST_ALIASES = 1000;

/**
 * Keys are the texts that are written. Without `uniqueKeys`, which compares each key with all before it, and without the
 * text around a fault, which is as slow. A `logLevel` of "silent" would also silence the error about a second document.
 */
const PARSING = {
  version: '1.2',
  merge: true,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
} as const;

export function parseYaml(text: string, { maxDepth, maxParts, maxCharacters }: YamlLimits): ParsedRecord {
  if (opensDeeper(text, maxDepth)) return tooDeep(maxDepth);
  if (hasMoreParts(text, maxParts)) {
    const reason = `it has more than ${String(maxParts)} names and values, the most for its max_record_bytes`;
    return { code: 'E_RECORD_TOO_LARGE', reason };
  }
  try {
    const document = parseDocument(text, { ...PARSING, customTags });
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) return broken(describeFault(fault, text));
    const refused = refuse(document, text);
    if (refused !== undefined) return broken(refused);
    const value: unknown = document.toJS({ maxAliasCount: MOST_COPIES });
    return check(value, maxDepth, maxCharacters);
  } catch (error) {
    // The parser calls itself for each level.
    return error instanceof RangeError ? tooDeep(maxDepth) : broken(firstLine(messageOf(error)));
  }
}

function describeFault({ code, pos, message }: YAMLError, text: string): string {
  if (code === 'MULTIPLE_DOCS') {
    const line = text.slice(0, pos[0]).split('\n').length;
    return `a second document begins in line ${String(line)} of it; split the file`;
  }
  return code === 'NON_STRING_KEY' ? 'a key in it is a list, an object or an alias' : firstLine(message);
}

/** Why the document is refused although it is YAML. */
function refuse(document: Document, text: string): string | undefined {
  let aliases = 0;
  let reason: string | undefined;
  visit(document, {
    Alias() {
      if (++aliases <= MOST_ALIASES) return undefined;
      reason = `it has more than ${String(MOST_ALIASES)} aliases`;
      return visit.BREAK;
    },
    Scalar(_, scalar) {
      if (scalar.type !== 'QUOTE_SINGLE' || !/[\u0085\u2028\u2029]/.test(String(scalar.value))) return;
      scalar.value = foldAsPyYaml(text.slice(...(scalar.range?.slice(0, 2) ?? [])));
    },
    Map(_, { items }) {
      const keys = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (keys.has(name)) {
          reason = `the key ${JSON.stringify(name.slice(0, 60))} stands twice in one object`;
          return visit.BREAK;
        }
        keys.add(name);
      }
      return undefined;
    },
  });
  return reason;
}

const LINE_BREAKS = /[ \t]*(?:(?:\r\n|[\r\n\u0085\u2028\u2029])[ \t]*)+/g;
const LINE_BREAK = /\r\n|[\r\n\u0085\u2028\u2029]/g;

/**
 * The value of a text in single quotes that holds U+0085, U+2028 or U+2029. They break a line in YAML 1.1 and do not in
 * YAML 1.2. PyYAML writes them unescaped and continues on a new line with the indentation of that line.
 */
function foldAsPyYaml(source: string): string {
  return source
    .slice(1, -1)
    .replaceAll("''", "'")
    .replace(LINE_BREAKS, (space) => {
      const [first = '', ...others] = (space.match(LINE_BREAK) ?? []).map((found) => found.replace(/^\r?\n?$/, '\n'));
      if (first !== '\n') return first + others.join('');
      return others.length === 0 ? ' ' : others.join('');
    });
}

/** White space, and what the lexer puts before documents, scalars and the end of brackets. */
const NO_PART = /^(\s*|[\u0002\u0018\u001f\ufeff])$/;

/** The numbers that YAML 1.1, as PyYAML reads it, and YAML 1.2 read alike. Anything else that looks like one is a text. */
const INTEGER = numberTag('int', /^[-+]?(?:0|[1-9][0-9]*)$/, toExactNumber);
const DECIMAL = numberTag('float', /^(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?$/, toExactNumber);
const HEXADECIMAL = numberTag('int', /^0x[0-9a-fA-F]+$/, (text) => {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
});

function numberTag(name: 'int' | 'float', test: RegExp, resolve: (text: string) => number | string): ScalarTag {
  return { tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve };
}

/** The numbers of YAML 1.2 are replaced, except `.inf` and `.nan`, which are refused later. */
function customTags(tags: Tags): Tags {
  const isReplaced = (tag: Tags[number]): boolean =>
    typeof tag === 'object' && /:(?:int|float)$/.test(tag.tag) && (tag as ScalarTag).test?.test('.nan') !== true;
  return [...tags.filter((tag) => !isReplaced(tag)), INTEGER, HEXADECIMAL, DECIMAL];
}

function check(value: unknown, maxDepth: number, maxCharacters: number): ParsedRecord {
  let characters = 0;
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { value: found, depth } = item;
    characters += typeof found === 'string' ? found.length + 1 : 1;
    if (characters > maxCharacters) return expandsTooFar(maxCharacters);
    if (typeof found === 'number' && !Number.isFinite(found)) return broken(`it holds ${String(found)}`);
    if (typeof found !== 'object' || found === null) continue;
    if (depth >= maxDepth) return tooDeep(maxDepth);
    if (!Array.isArray(found) && Object.getPrototypeOf(found) !== Object.prototype) {
      return broken('it holds a value that JSON has no place for');
    }
    if (!Array.isArray(found)) for (const name of Object.keys(found)) characters += name.length;
    for (const inner of Object.values(found)) stack.push({ value: inner as unknown, depth: depth + 1 });
  }
  return { value };
}

function expandsTooFar(most: number): ParsedRecord {
  const reason = `with its aliases written out it has more than ${String(most)} characters, the most for its max_record_bytes`;
  return { code: 'E_RECORD_TOO_LARGE', reason };
}

/** Each is a character at least. */
function hasMoreParts(text: string, most: number): boolean {
  if (text.length <= most) return false;
  let parts = 0;
  for (const part of new Lexer().lex(text)) {
    if (!NO_PART.test(part) && ++parts > most) return true;
  }
  return false;
}

/** Brackets and dashes on one line, before a parser makes a tower of them. */
function opensDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]|-(?= )|\n/g)) {
    if (bracket === '[' || bracket === '{') depth++;
    else if (bracket === ']' || bracket === '}') depth--;
    deepest = Math.max(deepest, depth);
  }
  return deepest > limit || /(?:[-?] ){2000}/.test(text);
}

function tooDeep(maxDepth: number): ParsedRecord {
  return { code: 'E_RECORD_TOO_DEEP', reason: `it is nested deeper than max_depth, ${String(maxDepth - 1)} levels` };
}

function broken(reason: string): ParsedRecord {
  return { code: 'E_RECORD_SYNTAX', reason };
}

function firstLine(message: string): string {
  return message
    .split('\n', 1)
    .join('')
    .replace(/[:.]?$/, '');
}
