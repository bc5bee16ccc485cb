/** The fields of the record schemas, so that an editor completes the targets of `map` for the vocabulary of a job. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOwn, isJsonObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { findPackageRoot } from '../package-root.ts';

/** The shipped record schemas by name, in alphabetical order. */
export function recordSchemas(): readonly (readonly [name: string, schema: JsonObject])[] {
  const folder = join(findPackageRoot(), 'config', 'records');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as JsonObject;
      return [file.replace(/\.json$/, ''), schema];
    });
}

/**
 * A rule for each vocabulary: with this vocabulary, the fields of `map` are these. The rules only add words and proposals.
 * They refuse nothing, because a job may have several `map`. `MAP_OF` and the name are their definitions.
 */
export function toVocabularyRules(): { readonly rules: readonly JsonObject[]; readonly definitions: JsonObject } {
  const schemas = recordSchemas();
  return {
    rules: schemas.map(([name]) => ({
      if: { properties: { vocabulary: { const: name } }, required: ['vocabulary'] },
      then: { $ref: `#/definitions/${MAP_OF}${name}` },
    })),
    definitions: Object.fromEntries(schemas.map(([name, schema]) => [`${MAP_OF}${name}`, mapRule(schema)])),
  };
}

const MAP_OF = 'map_of_';

function mapRule(schema: JsonObject): JsonObject {
  const rule = {
    if: { properties: { type: { const: 'map' } }, required: ['type'] },
    then: { properties: { args: { properties: { fields: { properties: toTargets(schema, '') } } } } },
  };
  return { properties: { transformers: { items: rule } } };
}

/** From the pointer of a field to a schema with its meaning. A list of objects has the fields of an item under `each`. */
function toTargets(schema: JsonObject, prefix: string): JsonObject {
  const targets: Record<string, unknown> = {};
  const properties = getOwn(schema, 'properties');
  if (!isJsonObject(properties)) return targets;
  for (const [name, property] of Object.entries(properties)) {
    if (!isJsonObject(property)) continue;
    const pointer = `${prefix}/${name}`;
    const items = getOwn(property, 'items');
    const inner = isJsonObject(items) ? toTargets(items, '') : {};
    const each = Object.keys(inner).length === 0 ? {} : { properties: { each: { properties: inner } } };
    setOwn(targets, pointer, { ...describe(property), ...each });
    if (isJsonObject(getOwn(property, 'patternProperties')))
      setOwn(targets, `${pointer}/en`, describe(property, ', in English'));
    for (const [path, target] of Object.entries(toTargets(property, pointer))) setOwn(targets, path, target);
  }
  return targets;
}

function describe(property: JsonObject, more = ''): JsonObject {
  const text = getOwn(property, 'description');
  if (typeof text !== 'string') return {};
  return { description: `Field of the record: ${text}${more}.` };
}
