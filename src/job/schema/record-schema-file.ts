/**
 * A record schema of the operator's own. Its regular expressions go through an engine that takes linear time (RE2): the
 * schema is trusted, the records that it is matched against are not.
 */
import { ConfigError, messageOf } from '../../errors.ts';
import { compileLinearPattern } from '../../formats/linear-pattern.ts';
import { requireAllowedFile } from '../../allowed-folders.ts';
import { SmallFileError, readSmallFileSync } from '../../read-small-file.ts';
import { findInexactNumber } from '../../formats/json/exact-numbers.ts';
import { isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { placeInJson } from '../table-file.ts';
import { compileRecordSchema, type RecordCheck } from './record-schema.ts';

/** A schema takes a few KB; compiling a larger one would take minutes. */
const MOST_BYTES = 4 * 1024 ** 2;

/** A JSON Schema, draft 7. Throws ConfigError E_FILE_NOT_FOUND or E_SCHEMA_INVALID. */
export function loadRecordSchemaFile(path: string): RecordCheck {
  const schema = parseSchema(readText(path), path);
  try {
    return compileRecordSchema(schema, linearRegExp);
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
}

function readText(path: string): string {
  requireAllowedFile(path);
  try {
    return readSmallFileSync(path, MOST_BYTES).toString('utf8');
  } catch (cause) {
    if (cause instanceof SmallFileError) throw invalid(path, cause.message, cause);
    const message = `The record schema ${path} cannot be read on this machine: ${messageOf(cause)}.`;
    throw new ConfigError('E_FILE_NOT_FOUND', message, { cause, details: { path } });
  }
}

function parseSchema(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(path, placeInJson(text, cause));
  }
  const inexact = findInexactNumber(text);
  if (inexact !== undefined) throw invalid(path, `the number ${inexact.slice(0, 60)} is beyond what can be compared`);
  if (isJsonObject(value)) return value;
  throw invalid(path, 'it is no JSON object');
}

function invalid(path: string, reason: string, cause?: unknown): ConfigError {
  const message = `Expected a JSON Schema (draft 7) in ${path}, but ${reason}. Look-around and back-references are not available in patterns.`;
  return new ConfigError('E_SCHEMA_INVALID', message, { cause, details: { path } });
}

/**
 * The interface that ajv requires: `code` is for generated files, which are not used; `toString` distinguishes
 * patterns.
 */
const linearRegExp = Object.assign(
  (pattern: string) => {
    const compiled = compileLinearPattern(pattern);
    return { test: (text: string) => compiled.test(text), toString: () => pattern };
  },
  { code: 'linearRegExp' },
);
