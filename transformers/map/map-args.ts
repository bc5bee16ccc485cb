/** The arguments of `map`. Each mistake is found before a run, at its own pointer. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { isJsonObject } from '../../src/records/json-object.ts';
import { isWithin, parsePointer } from '../../src/job/pointer.ts';
import { parseTemplate, type ParsedTemplate, type TemplatePart } from '../../src/job/parse-template.ts';
import { LONGEST_EXPRESSION, parseExpression, type ExpressionTree } from '../where/parse-expression.ts';
import { conversionSchema } from './conversions.ts';
import { fitsLanguage, languageArgs, languagesArgs } from './languages.ts';

const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const TARGET = /^(?:\/(?:[^~/]|~[01])*)+$/;

/** As in JSONPath; a JSON pointer has none. */
function hasWildcard(pointer: string): boolean {
  return pointer.split('/').some((step) => step === '*' || step === '**');
}

const NO_WILDCARD =
  'expected a pointer without "*": a pointer names one place, such as "/names/0/value"; for several, write a "query" such as "names[].value"';

const sourcePointer = z
  .string()
  .superRefine((pointer, context) => {
    if (POINTER.test(pointer)) return;
    const isQuery = parseExpression(pointer, 'bounded').fault === undefined;
    const hint = isQuery ? `; an expression in JMESPath belongs into "query"` : '; the empty text is the whole record';
    const message = `expected a JSON pointer, such as "/names/0/value"${hint}`;
    context.addIssue({ code: 'custom', message });
  })
  .refine((pointer) => !hasWildcard(pointer), NO_WILDCARD)
  .meta({
    pattern: POINTER.source,
    patternErrorMessage:
      'Expected a JSON pointer, such as "/names/0/value". An expression in JMESPath belongs into "query".',
  });

const query = z
  .string()
  .max(LONGEST_EXPRESSION)
  .superRefine((text, context) => {
    const message = faultOfQuery(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message: `expected ${message}` });
  });

function faultOfQuery(text: string): string | undefined {
  if (text.startsWith('/') && POINTER.test(text))
    return 'an expression in JMESPath, such as "names[0].value"; a JSON pointer belongs into "from"';
  const { fault } = parseExpression(text, 'bounded');
  return fault === undefined
    ? undefined
    : `an expression in JMESPath, but at character ${String(fault.at)}: ${fault.message}`;
}

export type QueryPart = { readonly query: string; readonly tree: ExpressionTree };

/** A template may hold pointers and queries. */
export function parseMapTemplate(template: string): ParsedTemplate<TemplatePart | QueryPart> {
  return parseTemplate<QueryPart>(template, (text) => {
    const parsed = parseExpression(text, 'bounded');
    if (parsed.fault === undefined) return { query: text, tree: parsed.tree };
    return /^\s*$/.test(text)
      ? 'a JSON pointer or a query in braces, such as {/id}'
      : `a JSON pointer or a query (${parsed.fault.message})`;
  });
}

const plainField = {
  from: sourcePointer.optional().describe('Where the value is in the record, as a JSON pointer.'),
  query: query
    .optional()
    .describe(
      "What to take from the record, in JMESPath: `labels[?lang=='en'].text | [0]`, `groups[].names[].value`. An empty list counts as no value. The language is that of `keep-where`; lists and objects of fields (`{id: id, name: name}`) may be made too.",
    ),
  value: z.unknown().optional().describe('The value itself: the same for every record.'),
  template: z
    .string()
    .superRefine((text, context) => {
      const { fault } = parseMapTemplate(text);
      if (fault === undefined && /\{\/[^{}]*\/\*{1,2}(?:\/[^{}]*)?\}/.test(text))
        context.addIssue({ code: 'custom', message: NO_WILDCARD.replace('a pointer', 'pointers') });
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .optional()
    .describe(
      'A text with JSON pointers or queries in braces: `https://example.org/{/id}`, `{names[0].value}`. `{{` and `}}` are braces.',
    ),
  language: languageArgs
    .optional()
    .describe(
      'Chooses one of several texts by its language. If no text is in a wanted language, the field has no value, unless `fallback` allows another text.',
    ),
  languages: languagesArgs.optional().describe('Makes an object of texts by language, in the form of `title`.'),
  convert: z
    .array(conversionSchema, {
      error: ({ input }) => (Array.isArray(input) ? undefined : 'expected a list such as [{"type": "trim"}]'),
    })
    .min(1)
    .max(20)
    .optional()
    .describe(
      'Conversions, in order. Each item of a list is converted. If a value does not fit, the record is rejected.',
    ),
  table: z
    .unknown()
    .refine(isJsonObject, 'expected an object: from the text that is looked up to the value')
    .meta({ type: 'object' })
    .optional()
    .describe('The converted value is looked up here. If it is a list, each item is looked up.'),
  table_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A table in a file of the worker: a JSON object, or `.csv` with two columns and a first line of names. A change to it reads an unchanged source again.',
    ),
  on_unknown: z
    .enum(['reject', 'keep', 'omit'])
    .default('reject')
    .describe(
      'The policy for a value that is not in the table: the record is rejected, or the value is kept or omitted.',
    ),
  required: z
    .boolean()
    .default(true)
    .describe(
      'Whether a record without this value is rejected. Otherwise the field is omitted. Null counts as no value.',
    ),
  otherwise: z.unknown().optional().describe('The value to use if the record has none.'),
  when: sourcePointer.optional().describe('The field is only set if the record has a value at this pointer.'),
  when_query: query
    .optional()
    .describe(
      'The field is only set if this JMESPath expression is true: if its result is anything but false, null, or an empty text, list or object.',
    ),
};

type PlainField = z.infer<z.ZodObject<typeof plainField>>;

/** `each` is an object of fields like these, except for the depth of nested lists. */
export interface FieldRule extends PlainField {
  readonly each?: Readonly<Record<string, FieldRule>> | undefined;
}

function withRules<T extends z.ZodType<FieldRule>>(schema: T): T {
  return schema
    .refine((field) => sourcesOf(field).length === 1, {
      error: ({ input }) =>
        `expected exactly one of "from", "query", "value" and "template", found ${list(sourcesOf(input as object))}`,
    })
    .superRefine((field, context) => {
      const refuse = (path: string, message: string): void => {
        context.addIssue({ code: 'custom', message, path: [path] });
      };
      if (field.table !== undefined && field.table_file !== undefined)
        refuse('table_file', 'expected either "table" or "table_file"');
      if (field.language !== undefined && field.languages !== undefined)
        refuse('languages', 'expected either "language" (one text) or "languages" (an object of all)');
      if (field.when !== undefined && field.when_query !== undefined)
        refuse('when_query', 'expected either "when" or "when_query"');
      if (field.each !== undefined && field.languages !== undefined)
        refuse('each', 'expected either "each" or "languages"');
      if (field.each !== undefined && (field.table ?? field.table_file) !== undefined)
        refuse('each', 'expected the table in a field of "each", not next to it');
      if (field.languages !== undefined && (field.convert ?? field.table ?? field.table_file) !== undefined)
        refuse('languages', 'expected "languages" without "convert" and tables: its value is an object');
      for (const key of ['language', 'languages', 'convert', 'each'] as const) {
        if (field[key] !== undefined && Object.hasOwn(field, 'value'))
          refuse('value', `expected "${key}" together with "from", "query" or "template", not with "value"`);
      }
      if (Object.hasOwn(field, 'value') && hasTable(field))
        refuse('value', 'expected a table together with "from", "query" or "template", not with "value"');
    });
}

function fieldsOf<T extends z.ZodType<FieldRule>>(field: T) {
  const target = z.string().regex(TARGET, 'expected a JSON pointer that begins with "/", such as "/title/en"');
  return z.record(target, field).superRefine((fields, context) => {
    for (const message of contradictions(Object.keys(fields))) context.addIssue({ code: 'custom', message });
    for (const [pointer, rule] of Object.entries(fields)) {
      const message = faultOfLanguage(pointer, rule);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [pointer, 'language'] });
    }
  });
}

