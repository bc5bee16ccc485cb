/**
 * config/job.schema.json: what an editor knows of a job file. Draft 7, which VS Code understands best. Made from the zod
 * schema of the job and those of the components, so that completion, `check` and the run never disagree.
 */
import type { Catalog } from '../../component/catalog.ts';
import { toArgsSchema } from './args-schema.ts';
import type { ComponentKind } from '../effective/draft-task.ts';
import { TARGET_WRITER } from '../effective/bind-targets.ts';
import { jobSchema, layerSchema } from './job-schema.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import { SECRET_PATTERN } from '../effective/references.ts';
import { recordSchemas, toVocabularyRules } from './record-fields.ts';
import { shareDefinitions } from './share-definitions.ts';

interface Described {
  readonly type: string;
  readonly summary: string;
  readonly args: Parameters<typeof toArgsSchema>[0];
}

const LIST_ITEMS = { readers: 'reader', transformers: 'transformer', writers: 'writer' } as const;

export async function toJobJsonSchema(catalog: Catalog): Promise<JsonObject> {
  const { rules, definitions } = toVocabularyRules();
  const base = withVocabularies(withComponentLists(chooseByType(toArgsSchema(jobSchema))) as JsonObject, rules);
  const components: Readonly<Record<ComponentKind, readonly Described[]>> = {
    reader: await catalog.readers.loadAll(),
    transformer: await catalog.transformers.loadAll(),
    writer: [...(await catalog.writers.loadAll()), TARGET_WRITER],
  };
  return shareDefinitions({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Job of vocab-sync',
    ...base,
    ...exactlyOneForm(),
    definitions: {
      ...mapObject(components, (list, kind) => toComponentSchema(kind, list as readonly Described[])),
      reference: referenceSchema(),
      ...definitions,
    },
  });
}

/** Names of vocabularies and, for the vocabulary of the job or of a task, the fields of `map` are proposed. */
function withVocabularies(base: JsonObject, rules: readonly JsonObject[]): JsonObject {
  const proposing = (node: JsonObject): JsonObject => {
    const properties = getOwn(node, 'properties');
    const vocabulary = isJsonObject(properties) ? getOwn(properties, 'vocabulary') : undefined;
    if (!isJsonObject(properties) || !isJsonObject(vocabulary)) return node;
    const examples = recordSchemas().map(([name]) => name);
    return { ...node, properties: { ...properties, vocabulary: { ...vocabulary, examples } }, allOf: rules };
  };
  const whole = proposing(base);
  const properties = getOwn(whole, 'properties');
  const tasks = isJsonObject(properties) ? getOwn(properties, 'tasks') : undefined;
  const task = isJsonObject(tasks) ? getOwn(tasks, 'additionalProperties') : undefined;
  if (!isJsonObject(properties) || !isJsonObject(tasks) || !isJsonObject(task)) return whole;
  return { ...whole, properties: { ...properties, tasks: { ...tasks, additionalProperties: proposing(task) } } };
}

/** Replaces `items` of the three lists, at any depth, by the components. */
function withComponentLists(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withComponentLists);
  if (!isJsonObject(node)) return node;
  return mapObject(node, (value, key) => {
    const kind = Object.hasOwn(LIST_ITEMS, key) ? LIST_ITEMS[key as keyof typeof LIST_ITEMS] : undefined;
    if (kind === undefined || !isJsonObject(value) || getOwn(value, 'type') !== 'array')
      return withComponentLists(value);
    return { ...value, items: { $ref: `#/definitions/${kind}` } };
  });
}

function exactlyOneForm(): JsonObject {
  const lists = Object.keys(LIST_ITEMS).map((key) => ({ required: [key] }));
  return {
    oneOf: [
      { required: ['readers', 'writers'], not: { required: ['tasks'] } },
      { required: ['tasks'], not: { anyOf: lists } },
    ],
  };
}

function toComponentSchema(kind: string, components: readonly Described[]): JsonObject {
  return {
    type: 'object',
    properties: {
      type: {
        type: 'string',
        enum: components.map(({ type }) => type),
        enumDescriptions: components.map(({ summary }) => summary),
        description: `Which ${kind} it is.`,
      },
      args: { type: 'object', description: 'The arguments of the component. Every component has its own.' },
      ...(kind === 'writer' ? { layer: toArgsSchema(layerSchema) } : {}),
    },
    required: ['type'],
    additionalProperties: false,
    allOf: components.map((component) => branch(component)),
  };
}

