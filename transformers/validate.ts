/** Checks records against a schema in the middle of a chain; the engine checks the result against the vocabulary by itself. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { defineTransformer } from '../src/component/transformer.ts';
import { ConfigError, RecordError } from '../src/errors.ts';
import { getOwn, isJsonObject } from '../src/records/json-object.ts';
import { loadRecordSchemaFile } from '../src/job/schema/record-schema-file.ts';
import { loadRecordSchema, type RecordCheck } from '../src/job/schema/record-schema.ts';

const argsSchema = z
  .strictObject({
    schema: z
      .string()
      .refine((name) => loadRecordSchema(name) !== undefined, {
        error: 'expected the name of a shipped record schema, such as "affiliations" (config/records)',
      })
      .optional()
      .describe('The name of a vocabulary whose record schema is shipped, such as `affiliations`.'),
    schema_file: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A JSON Schema (draft 7) on the machine of the worker; a relative path starts at its working directory. Patterns are in RE2 syntax. A change to the file reads an unchanged source again.',
      ),
  })
  .refine((args) => (args.schema === undefined) !== (args.schema_file === undefined), {
    message: 'expected either "schema" or "schema_file"',
    path: ['schema'],
  });

type Args = z.infer<typeof argsSchema>;

export const validate = defineTransformer<Args>({
  type: 'validate',
  version: 1,
  summary: 'Rejects the records that do not fit a record schema.',
  description: `A rejection names the pointer, what was expected and what was found. The results of a job with a \`vocabulary\` are always
validated. Use this transformer to validate the results of an earlier transformer, or the records of the source. Deleted records are not
validated.`,
  args: argsSchema,
  examples: [
    {
      title: 'A shipped schema',
      args: { schema: 'affiliations' },
      input: { id: '04d836q62', name: 'TU Wien' },
      output: { id: '04d836q62', name: 'TU Wien' },
    },
  ],
  files: ({ schema_file: file }) => (file === undefined ? [] : [resolve(file)]),
  create: (args) => {
    const { check, name } = load(args);
    return (value, { isDeleted }) => {
      const problem = isDeleted === true ? undefined : check(value);
      if (problem === undefined) return value;
      const id = isJsonObject(value) ? getOwn(value, 'id') : undefined;
      throw new RecordError('E_RECORD_SCHEMA', `The record does not fit the schema ${name}. ${problem}`, {
        details: typeof id === 'string' ? { id } : {},
      });
    };
  },
});

function load({ schema, schema_file: file }: Args): { readonly check: RecordCheck; readonly name: string } {
  if (file !== undefined) return { check: loadRecordSchemaFile(resolve(file)), name: file };
  const check = loadRecordSchema(schema ?? '');
  if (check !== undefined) return { check, name: `"${schema ?? ''}"` };
  throw new ConfigError('E_JOB_INVALID', `No record schema is called "${schema ?? ''}".`);
}
