/** The conversions of `map`: from what was found in a record to the value of a field. Each is compiled once. */
import { z } from 'zod';
import { messageOf } from '../../src/errors.ts';
import { quote } from '../../src/clip.ts';
import { translatePythonPattern } from '../../src/formats/archive/python-pattern.ts';
import { compileLinearMatcher, type LinearMatcher } from '../../src/formats/linear-pattern.ts';
import { canonicalJson } from '../../src/records/json-object.ts';
import { ConversionError, LONGEST_TEXT, textOf } from './conversion-error.ts';
import { compileDates, dateArgs } from './dates.ts';
import { compileNumber, numberArgs } from './numbers.ts';

/** A replacement may make a text this many times longer, so that a text in which patterns are replaced is shorter. */
const LONGEST_REPLACEMENT = 100;
const LONGEST_SEARCHED = 250_000;
/** The maximum size of the texts of a list together, when they are converted. */
const LONGEST_LIST = 4_000_000;
const LONGEST_PATTERN = 1_000;
const MOST_ITEMS = 10_000;

const pattern = z
  .string()
  .min(1)
  .max(LONGEST_PATTERN)
  .superRefine((text, context) => {
    const fault = faultOfPattern(text);
    if (fault !== undefined)
      context.addIssue({ code: 'custom', message: `expected a regular expression, but ${fault}` });
  })
  .describe('A regular expression, as in Python and in linear time: no look-around, no back-references.');

export const conversionSchema = z.discriminatedUnion('type', [
  numberArgs,
  dateArgs,
  z.strictObject({
    type: z.literal('trim').describe('Removes white space at both ends.'),
    collapse: z.boolean().default(false).describe('Whether white space inside becomes a single space.'),
  }),
  z.strictObject({
    type: z.literal('case').describe('Changes the case of letters.'),
    to: z.enum(['lower', 'upper', 'first_upper']).describe('`first_upper` changes only the first letter.'),
  }),
  z.strictObject({
    type: z.literal('split').describe('Splits a text into a list.'),
    by: z
      .string()
      .min(1)
      .max(20)
      .describe('The text between the parts. Parts are trimmed, and blank parts are left out.'),
  }),
  z.strictObject({
    type: z.literal('join').describe('Joins a list of texts and numbers into a text.'),
    with: z.string().max(20).describe('The text between the items.'),
  }),
  z
    .strictObject({
      type: z.literal('replace').describe('Replaces every match of a pattern.'),
      pattern,
      with: z
        .string()
        .max(LONGEST_REPLACEMENT)
        .describe('The replacement. `$1` is the first group, `$&` the match, `$$` a dollar sign.'),
    })
    .superRefine(({ pattern: searched, with: replacement }, context) => {
      const fault = faultOfReplacement(searched, replacement);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault, path: ['with'] });
    }),
  z
    .strictObject({
      type: z
        .literal('extract')
        .describe('Takes the first match of a pattern out of a text. Without a match there is no value.'),
      pattern,
      group: z
        .int()
        .min(0)
        .max(99)
        .optional()
        .describe('The group to take. Default: the first, or the whole match where the pattern has none.'),
    })
    .superRefine(({ pattern: searched, group }, context) => {
      const groups = groupsOf(searched);
      if (groups === undefined || group === undefined || group <= groups) return;
      const message = `expected a group of the pattern, which has ${String(groups)}`;
      context.addIssue({ code: 'custom', message, path: ['group'] });
    }),
  z.strictObject({ type: z.literal('unique').describe('Keeps each item of a list once.') }),
]);

export type Conversion = z.infer<typeof conversionSchema>;

/** Undefined: there is no value. Throws ConversionError. */
type Convert = (value: unknown) => unknown;

/** Declares a selector that must find something in at least one record. Call the returned function when it did. */
export type Watch = (selector: string) => () => void;

/** Returns the conversions as one function. Each item of a list is converted, except by `join` and `unique`. */
export function compileConversions(conversions: readonly Conversion[], watch: Watch): Convert {
  const steps = conversions.map((conversion) => compileConversion(conversion, watch));
  return (value) => {
    let converted = value;
    for (const step of steps) {
      if (converted === undefined) return undefined;
      converted = step(converted);
    }
    return converted;
  };
}

