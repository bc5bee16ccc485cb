/**
 * The record schemas in config/records: what a repository accepts of each vocabulary, draft-07 with two additions, the
 * format `isni` (which takes an ORCID iD as well) and the keyword `x-unique-by` (items differ in that field).
 */
import { clip, quote } from '../../clip.ts';
import { readFileSync } from 'node:fs';
import { Ajv, type CodeOptions, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { toCompactIsni } from '../../records/isni.ts';
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { describeFound } from '../check/problem.ts';
import { findRecordSchema } from './find-record-schema.ts';
import { addTextLengths } from './text-length.ts';

/** Says what is wrong with a record of the vocabulary, or undefined when it fits. */
export interface RecordCheck {
  (record: unknown): string | undefined;
  /** Adds what the vocabulary derives from other fields of a record. */
  readonly complete?: (record: JsonObject) => JsonObject;
}

type RegExpEngine = NonNullable<CodeOptions['regExp']>;

const loaded = new Map<string, RecordCheck | undefined>();

/** Undefined where the vocabulary has no schema: then its records are not checked. Compiled once for each process. */
export function loadRecordSchema(vocabulary: string): RecordCheck | undefined {
  if (!loaded.has(vocabulary)) loaded.set(vocabulary, readSchema(vocabulary));
  return loaded.get(vocabulary);
}

function readSchema(vocabulary: string): RecordCheck | undefined {
  const path = findRecordSchema(vocabulary);
  if (path === undefined) return undefined;
  const check = compileRecordSchema(JSON.parse(readFileSync(path, 'utf8')) as JsonObject);
  return vocabulary === 'subjects' ? Object.assign(check, { complete: completeSubject }) : check;
}

/** A subject without `subject` is shown by its English title, as in InvenioRDM. */
function completeSubject(record: JsonObject): JsonObject {
  const title = record['title'];
  const english = isJsonObject(title) ? getOwn(title, 'en') : undefined;
  const isFilled = typeof english === 'string' && english.trim() !== '' && !Object.hasOwn(record, 'subject');
  return isFilled ? { ...record, subject: english } : record;
}

/** Throws ajv's error for an invalid schema. `regExp` replaces the engine of `pattern`. */
export function compileRecordSchema(schema: JsonObject, regExp?: RegExpEngine): RecordCheck {
  const validate = compile(schema, regExp);
  return (record) => (validate(record) ? undefined : toSentence(validate.errors ?? []));
}

function compile(schema: JsonObject, regExp?: RegExpEngine): ValidateFunction {
  const code = regExp === undefined ? {} : { code: { regExp } };
  const ajv = new Ajv({ verbose: true, strict: true, strictTypes: false, strictRequired: false, ...code });
  addTextLengths(ajv);
  formats.default(ajv, ['date', 'date-time', 'uuid']);
  // In the strict mode these two take more than linear time.
  formats.default(ajv, { mode: 'fast', formats: ['email', 'uri'] });
  ajv.addFormat('isni', (text) => toCompactIsni(text) !== undefined);
  ajv.addKeyword({ keyword: 'x-unique-by', type: 'array', schemaType: 'string', validate: isUniqueBy, errors: false });
  return ajv.compile(schema);
}

function isUniqueBy(field: string, items: readonly unknown[]): boolean {
  return new Set(items.map((item) => (isJsonObject(item) ? item[field] : undefined))).size === items.length;
}

/** The last error is of the outermost rule; `if` only repeats what its `then` found. */
function toSentence(errors: readonly ErrorObject[]): string {
  const error = errors.filter(({ keyword }) => keyword !== 'if').at(-1);
  if (error === undefined) return 'Expected a record that fits its schema, found another.';
  const place = error.instancePath === '' ? 'in the record' : `at ${clip(error.instancePath, 300)}`;
  const found = (): string => describeFound(shortened(error.data));
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      return `Expected a value at ${clip(error.instancePath, 300)}/${String(params['missingProperty'])}, found nothing.`;
    case 'additionalProperties':
      return `Expected ${describeFields(error.parentSchema)} ${place}, found the field ${quote(params['additionalProperty'])}.`;
    case 'type':
      return `Expected ${describeTypes(params['type'])} ${place}, found ${found()}.`;
    case 'enum':
      return `Expected one of ${list(error.schema)} ${place}, found ${found()}.`;
    case 'uniqueItems':
      return `Expected each item once ${place}, found item ${String(params['i'])} to equal item ${String(params['j'])}.`;
    default:
      return `Expected ${describeRule(error)} ${place}, found ${found()}.`;
  }
}

/** Words are found for the beginning of a text only: the whole one may be megabytes. */
function shortened(data: unknown): unknown {
  return typeof data === 'string' ? data.slice(0, 200) : data;
}

function describeRule({ parentSchema, message }: ErrorObject): string {
  const description: unknown = isJsonObject(parentSchema) ? parentSchema['description'] : undefined;
  return typeof description === 'string' ? description : `a value that ${message ?? 'fits'}`;
}

function describeFields(schema: unknown): string {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  const description = isJsonObject(schema) ? schema['description'] : undefined;
  if (isJsonObject(properties)) return `no fields but ${list(Object.keys(properties))}`;
  return typeof description === 'string' ? description : 'no further fields';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  boolean: 'true or false',
};

function describeTypes(types: unknown): string {
  return [types]
    .flat()
    .map((type) => TYPE_NAMES[String(type)] ?? String(type))
    .join(' or ');
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : String(values);
}
