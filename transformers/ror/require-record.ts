/** What must hold of a value before it is mapped: a JSON object, in schema v2, with a ROR id. */
import { ConfigError, RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/records/json-object.ts';
import { toBareRorId } from '../../src/records/ror-id.ts';
import { describeValue } from './read-field.ts';

/** Throws ConfigError E_ROR_SCHEMA_V1 for the older schema: then the wrong member of the dump was chosen. */
export function requireSchemaV2(value: unknown, origin: () => string): JsonObject {
  if (!isJsonObject(value)) {
    throw new RecordError('E_RECORD_TYPE', `Expected a ROR record (a JSON object), found ${describeValue(value)}.`);
  }
  if (isSchemaV1(value)) throw schemaV1(origin());
  return value;
}

/** The nine characters that InvenioRDM publishes a ROR record under. */
export function requireRorId(record: JsonObject): string {
  const found = record['id'];
  const id = typeof found === 'string' ? toBareRorId(found) : undefined;
  if (id !== undefined) return id;
  throw new RecordError(
    'E_RECORD_NO_ID',
    `Expected the ROR id of the record, such as "https://ror.org/05a28rw58", at /id, found ${describeValue(found)}.`,
  );
}

/** Schema v1 has one text `name` where v2 has a list `names`. */
function isSchemaV1(record: JsonObject): boolean {
  const hasPlace = Object.hasOwn(record, 'country') || Object.hasOwn(record, 'addresses');
  return typeof record['name'] === 'string' && hasPlace && !Object.hasOwn(record, 'names');
}

function schemaV1(origin: string): ConfigError {
  const regex = '_schema_v2\\.json$';
  return new ConfigError(
    'E_ROR_SCHEMA_V1',
    `Expected records of ROR schema v2 (with a list "names"), found one of schema v1 (with a text "name") at ${origin}. ` +
      `Dumps v1.45 to v1.74 hold both: choose the v2 member with "regex": ${JSON.stringify(regex)} in the args of the zip reader.`,
    { details: { origin, regex } },
  );
}
