/** The JSON Schema of the args of a component, from the same zod schema that parses them. Feeds hints, docs and the editor. */
import { z } from 'zod';
import { getOwn, isJsonObject, mapObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import type { Path } from '../pointer.ts';

const made = new WeakMap<z.ZodType, JsonObject>();

/** Draft 7, of what an operator writes (defaults are optional). */
export function toArgsSchema(args: z.ZodType): JsonObject {
  const known = made.get(args);
  if (known !== undefined) return known;
  const schema = z.toJSONSchema(args, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const message = typeof jsonSchema.pattern === 'string' ? messageOfPattern(zodSchema) : undefined;
      if (message !== undefined) jsonSchema['patternErrorMessage'] = message;
    },
  }) as JsonObject;
  const cleaned = withoutNoise(schema) as JsonObject;
  made.set(args, cleaned);
  return cleaned;
}

/** What `check` says of a text that does not fit the pattern. Editors show it in place of the pattern. */
function messageOfPattern(schema: z.core.$ZodTypes): string | undefined {
  for (const check of schema._zod.def.checks ?? []) {
    const { def } = check._zod;
    if (!('format' in def) || def.format !== 'regex' || def.error === undefined) continue;
    const said = def.error({ code: 'invalid_format', format: 'regex', input: '' } as Parameters<typeof def.error>[0]);
    const message = typeof said === 'string' ? said : said?.message;
    if (message !== undefined) return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  }
  return undefined;
}

/** The keys that are known at a place, over all alternatives there. */
export function knownKeysAt(schema: unknown, path: Path): string[] {
  const keys = new Set<string>();
  for (const node of nodesAt(schema, path)) {
    const properties = getOwn(node, 'properties');
    if (isJsonObject(properties)) for (const key of Object.keys(properties)) keys.add(key);
  }
  return [...keys];
}

/** The args with the defaults of their schema filled in, nested objects included. A second time it changes nothing. */
export function withDefaults(args: unknown, schema: unknown): unknown {
  if (!isJsonObject(args) || !isJsonObject(schema)) return args;
  const result: Record<string, unknown> = {};
  const properties = getOwn(schema, 'properties');
  for (const [key, value] of Object.entries(args)) {
    setOwn(result, key, withDefaults(value, isJsonObject(properties) ? getOwn(properties, key) : undefined));
  }
  if (!isJsonObject(properties)) return result;
  for (const [key, property] of Object.entries(properties)) {
    if (Object.hasOwn(result, key) || !isJsonObject(property) || !Object.hasOwn(property, 'default')) continue;
    setOwn(result, key, withDefaults(property['default'], property));
  }
  return result;
}

function nodesAt(schema: unknown, path: Path): JsonObject[] {
  if (!isJsonObject(schema)) return [];
  const alternatives = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const list = getOwn(schema, word);
    return Array.isArray(list) ? (list as unknown[]).flatMap((option) => nodesAt(option, path)) : [];
  });
  const [step, ...rest] = path;
  if (step === undefined) return [schema, ...alternatives];
  const properties = getOwn(schema, 'properties');
  const inner = isJsonObject(properties) ? getOwn(properties, String(step)) : undefined;
  const next = inner ?? (typeof step === 'number' ? getOwn(schema, 'items') : getOwn(schema, 'additionalProperties'));
  return [...nodesAt(next, rest), ...alternatives];
}

/** zod writes the limits of safe integers into every whole number, and names its dialect. */
function withoutNoise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNoise);
  if (!isJsonObject(value)) return value;
  return mapObject(Object.fromEntries(Object.entries(value).filter(isTelling)), withoutNoise);
}

function isTelling([key, value]: [string, unknown]): boolean {
  if (key === '$schema' && typeof value === 'string') return false;
  return value !== Number.MAX_SAFE_INTEGER && value !== Number.MIN_SAFE_INTEGER;
}
