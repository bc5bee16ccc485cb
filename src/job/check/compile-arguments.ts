/** The declared arguments of a job, as a function that checks values. Imported for jobs that declare some; most do not. */
import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import { z } from 'zod';
import { messageOf } from '../../errors.ts';
import type { JsonObject } from '../../records/json-object.ts';
import type { Report } from './problem.ts';

/** Fills in the defaults that are declared, in place, and returns what is wrong with the values. */
export type ValidateArguments = (values: JsonObject) => readonly ErrorObject[];

/** Reports a declaration that is not a JSON Schema, and returns undefined for it. */
export type CompileArguments = (declared: JsonObject, report: Report) => ValidateArguments | undefined;

const count = z.int().nonnegative();

/** A schema of these keywords alone is a schema of draft 7: to prove it by the meta-schema costs each start 20 ms and more. */
const plainSchema = z.strictObject({
  $schema: z.literal('http://json-schema.org/draft-07/schema#').optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  type: z.literal('object'),
  required: z.array(z.string()).optional(),
  additionalProperties: z.boolean().optional(),
  properties: z
    .record(
      z.string(),
      z.strictObject({
        title: z.string().optional(),
        description: z.string().optional(),
        type: z.enum(['string', 'integer', 'number', 'boolean']).optional(),
        enum: z.array(z.unknown()).optional(),
        default: z.unknown(),
        format: z.string().optional(),
        pattern: z.string().optional(),
        minimum: z.number().optional(),
        maximum: z.number().optional(),
        minLength: count.optional(),
        maxLength: count.optional(),
      }),
    )
    .optional(),
});

export const compileArguments: CompileArguments = (schema, report) => {
  const ajv = new Ajv({
    ...{ allErrors: true, useDefaults: true, strict: true, strictTypes: false, strictRequired: false },
    ...(plainSchema.safeParse(schema).success ? { meta: false, validateSchema: false } : {}),
  });
  formats.default(ajv);
  try {
    const validate = ajv.compile(schema);
    return (values) => (validate(values) ? [] : (validate.errors ?? []));
  } catch (error) {
    const message = `expected a JSON Schema (draft 7) of the arguments: ${messageOf(error)}`;
    report({ severity: 'error', pointer: '/arguments', message });
    return undefined;
  }
};
