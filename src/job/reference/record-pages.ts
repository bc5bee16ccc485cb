/** docs/reference/records.md and a page for each record schema of config/records: fields, types, limits, and an example. */
import { getOwn, isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { recordSchemas } from '../schema/record-fields.ts';
import { escapeCell, textOf } from './args-table.ts';
import { GENERATED } from './generated.ts';
import { RECORD_FACTS } from './record-examples.ts';

/** The pages by their paths in the package. */
export function toRecordPages(): Readonly<Record<string, string>> {
  const schemas = recordSchemas();
  const pages = schemas.map(([name, schema]) => [`docs/reference/records/${name}.md`, toPage(name, schema)] as const);
  return { 'docs/reference/records.md': toIndex(schemas), ...Object.fromEntries(pages) };
}

function toIndex(schemas: readonly (readonly [string, JsonObject])[]): string {
  const rows = schemas.map(([name, schema]) => {
    const required = requiredOf(schema).map((field) => `\`${field}\``);
    return `| [\`${name}\`](records/${name}.md) | ${titleOf(schema)} | ${required.join(', ')} |`;
  });
  return [
    '# Records',
    GENERATED,
    'The `vocabulary` of a job names the record schema that its records are checked against before they are published. Each page ' +
      'lists the fields of a record, with their limits and an example. A job with another `vocabulary` publishes records of any form, ' +
      'as long as they have an `id`; [`validate`](transformers.md#validate) checks them against a schema of your own.',
    ['| vocabulary | a record is | required |', '|---|---|---|', ...rows].join('\n'),
  ]
    .join('\n\n')
    .concat('\n');
}

function toPage(name: string, schema: JsonObject): string {
  const { intro = '', example } = RECORD_FACTS[name] ?? {};
  const rows = rowsIn(schema, '').map((row) => `| ${row.map(escapeCell).join(' | ')} |`);
  const schemes = schemesIn(schema);
  // A rule such as "a name, or a given name and a family name" is in the description.
  const said = [`A record of the vocabulary \`${name}\` is ${textOf(schema) || lowerFirst(titleOf(schema))}.`, intro];
  return [
    `# Records of \`${name}\``,
    GENERATED,
    said.filter((text) => text !== '').join(' '),
    'Other fields than these are refused, and so is a null: leave a field out if it has no value. In [`map`](../transformers.md#map) a field ' +
      'is named by a pointer, such as `/title/en`.',
    ['| field | type | limits | meaning |', '|---|---|---|---|', ...rows].join('\n'),
    ...(schemes.length === 0
      ? []
      : [
          '## Identifiers',
          'The `scheme` of an identifier decides its form.',
          ['| `scheme` | `identifier` |', '|---|---|', ...schemes].join('\n'),
        ]),
    '## Example',
    `\`\`\`json data\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    `The schema itself is [\`config/records/${name}.json\`](../../../config/records/${name}.json).`,
  ]
    .join('\n\n')
    .concat('\n');
}

function titleOf({ title }: JsonObject): string {
  return typeof title === 'string' ? title : '';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function requiredOf(schema: JsonObject): readonly string[] {
  const required = getOwn(schema, 'required');
  return Array.isArray(required) ? (required as string[]) : [];
}

type Row = readonly [field: string, type: string, limits: string, meaning: string];

function rowsIn(schema: JsonObject, prefix: string): readonly Row[] {
  const properties = getOwn(schema, 'properties');
  if (!isJsonObject(properties)) return [];
  const required = requiredOf(schema);
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isJsonObject(property)) return [];
    const field = `${prefix}${name}`;
    const isRequired = required.includes(name);
    const row: Row = [`\`${field}\``, typeOf(property), limitsOf(property, isRequired), meaningOf(property, field)];
    return [row, ...rowsIn(property, `${field}.`), ...rowsIn(itemsOf(property), `${field}[].`)];
  });
}

function itemsOf(property: JsonObject): JsonObject {
  const items = getOwn(property, 'items');
  return getOwn(property, 'type') === 'array' && isJsonObject(items) ? items : {};
}

/** Fields of several lists that have no words in the schema, because messages name them. */
const MEANINGS: Readonly<Record<string, string>> = {
  'identifiers[].identifier': 'the identifier, in the form of its scheme',
  'identifiers[].scheme': 'the scheme of the identifier',
  'affiliations[].id': 'the id of an affiliation in its vocabulary',
  'affiliations[].name': 'the name of an affiliation',
  'funder.id': 'the id of the funder in its vocabulary',
  'funder.name': 'the name of the funder',
  'subjects[].id': 'the id of a subject in its vocabulary',
  'subjects[].subject': 'the text of a subject',
};

function meaningOf(property: JsonObject, field: string): string {
  const text = textOf(property);
  if (text !== '') return text;
  const known = MEANINGS[field];
  if (known === undefined) throw new Error(`The field ${field} of a record schema has no description.`);
  return known;
}

function typeOf(property: JsonObject): string {
  const values = getOwn(property, 'enum');
  if (Array.isArray(values)) return values.map((value) => `\`${String(value)}\``).join(', ');
  const type = getOwn(property, 'type');
  const types = Array.isArray(type) ? (type as string[]) : [String(type)];
  return types.map((one) => describeType(one, property)).join(' or ');
}

function describeType(type: string, property: JsonObject): string {
  if (type === 'array') {
    const items = getOwn(property, 'items');
    const kind = isJsonObject(items) ? getOwn(items, 'type') : undefined;
    return kind === 'object' ? 'list of objects' : 'list of texts';
  }
  if (type === 'boolean') return 'true or false';
  if (type !== 'object') return 'text';
  if (isJsonObject(getOwn(property, 'patternProperties'))) return 'object: from a language, such as `en`, to a text';
  const others = getOwn(property, 'additionalProperties');
  return isJsonObject(others) ? `object: from a name to a ${typeOf(others)}` : 'object';
}

function limitsOf(property: JsonObject, isRequired: boolean): string {
  const longest = getOwn(property, 'maxLength');
  const unique = getOwn(property, 'x-unique-by');
  const inside = [property, getOwn(property, 'items'), ...languagesOf(property)].filter(isJsonObject);
  return [
    isRequired ? '**required**' : '',
    inside.some((schema) => getOwn(schema, 'pattern') === '\\S') ? 'not blank' : '',
    typeof longest === 'number' ? `at most ${String(longest)} characters` : '',
    getOwn(property, 'uniqueItems') === true ? 'each once' : '',
    typeof unique === 'string' ? `one for each \`${unique}\`` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

function languagesOf(property: JsonObject): readonly unknown[] {
  const patterns = getOwn(property, 'patternProperties');
  return isJsonObject(patterns) ? Object.values(patterns) : [];
}

/** The rows of `if scheme … then identifier …`. */
function schemesIn(schema: JsonObject): readonly string[] {
  const rules = at(schema, 'properties', 'identifiers', 'items', 'allOf');
  if (!Array.isArray(rules)) return [];
  return (rules as unknown[]).map((rule) => {
    const scheme = at(rule, 'if', 'properties', 'scheme', 'const');
    const form = at(rule, 'then', 'properties', 'identifier', 'description');
    return `| \`${String(scheme)}\` | ${String(form)} |`;
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isJsonObject(found) ? getOwn(found, key) : undefined), value);
}