function compileConversion(conversion: Conversion, watch: Watch): Convert {
  switch (conversion.type) {
    case 'number':
      return eachItem(compileNumber(conversion));
    case 'date': {
      const convert = compileDates(conversion);
      return eachItem((value) => {
        const date = convert(textOf(value, 'a date'));
        if (date === undefined) throw new ConversionError(`a date as ${conversion.from.join(' or ')}`, value);
        return date;
      });
    }
    case 'trim':
      return eachText((text) => (conversion.collapse ? text.trim().replace(/\s+/g, ' ') : text.trim()));
    case 'case':
      return eachText(changeCase(conversion.to));
    case 'split':
      return eachItem((value) => split(textOf(value, 'a text to split'), conversion.by));
    case 'join':
      return (value) => join(value, conversion.with);
    case 'replace':
      return compileReplace(conversion, watch);
    case 'extract':
      return compileExtract(conversion, watch);
    case 'unique':
      return (value) =>
        Array.isArray(value)
          ? [...new Map(value.map((item) => [canonicalJson(item), item as unknown])).values()]
          : value;
  }
}

function eachItem(convert: Convert): Convert {
  return (value) => {
    if (!Array.isArray(value)) return convert(value);
    const items: unknown[] = [];
    let characters = 0;
    for (const item of value as readonly unknown[]) {
      const converted = item === null ? undefined : convert(item);
      if (converted === undefined) continue;
      if (typeof converted === 'string') characters += converted.length;
      if (characters > LONGEST_LIST)
        throw new ConversionError(`at most ${String(LONGEST_LIST)} characters in all`, value);
      items.push(...(Array.isArray(converted) ? (converted as readonly unknown[]) : [converted]));
      if (items.length > MOST_ITEMS) throw new ConversionError(`at most ${String(MOST_ITEMS)} items`, value);
    }
    return items;
  };
}

/** A number or a truth value stays as it is. */
function eachText(convert: (text: string) => string): Convert {
  return eachItem((value) => {
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    return convert(textOf(value, 'a text'));
  });
}

function changeCase(to: Extract<Conversion, { type: 'case' }>['to']): (text: string) => string {
  if (to === 'lower') return (text) => text.toLowerCase();
  if (to === 'upper') return (text) => text.toUpperCase();
  return (text) => {
    const [first = ''] = text;
    return first.toUpperCase() + text.slice(first.length);
  };
}

function split(text: string, by: string): readonly string[] {
  const parts = text.split(by, MOST_ITEMS + 1);
  if (parts.length > MOST_ITEMS) throw new ConversionError(`at most ${String(MOST_ITEMS)} parts`, text);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function join(value: unknown, between: string): unknown {
  if (!Array.isArray(value)) return value;
  const texts = value.filter((item) => item !== null).map((item) => textOf(item, 'texts and numbers to join'));
  if (texts.length === 0) return undefined;
  const joined = texts.join(between);
  if (joined.length > LONGEST_TEXT) throw new ConversionError(`at most ${String(LONGEST_TEXT)} characters`, value);
  return joined;
}

function compileReplace(args: Extract<Conversion, { type: 'replace' }>, watch: Watch): Convert {
  const compiled = compilePattern(args.pattern);
  const found = watch(`the pattern ${quote(args.pattern)} of "replace"`);
  let isFound = false;
  return eachItem((value) => {
    const text = textOf(value, 'a text to replace in', LONGEST_SEARCHED);
    if (!isFound && compiled.test(text)) {
      isFound = true;
      found();
    }
    const replaced = compiled.replaceAll(text, args.with);
    if (replaced.length > LONGEST_TEXT)
      throw new ConversionError(`at most ${String(LONGEST_TEXT)} characters`, replaced);
    return replaced;
  });
}

function compileExtract(args: Extract<Conversion, { type: 'extract' }>, watch: Watch): Convert {
  const compiled = compilePattern(args.pattern);
  const group = args.group ?? Math.min(1, compiled.groupCount());
  const found = watch(`the pattern ${quote(args.pattern)} of "extract"`);
  return eachItem((value) => {
    const match = compiled.find(textOf(value, 'a text to extract from', LONGEST_SEARCHED), group);
    if (match !== undefined) found();
    return match;
  });
}

function compilePattern(text: string): LinearMatcher {
  return compileLinearMatcher(translatePythonPattern(text));
}

function faultOfPattern(text: string): string | undefined {
  try {
    compilePattern(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Returns undefined for an invalid pattern. */
function groupsOf(text: string): number | undefined {
  return faultOfPattern(text) === undefined ? compilePattern(text).groupCount() : undefined;
}

function faultOfReplacement(searched: string, replacement: string): string | undefined {
  const groups = groupsOf(searched);
  if (groups === undefined) return undefined;
  const [, python] = /\\(\d|g<)/.exec(replacement) ?? [];
  if (python !== undefined) return 'expected groups as $1, not as \\1';
  for (const [, number = '0'] of replacement.replaceAll('$$', '').matchAll(/\$(\d+)/g)) {
    if (number.startsWith('0') || Number(number) > groups)
      return `expected groups of the pattern, which has ${String(groups)}; write $$ for a dollar sign`;
  }
  return undefined;
}
