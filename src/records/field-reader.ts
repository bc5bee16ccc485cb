/**
 * Reads the fields of a record and checks their types. A field with another JSON type than its schema requires throws
 * E_RECORD_TYPE. A key that is absent or null returns undefined. Text is trimmed, and blank text counts as absent.
 */
import { RecordError } from '../errors.ts';

/** The position of a field: the published id of the record, then the keys that lead to it. */
type Place = readonly [id: string, ...path: (string | number)[]];

export interface FieldReader {
  readonly readText: (value: unknown, ...place: Place) => string | undefined;
  readonly readObject: (value: unknown, ...place: Place) => Readonly<Record<string, unknown>>;
  /** A list that must be there. */
  readonly readList: (value: unknown, ...place: Place) => readonly unknown[];
  /** The texts of a list, each once, in their order. */
  readonly readTexts: (value: unknown, ...place: Place) => readonly string[];
  readonly wrongType: (expected: string, found: unknown, place: Place) => RecordError;
}

/** `kind` names the records in messages: `ROR record`. */
export function createFieldReader(kind: string): FieldReader {
  const wrongType: FieldReader['wrongType'] = (expected, found, [id, ...path]) => {
    const pointer = path.map((step) => `/${String(step)}`).join('');
    const message = `Expected ${expected} at ${pointer} of the ${kind} ${id}, found ${describeValue(found)}.`;
    return new RecordError('E_RECORD_TYPE', message, { details: { id, pointer } });
  };
  const readText: FieldReader['readText'] = (value, ...place) => {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw wrongType('a text', value, place);
    const text = value.trim();
    return text === '' ? undefined : text;
  };
  const readObject: FieldReader['readObject'] = (value, ...place) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
    throw wrongType('an object', value, place);
  };
  const readList: FieldReader['readList'] = (value, ...place) => {
    if (Array.isArray(value)) return value as readonly unknown[];
    throw wrongType('a list', value, place);
  };
  const readTexts: FieldReader['readTexts'] = (value, ...place) => {
    if (value === undefined || value === null) return [];
    const texts: string[] = [];
    for (const [i, item] of readList(value, ...place).entries()) {
      const text = readText(item, ...place, i);
      if (text !== undefined) texts.push(text);
    }
    return texts.length > 1 ? [...new Set(texts)] : texts;
  };
  return { readText, readObject, readList, readTexts, wrongType };
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
