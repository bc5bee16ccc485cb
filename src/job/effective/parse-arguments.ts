/** `--arg name=value`, as often as it was given: each value read as the type that the job declares for it. */
import { ConfigError } from '../../errors.ts';
import { parseJsonExactly } from '../../formats/json/exact-numbers.ts';
import { getOwn, isJsonObject, setOwn, type JsonObject } from '../../records/json-object.ts';
import { didYouMean, suggest } from '../check/suggest.ts';

/**
 * `config` is the job file as JSON. Whether a value fits its schema is found when the job of the run is made. Throws
 * ConfigError E_ARGUMENTS_INVALID.
 */
export function parseArguments(written: readonly string[], config: unknown): JsonObject {
  const declared = isJsonObject(config) ? getOwn(config, 'arguments') : undefined;
  const properties = isJsonObject(declared) ? getOwn(declared, 'properties') : undefined;
  const known = isJsonObject(properties) ? properties : {};
  const values: Record<string, unknown> = {};
  for (const text of written) {
    const cut = text.indexOf('=');
    if (cut < 1) refuse(`expected --arg NAME=VALUE, found "${text}"`, text);
    const name = text.slice(0, cut);
    if (Object.hasOwn(values, name))
      refuse(`--arg ${name} is given twice; a list is one JSON value: ${name}='[…]'`, name);
    if (!Object.hasOwn(known, name)) refuseUnknown(name, Object.keys(known));
    setOwn(values, name, readAs(text.slice(cut + 1), typesOf(known[name])));
  }
  return values;
}

/** A text stays a text where the schema takes one; anything else is JSON. What fits neither is left for the check. */
function readAs(text: string, types: ReadonlySet<string>): unknown {
  if (types.has('string')) return text;
  try {
    // A number that a double would round stays a text, and the check says so.
    return parseJsonExactly(text);
  } catch {
    return text;
  }
}

function typesOf(schema: unknown): ReadonlySet<string> {
  if (!isJsonObject(schema)) return new Set();
  const type = getOwn(schema, 'type');
  if (type !== undefined) return new Set([type].flat().filter((name) => typeof name === 'string'));
  const options = getOwn(schema, 'enum') ?? (Object.hasOwn(schema, 'const') ? [getOwn(schema, 'const')] : undefined);
  if (Array.isArray(options)) return new Set(options.map((option: unknown) => typeof option));
  const branches = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const list = getOwn(schema, word);
    return Array.isArray(list) ? (list as unknown[]) : [];
  });
  return new Set(branches.flatMap((branch) => [...typesOf(branch)]));
}

function refuseUnknown(name: string, known: readonly string[]): never {
  const nearest = suggest(name, known);
  if (nearest !== undefined) refuse(`no argument is called "${name}"${didYouMean(nearest)}`, name);
  const there = known.length === 0 ? 'the job declares none' : `the job declares ${known.join(', ')}`;
  refuse(`no argument is called "${name}"; ${there}`, name);
}

function refuse(what: string, argument: string): never {
  throw new ConfigError(
    'E_ARGUMENTS_INVALID',
    `The arguments cannot be used: ${what}${what.endsWith('?') ? '' : '.'}`,
    { details: { argument } },
  );
}
