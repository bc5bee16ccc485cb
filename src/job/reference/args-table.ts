/** The properties of a JSON Schema as a Markdown table: name, type, default, description. */
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';

export function toArgsTable(schema: JsonObject, heading = 'argument'): string {
  const rows = toRows(schema);
  if (rows.length === 0) return 'It takes no arguments.\n';
  const lines = rows.map((row) => `| ${row.map(escapeCell).join(' | ')} |`);
  return [`| ${heading} | type | default | meaning |`, '|---|---|---|---|', ...lines, ''].join('\n');
}

function toRows(schema: JsonObject): string[][] {
  return flattenArguments(schema).map(({ name, property, isRequired }) => [
    `\`${name}\``,
    describeType(property),
    describeDefault(property, isRequired),
    textOf(property),
  ]);
}

export interface FlatArgument {
  /** `guards.min_records`; `fields.*.from` in an object of any keys; `convert[number].decimal` where there are alternatives. */
  readonly name: string;
  readonly property: JsonObject;
  readonly isRequired: boolean;
}

/** Lists the properties of a schema with those inside of them. An object of objects like the one around it is not followed. */
export function flattenArguments(schema: JsonObject): readonly FlatArgument[] {
  return flatten(schema, '');
}

function flatten(schema: JsonObject, prefix: string, around: readonly string[] = []): readonly FlatArgument[] {
  const properties = getOwn(schema, 'properties');
  if (!isJsonObject(properties)) return [];
  const required = getOwn(schema, 'required');
  const names = Object.keys(properties);
  if (names.every((name) => around.includes(name))) return [];
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isJsonObject(property)) return [];
    const isRequired = Array.isArray(required) && required.includes(name);
    const path = `${prefix}${name}`;
    return [{ name: path, property, isRequired }, ...inside(property, path, names)];
  });
}

/** What is inside of an argument: an object, an object of any keys, or one or a list of objects that differ by their `type`. */
function inside(property: JsonObject, path: string, around: readonly string[]): readonly FlatArgument[] {
  const rest = getOwn(property, 'additionalProperties');
  const items = getOwn(property, 'items');
  return [
    ...flatten(property, `${path}.`),
    ...(isJsonObject(rest) ? flatten(rest, `${path}.*.`, around) : []),
    ...[...optionsOf(property), ...optionsOf(items)].flatMap((option) => alternative(option, path)),
  ];
}

function optionsOf(schema: unknown): readonly unknown[] {
  const options = isJsonObject(schema) ? (getOwn(schema, 'oneOf') ?? getOwn(schema, 'anyOf')) : undefined;
  return Array.isArray(options) ? (options as unknown[]) : [];
}

function alternative(option: unknown, path: string): readonly FlatArgument[] {
  const properties = isJsonObject(option) ? getOwn(option, 'properties') : undefined;
  const type = isJsonObject(properties) ? getOwn(properties, 'type') : undefined;
  const name = isJsonObject(type) ? getOwn(type, 'const') : undefined;
  if (!isJsonObject(option) || !isJsonObject(type) || typeof name !== 'string') return [];
  const [first, ...rest] = flatten(option, `${path}[${name}].`);
  return first === undefined ? [] : [{ ...first, name: `${path}[${name}]` }, ...rest];
}

function describeDefault(property: JsonObject, required: boolean): string {
  if (required) return '**required**';
  if (!Object.hasOwn(property, 'default')) return '';
  return `\`${JSON.stringify(property['default'])}\``;
}

/** Its description, or nothing. */
export function textOf(property: JsonObject): string {
  const description = getOwn(property, 'description');
  return typeof description === 'string' ? description : '';
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
  null: 'null',
};

function describeType(schema: JsonObject): string {
  const values = getOwn(schema, 'enum');
  if (Array.isArray(values)) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (Object.hasOwn(schema, 'const')) return `\`${JSON.stringify(schema['const'])}\``;
  const options = getOwn(schema, 'anyOf') ?? getOwn(schema, 'oneOf');
  if (Array.isArray(options)) {
    const kinds = (options as unknown[]).map((option) => (isJsonObject(option) ? describeType(option) : 'anything'));
    return [...new Set(kinds)].join(' or ');
  }
  const type = getOwn(schema, 'type');
  if (type === 'array') {
    const items = getOwn(schema, 'items');
    return `list of ${isJsonObject(items) ? describeType(items) : 'anything'}`;
  }
  return `${typeof type === 'string' ? (WORDS[type] ?? type) : 'anything'}${describeRange(schema)}`;
}

function describeRange(schema: JsonObject): string {
  const bound = (word: string): number | undefined => {
    const value = getOwn(schema, word);
    return typeof value === 'number' ? value : undefined;
  };
  const [above, min, max] = [bound('exclusiveMinimum'), bound('minimum'), bound('maximum')];
  if (max !== undefined) return `, ${String(min ?? 0)} to ${String(max)}`;
  if (min !== undefined) return `, at least ${String(min)}`;
  return above === undefined ? '' : `, above ${String(above)}`;
}

export function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
