/**
 * One YAML text to a JSON value, or to the reason why it is none. YAML 1.2, so that `no` and `2024-01-01` are texts, but a
 * number only where PyYAML too sees that number: `08`, `12e5` and the ROR id `012e34567` are texts. Refused are keys that
 * stand twice, aliases that multiply, tags, and what JSON has no place for.
 */
import { parseDocument, type ScalarTag, type Tags } from 'yaml';
import { messageOf } from '../errors.ts';
import type { ParsedRecord } from './json-record.ts';

/** As PyYAML's aliases of real fixtures: a few. Each may be resolved into a copy of what it stands for. */
const MOST_ALIASES = 100;

export function parseYaml(text: string, maxDepth: number): ParsedRecord {
  if (opensDeeper(text, maxDepth)) return tooDeep(maxDepth);
  try {
    const document = parseDocument(text, {
      version: '1.2',
      merge: true,
      uniqueKeys: true,
      logLevel: 'silent',
      customTags,
    });
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) return broken(firstLine(fault.message));
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return check(value, maxDepth);
  } catch (error) {
    // The parser calls itself for each level.
    return error instanceof RangeError ? tooDeep(maxDepth) : broken(firstLine(messageOf(error)));
  }
}

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

/** The parser shows the place below its message. */
function firstLine(message: string): string {
  return message
    .split('\n', 1)
    .join('')
    .replace(/( at line \d+, column \d+)?[:.]?$/, '');
}