const EACH =
  'Maps a list of objects: the fields of each item, as in `fields`. Their pointers and queries begin at the item. A single item counts as a list of one; items without any field are left out.';

/** Lists in lists in lists: deeper ones were not found in any source. Schemas of editors cannot recur here. */
const innermost = withRules(z.strictObject(plainField));
const inner = withRules(z.strictObject({ ...plainField, each: fieldsOf(innermost).optional().describe(EACH) }));
const outer = withRules(z.strictObject({ ...plainField, each: fieldsOf(inner).optional().describe(EACH) }));

export const mapArgs = z.strictObject({
  fields: fieldsOf(outer).describe(
    'The fields of the result, in their order: from a JSON pointer, such as `/title/en`, to where its value comes from. A number in a pointer is a place in a list.',
  ),
  unmapped: z
    .enum(['drop', 'keep'])
    .default('drop')
    .describe('The policy for the other fields of the record: they are omitted or kept.'),
  blank: z
    .enum(['absent', 'keep'])
    .optional()
    .describe(
      'Whether a text that is empty or white space counts as no value, even as an item of a list. Default: `absent` if the records come from the reader `csv`, where an empty cell means that the value is missing; otherwise `keep`.',
    ),
});

export type MapArgs = z.infer<typeof mapArgs>;

export function tableFiles({ fields }: MapArgs): readonly string[] {
  const filesOf = (rules: Readonly<Record<string, FieldRule>>): readonly string[] =>
    Object.values(rules).flatMap(({ table_file: file, each }) => [
      ...(file === undefined ? [] : [resolve(file)]),
      ...(each === undefined ? [] : filesOf(each)),
    ]);
  return filesOf(fields);
}

function sourcesOf(field: object): readonly string[] {
  return ['from', 'query', 'value', 'template'].filter((key) => Object.hasOwn(field, key));
}

function hasTable({ table, table_file: file }: Pick<FieldRule, 'table' | 'table_file'>): boolean {
  return table !== undefined || file !== undefined;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(' and ');
}

function contradictions(targets: readonly string[]): readonly string[] {
  return targets.flatMap((nested) => {
    const around = targets.find((target) => target !== nested && isWithin(nested, target));
    return around === undefined
      ? []
      : [`expected fields that are not inside each other, found "${nested}" inside of "${around}"`];
  });
}

/** A value under `/title/en` counts as English. The code of Indonesian is also the usual name of an id. */
function faultOfLanguage(pointer: string, { language }: FieldRule): string | undefined {
  const path = parsePointer(pointer);
  const name = path.at(-1) ?? '';
  if (language === undefined || path.length < 2 || !/^[a-z]{2}$/.test(name) || name === 'id') return undefined;
  // Three letters are a code of ISO 639-2, which says nothing here.
  const other = language.prefer.find((wanted) => /^[a-z]{2}(?![a-z])/i.test(wanted) && !fitsLanguage(wanted, name));
  const found = other === undefined ? undefined : `the language "${other}"`;
  const wrong = found ?? (language.fallback === 'any' ? '"fallback": "any"' : undefined);
  if (wrong === undefined) return undefined;
  return `expected texts in "${name}" only for ${pointer}, found ${wrong}; a text of another language would be published as "${name}"`;
}