function branch({ type, args }: Described): JsonObject {
  const schema = allowReferences(chooseByType(toArgsSchema(args)) as JsonObject);
  const required = getOwn(schema, 'required');
  const needsArgs = Array.isArray(required) && required.length > 0;
  return {
    if: { properties: { type: { const: type } }, required: ['type'] },
    then: { properties: { args: schema }, ...(needsArgs ? { required: ['args'] } : {}) },
  };
}

/**
 * Alternatives that differ by their `type` become one enum with a rule for each of its values. For `oneOf`, editors propose
 * only the alternatives that need nothing else, and compare a wrong type with one of them.
 */
function chooseByType(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(chooseByType);
  if (!isJsonObject(node)) return node;
  const mapped = mapObject(node, chooseByType);
  const { oneOf, anyOf, ...rest } = mapped;
  const options: unknown = oneOf ?? anyOf;
  const types = Array.isArray(options) ? options.map(typeOfOption) : [];
  if (!Array.isArray(options) || types.length < 2 || types.includes(undefined)) return mapped;
  const all = options as readonly Alternative[];
  return {
    ...rest,
    type: 'object',
    properties: {
      type: {
        type: 'string',
        enum: types,
        enumDescriptions: all.map(({ properties, description }) => properties.type.description ?? description ?? ''),
        description: 'Which kind it is.',
      },
    },
    required: ['type'],
    allOf: all.map((option) => ({
      if: { properties: { type: { const: option.properties.type.const } }, required: ['type'] },
      then: { ...option, properties: { ...option.properties, type: {} } },
    })),
  };
}

interface Alternative {
  readonly description?: string;
  readonly properties: Readonly<Record<string, unknown>> & {
    readonly type: { readonly const: string; readonly description?: string };
  };
}

function typeOfOption(option: unknown): unknown {
  const properties = isJsonObject(option) ? getOwn(option, 'properties') : undefined;
  const type = isJsonObject(properties) ? getOwn(properties, 'type') : undefined;
  return isJsonObject(type) ? getOwn(type, 'const') : undefined;
}

/** Every value inside the args may also be a reference. Descriptions stay outside, where editors show them. */
function allowReferences(schema: JsonObject): JsonObject {
  return mapObject(schema, (value, key) => {
    if (key === 'properties' && isJsonObject(value))
      return mapObject(value, (inner) => (isChoice(inner) ? inner : orReference(inner)));
    if (key === 'items' || key === 'additionalProperties') return orReference(value);
    return value;
  });
}

/** The type of an alternative decides what else is checked, so it is written in the job. */
function isChoice(schema: unknown): boolean {
  return isJsonObject(schema) && Object.hasOwn(schema, 'enumDescriptions');
}

const OUTSIDE = new Set(['description', 'default', 'title', 'deprecated', 'examples']);

function orReference(schema: unknown): unknown {
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema);
  const outside = Object.fromEntries(entries.filter(([key]) => OUTSIDE.has(key)));
  const inside = Object.fromEntries(entries.filter(([key]) => !OUTSIDE.has(key)));
  return { ...outside, anyOf: [allowReferences(inside), { $ref: '#/definitions/reference' }] };
}

function referenceSchema(): JsonObject {
  const only = (key: string, value: JsonObject): JsonObject => ({
    type: 'object',
    properties: { [key]: value },
    required: [key],
    additionalProperties: false,
  });
  return {
    description: 'A value that is not written here: a secret, or an argument of the run.',
    oneOf: [
      only('$secret', {
        type: 'string',
        pattern: SECRET_PATTERN,
        patternErrorMessage: 'Expected "env:NAME" or "file:/absolute/path".',
        description: 'Where the secret is: "env:NAME" or "file:/absolute/path", read where the worker runs.',
      }),
      only('$arg', { type: 'string', description: 'An argument that the job declares, or an axis of its matrix.' }),
    ],
  };
}
