/**
 * Moves the parts that a JSON Schema repeats into its `definitions`, where `$ref` finds them. The schema of a job would
 * otherwise repeat the arguments of nested lists, and an editor would parse hundreds of kilobytes for each file.
 */
import { getOwn, isJsonObject, mapObject, setOwn, type JsonObject } from '../../records/json-object.ts';

/** Shorter parts are repeated: a reference is no easier to read. */
const SHORTEST = 150;

const ONE = ['items', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'];
const LISTS = ['anyOf', 'oneOf', 'allOf'];
const MAPS = ['properties', 'patternProperties', 'definitions'];

/** Returns the same schema with every long part written once. A name in `definitions` comes from the key where it was found first. */
export function shareDefinitions(schema: JsonObject): JsonObject {
  const counts = new Map<string, number>();
  forEachPart(schema, (part) => {
    count(part, counts);
  });
  const shared = new Map<string, string>();
  const definitions: Record<string, unknown> = {};
  const names = new Set(Object.keys(asObject(getOwn(schema, 'definitions'))));

  const share = (part: JsonObject, key: string): JsonObject => {
    const text = JSON.stringify(part);
    if (text.length < SHORTEST || (counts.get(text) ?? 0) < 2) return mapParts(part, share, key);
    let name = shared.get(text);
    if (name === undefined) {
      name = freeName(key, names);
      shared.set(text, name);
      setOwn(definitions, name, mapParts(part, share, key));
    }
    return { $ref: `#/definitions/${name}` };
  };
  const whole = mapParts(schema, share, 'part');
  return { ...whole, definitions: { ...asObject(getOwn(whole, 'definitions')), ...definitions } };
}

/** Counts a part, and what is inside of it when it comes for the first time. */
function count(part: JsonObject, counts: Map<string, number>): void {
  const text = JSON.stringify(part);
  const before = counts.get(text) ?? 0;
  counts.set(text, before + 1);
  if (before > 0) return;
  forEachPart(part, (inner) => {
    count(inner, counts);
  });
}

function forEachPart(schema: JsonObject, visit: (part: JsonObject) => void): void {
  mapParts(
    schema,
    (part) => {
      visit(part);
      return part;
    },
    '',
  );
}

/** Replaces the schemas directly inside of a schema. `key` names those that have no name of their own. */
function mapParts(schema: JsonObject, replace: (part: JsonObject, key: string) => JsonObject, key: string): JsonObject {
  const one = (value: unknown, name: string): unknown => (isJsonObject(value) ? replace(value, name) : value);
  return mapObject(schema, (value, word) => {
    if (ONE.includes(word)) return one(value, key);
    if (LISTS.includes(word) && Array.isArray(value)) return value.map((part: unknown) => one(part, key));
    if (MAPS.includes(word) && isJsonObject(value))
      return mapObject(value, (part, name) => one(part, toName(name, key)));
    return value;
  });
}

function toName(name: string, around: string): string {
  return /^[a-z][a-z0-9_]*$/i.test(name) ? name : around;
}

function freeName(key: string, names: Set<string>): string {
  const base = key === '' ? 'part' : key;
  let name = base;
  for (let number = 2; names.has(name); number++) name = `${base}_${String(number)}`;
  names.add(name);
  return name;
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
