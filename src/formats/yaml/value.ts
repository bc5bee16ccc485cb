/**
 * One YAML text to a JSON value, or to the reason why it is none. YAML 1.2, so that `no` and `2024-01-01` are texts, but a
 * number only where PyYAML too sees that number: `08`, `12e5` and the ROR id `012e34567` are texts. Refused are keys that
 * stand twice, aliases that multiply, tags, and what JSON has no place for.
 */
import { Lexer, isScalar, parseDocument, visit, type Document, type ScalarTag, type Tags } from 'yaml';
import { messageOf } from '../../errors.ts';
import type { ParsedRecord } from '../json/record.ts';

export interface YamlLimits {
  readonly maxDepth: number;
  /** Names, values and the signs between them. The parser makes about 500 bytes of each (measured), whatever its length. */
  readonly maxParts: number;
}

/** As PyYAML's aliases of real fixtures: a few. Each may be resolved into a copy of what it stands for. */
const MOST_COPIES = 100;
/** For each of them the parser looks through all that stands before it. */
const MOST_ALIASES = 1000;

/** Without `uniqueKeys`, which compares each key with all before it, and without the text around a fault, which is as slow. */
const PARSING = { version: '1.2', merge: true, uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;

export function parseYaml(text: string, { maxDepth, maxParts }: YamlLimits): ParsedRecord {
  if (opensDeeper(text, maxDepth)) return tooDeep(maxDepth);
  if (hasMoreParts(text, maxParts)) {
    const reason = `it has more than ${String(maxParts)} names and values, the most for its max_record_bytes`;
    return { code: 'E_RECORD_TOO_LARGE', reason };
  }
  try {
    const document = parseDocument(text, { ...PARSING, customTags });
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) return broken(firstLine(fault.message));
    const refused = refuse(document);
    if (refused !== undefined) return broken(refused);
    const value: unknown = document.toJS({ maxAliasCount: MOST_COPIES });
    return check(value, maxDepth);
  } catch (error) {
    // The parser calls itself for each level.
    return error instanceof RangeError ? tooDeep(maxDepth) : broken(firstLine(messageOf(error)));
  }
}

/** Why the document is refused although it is YAML. */
function refuse(document: Document): string | undefined {
  let aliases = 0;
  let reason: string | undefined;
  visit(document, {
    Alias() {
      if (++aliases <= MOST_ALIASES) return undefined;
      reason = `it has more than ${String(MOST_ALIASES)} aliases`;
      return visit.BREAK;
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

/** White space, and what the lexer puts before documents, scalars and the end of brackets. */
const NO_PART = /^(\s*|[\u0002\u0018\u001f\ufeff])$/;

/** Whole numbers without a leading zero; one that a double cannot hold stays what is written. */
const INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0|[1-9][0-9]*)$/,
  resolve: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text),
};

/** With a point or an exponent, which has a sign, as PyYAML wants it; it wants the point too, which JSON does not write. */
const DECIMAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?:[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|\.[0-9]+|-?[1-9][0-9]*[eE][-+][0-9]+)$/,
  resolve: (text) => Number(text),
};

/** The numbers of YAML 1.2 are replaced, but for the hexadecimal ones and those that are none. */
function customTags(tags: Tags): Tags {
  const isReplaced = (tag: Tags[number]): boolean =>
    typeof tag === 'object' &&
    /:(?:int|float)$/.test(tag.tag) &&
    (tag as ScalarTag).format !== 'HEX' &&
    (tag as ScalarTag).test?.test('.nan') !== true;
  return [...tags.filter((tag) => !isReplaced(tag)), INTEGER, DECIMAL];
}

function check(value: unknown, maxDepth: number): ParsedRecord {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    const { value: found, depth } = item;
    if (typeof found === 'number' && !Number.isFinite(found)) return broken(`it holds ${String(found)}`);
    if (typeof found !== 'object' || found === null) continue;
    if (depth >= maxDepth) return tooDeep(maxDepth);
    if (!Array.isArray(found) && Object.getPrototypeOf(found) !== Object.prototype) {
      return broken('it holds a value that JSON has no place for');
    }
    for (const inner of Object.values(found)) stack.push({ value: inner as unknown, depth: depth + 1 });
  }
  return { value };
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
