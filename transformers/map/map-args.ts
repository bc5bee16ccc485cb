/** The arguments of `map`. Each mistake is found before a run, at its own pointer. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { isJsonObject } from '../../src/records/json-object.ts';
import { isWithin } from '../../src/job/pointer.ts';
import { parseTemplate } from '../../src/job/parse-template.ts';

const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** As in JSONPath; a JSON pointer has none. */
function hasWildcard(pointer: string): boolean {
  return pointer.split('/').some((step) => step === '*' || step === '**');
}

const sourcePointer = z
  .string()
  .regex(POINTER, 'expected a JSON pointer, such as "/names/0/value"; the empty text is the whole record')
  .refine(
    (pointer) => !hasWildcard(pointer),
    'expected a pointer without "*": a pointer names one place, such as "/names/0/value"',
  );

const fieldSchema = z
  .strictObject({
    from: sourcePointer.optional().describe('Where the value stands in the record, as a JSON pointer.'),
    value: z.unknown().optional().describe('The value itself: the same for every record.'),
    template: z
      .string()
      .superRefine((text, context) => {
        const { fault } = parseTemplate(text);
        if (fault === undefined && /\{[^{}]*\/\*{1,2}(?:\/[^{}]*)?\}/.test(text))
          context.addIssue({ code: 'custom', message: 'expected pointers without "*": a pointer names one place' });
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
      })
      .optional()
      .describe('A text with JSON pointers in braces: `https://example.org/{/id}`. `{{` and `}}` are braces.'),
    table: z
      .unknown()
      .refine(isJsonObject, 'expected an object: from the text that is looked up to the value')
      .meta({ type: 'object' })
      .optional()
      .describe('What is found is looked up here. Of a list, each item is.'),
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
        'What becomes of a value that is not in the table: the record is rejected, or the value kept, or left out.',
      ),
    required: z
      .boolean()
      .default(true)
      .describe(
        'Whether a record without this value is rejected; else the field is left out. Null counts as no value.',
      ),
    otherwise: z.unknown().optional().describe('Stands in where the record has no value.'),
    when: sourcePointer.optional().describe('The field is only set where the record has a value at this pointer.'),
  })
  .refine((field) => sourcesOf(field).length === 1, {
    error: ({ input }) =>
      `expected exactly one of "from", "value" and "template", found ${list(sourcesOf(input as object))}`,
  })
  .refine((field) => field.table === undefined || field.table_file === undefined, {
    error: 'expected either "table" or "table_file"',
    path: ['table_file'],
  })
  .refine((field) => !(hasTable(field) && Object.hasOwn(field, 'value')), {
    error: 'expected a table together with "from" or "template", not with "value"',
    path: ['value'],
  });

export type FieldRule = z.infer<typeof fieldSchema>;

export const mapArgs = z.strictObject({
  fields: z
    .record(
      z
        .string()
        .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'expected a JSON pointer that begins with "/", such as "/title/en"'),
      fieldSchema,
    )
    .superRefine((fields, context) => {
      for (const message of contradictions(Object.keys(fields))) context.addIssue({ code: 'custom', message });
    })
    .describe(
      'The fields of the result, in their order: from a JSON pointer, such as `/title/en`, to where its value comes from. A number in a pointer is a place in a list.',
    ),
  unmapped: z
    .enum(['drop', 'keep'])
    .default('drop')
    .describe('What becomes of the other fields of the record: they are left out, or stay as they are.'),
});

export type MapArgs = z.infer<typeof mapArgs>;

export function tableFiles({ fields }: MapArgs): readonly string[] {
  return Object.values(fields).flatMap(({ table_file: file }) => (file === undefined ? [] : [resolve(file)]));
}

function sourcesOf(field: object): readonly string[] {
  return ['from', 'value', 'template'].filter((key) => Object.hasOwn(field, key));
}

function hasTable({
  table,
  table_file: file,
}: {
  readonly table?: unknown;
  readonly table_file?: string | undefined;
}): boolean {
  return table !== undefined || file !== undefined;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `"${name}"`).join(' and ');
}

function contradictions(targets: readonly string[]): readonly string[] {
  return targets.flatMap((inner) => {
    const outer = targets.find((target) => target !== inner && isWithin(inner, target));
    return outer === undefined
      ? []
      : [`expected fields of which none lies in another, found "${inner}" inside of "${outer}"`];
  });
}
