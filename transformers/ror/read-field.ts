/**
 * Fields of a ROR record, read with suspicion: what has another JSON type than schema v2 says ends the record with
 * E_RECORD_TYPE. A key that is absent or null gives undefined; text is trimmed, and blank text counts as absent.
 */
import { RecordError } from '../../src/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/job/json-object.ts';

/** Where a field is: the published id of the record, then the keys on the way to it. */
export type Place = readonly [id: string, ...path: (string | number)[]];

export function readText(value: unknown, ...place: Place): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType('a text', value, place);
  const text = value.trim();
  return text === '' ? undefined : text;
}

export function readObject(value: unknown, ...place: Place): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrongType('an object', value, place);
}

/** A list that must be there. */
export function readList(value: unknown, ...place: Place): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrongType('a list', value, place);
}

/** The texts of a list, each once, in their order. */
export function readTexts(value: unknown, ...place: Place): readonly string[] {
  if (value === undefined || value === null) return [];
  const texts = readList(value, ...place).map((item, i) => readText(item, ...place, i));
  return [...new Set(texts.filter((text) => text !== undefined))];
}

export function wrongType(expected: string, found: unknown, [id, ...path]: Place): RecordError {
  const pointer = path.map((step) => `/${String(step)}`).join('');
  return new RecordError(
    'E_RECORD_TYPE',
    `Expected ${expected} at ${pointer} of the ROR record ${id}, found ${describeValue(found)}.`,
    { details: { id, pointer } },
  );
}

/** The kind of a JSON value, for a sentence. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  switch (typeof value) {
    case 'string':
      return value.trim() === '' ? 'a blank text' : `the text ${JSON.stringify(value.slice(0, 60))}`;
    case 'number':
    case 'boolean':
      return `the ${typeof value} ${String(value)}`;
    default:
      return 'an object';
  }
}
