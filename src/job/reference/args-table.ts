/** The properties of a JSON Schema as a Markdown table: name, type, default, description. */
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';

export function toArgsTable(schema: JsonObject, heading = 'argument'): string {
  const rows = toRows(schema, '');
  if (rows.length === 0) return 'It takes no arguments.\n';
  const lines = rows.map((row) => `| ${row.map(escapeCell).join(' | ')} |`);
  return [`| ${heading} | type | default | meaning |`, '|---|---|---|---|', ...lines, ''].join('\n');
}

/** Objects of a fixed shape are followed: `guards.min_records`. */
function toRows(schema: JsonObject, prefix: string): string[][] {
  const properties = getOwn(schema, 'properties');
  if (!isJsonObject(properties)) return [];
  const required = getOwn(schema, 'required');
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isJsonObject(property)) return [];
    const isRequired = Array.isArray(required) && required.includes(name);
    const row = [
      `\`${prefix}${name}\``,
      describeType(property),
      describeDefault(property, isRequired),
      textOf(property),
    ];
    return [row, ...toRows(property, `${prefix}${name}.`)];
  });
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

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
