/**
 * config/job.schema.json: what an editor knows of a job file. Draft 7, which VS Code understands best. Made from the zod
 * schema of the job and those of the components, so that completion, `check` and the run never disagree.
 */
import type { Catalog } from '../../component/catalog.ts';
import { toArgsSchema } from './args-schema.ts';
import type { ComponentKind } from '../effective/draft-task.ts';
import { jobSchema } from './job-schema.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import { SECRET_PATTERN } from '../effective/references.ts';

interface Described {
  readonly type: string;
  readonly summary: string;
  readonly args: Parameters<typeof toArgsSchema>[0];
}

const LIST_ITEMS = { readers: 'reader', transformers: 'transformer', writers: 'writer' } as const;

export function toJobJsonSchema(catalog: Catalog): JsonObject {
  const base = withComponentLists(toArgsSchema(jobSchema)) as JsonObject;
  const components: Readonly<Record<ComponentKind, readonly Described[]>> = {
    reader: [...catalog.readers.values()],
    transformer: [...catalog.transformers.values()],
    writer: [...catalog.writers.values()],
  };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Job of vocab-sync',
    ...base,
    ...exactlyOneForm(),
    definitions: {
      ...mapObject(components, (list, kind) => toComponentSchema(kind, list as readonly Described[])),
      reference: referenceSchema(),
    },
  };
}

/** `items` of the three lists, wherever they stand, become the components. */
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
      args: { type: 'object', description: 'What it is told. Every component has its own.' },
    },
    required: ['type'],
    additionalProperties: false,
    allOf: components.map((component) => branch(component)),
  };
}

function branch({ type, args }: Described): JsonObject {
  const schema = allowReferences(toArgsSchema(args));
  const required = getOwn(schema, 'required');
  const needsArgs = Array.isArray(required) && required.length > 0;
  return {
    if: { properties: { type: { const: type } }, required: ['type'] },
    then: { properties: { args: schema }, ...(needsArgs ? { required: ['args'] } : {}) },
  };
}

/** Every value inside the args may also be a reference. Descriptions stay outside, where editors show them. */
function allowReferences(schema: JsonObject): JsonObject {
  return mapObject(schema, (value, key) => {
    if (key === 'properties' && isJsonObject(value)) return mapObject(value, orReference);
    if (key === 'items' || key === 'additionalProperties') return orReference(value);
    return value;
  });
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
        description: 'Where the secret is: "env:NAME" or "file:/absolute/path", read where the worker runs.',
      }),
      only('$arg', { type: 'string', description: 'An argument that the job declares, or an axis of its matrix.' }),
    ],
  };
}
