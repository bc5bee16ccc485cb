/** docs/reference/job.md: every key of a job file, from its schema. */
import { toArgsSchema } from '../schema/args-schema.ts';
import { jobSchema, layerSchema } from '../schema/job-schema.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../records/json-object.ts';
import { textOf, toArgsTable } from './args-table.ts';
import { GENERATED } from './generated.ts';

export function toJobPage(): string {
  const schema = toArgsSchema(jobSchema);
  const schedules = schedulesOf(schema);
  const task = propertiesAt(schema, 'tasks', 'additionalProperties');
  return [
    '# The job file',
    GENERATED,
    'A job has either `readers`, `transformers` and `writers`, or `tasks`. How to write one: [write a job](../write-a-job.md).',
    '## Keys',
    toArgsTable(withoutTasks(schema), 'key').trimEnd(),
    '## schedule',
    ...schedules.flatMap((schedule) => [
      `### ${String(constOf(schedule))}`,
      textOf(schedule),
      toArgsTable(schedule, 'key').trimEnd(),
    ]),
    '## tasks',
    'Each task has a name and these keys:',
    toArgsTable(task, 'key').trimEnd(),
    '## Items of readers, transformers and writers',
    'Each is an object with `type`, the name of a component, and `args`, its arguments: [readers](readers.md), ' +
      '[transformers](transformers.md), [writers](writers.md). In `args`, `{"$secret": "env:NAME"}` or ' +
      '`{"$secret": "file:/absolute/path"}` stands for a credential, and `{"$arg": "NAME"}` for an argument of the run.',
    '## layer',
    `A writer may also have a \`layer\`: ${layerSchema.description ?? ''} [How layers work](../layers.md).`,
    toArgsTable(toArgsSchema(layerSchema), 'key').trimEnd(),
  ]
    .join('\n\n')
    .concat('\n');
}

/** The keys of a task have a table of their own. */
function withoutTasks(schema: JsonObject): JsonObject {
  const properties = getOwn(schema, 'properties');
  if (!isJsonObject(properties)) return schema;
  const bare = mapObject(properties, (property, key) =>
    key === 'tasks' && isJsonObject(property) ? { ...property, additionalProperties: false } : property,
  );
  return { ...schema, properties: bare };
}

function propertiesAt(schema: JsonObject, key: string, inner: string): JsonObject {
  const properties = getOwn(schema, 'properties');
  const property = isJsonObject(properties) ? getOwn(properties, key) : undefined;
  const found = isJsonObject(property) ? getOwn(property, inner) : undefined;
  return isJsonObject(found) ? found : {};
}

function schedulesOf(schema: JsonObject): JsonObject[] {
  const properties = getOwn(schema, 'properties');
  const schedule = isJsonObject(properties) ? getOwn(properties, 'schedule') : undefined;
  const collect = (node: unknown): JsonObject[] => {
    if (!isJsonObject(node)) return [];
    if (isJsonObject(getOwn(node, 'properties'))) return [node];
    return ['anyOf', 'oneOf'].flatMap((word) => {
      const options = getOwn(node, word);
      return Array.isArray(options) ? (options as unknown[]).flatMap(collect) : [];
    });
  };
  return collect(schedule);
}

function constOf(schedule: JsonObject): unknown {
  const properties = getOwn(schedule, 'properties');
  const type = isJsonObject(properties) ? getOwn(properties, 'type') : undefined;
  return isJsonObject(type) ? type['const'] : undefined;
}
