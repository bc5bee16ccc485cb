/** Describes a job file for `types`. */
import type { Catalog } from '../../../component/catalog.ts';
import { parseJob } from '../../../job/parse-job.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../../records/json-object.ts';
import type { DescribedJob } from './list-job-types.ts';

/** Undefined for a job with problems. */
export async function describeJob(text: string, file: string, catalog: Catalog): Promise<DescribedJob | undefined> {
  const { job, config } = await parseJob(text, { catalog, file });
  if (job === undefined || !isJsonObject(config)) return undefined;
  const vocabularies = new Set(job.tasks.flatMap(({ vocabulary }) => vocabulary ?? []));
  return {
    type: job.id,
    title: job.title,
    description: job.description ?? null,
    vocabulary: [...vocabularies].join(', ') || null,
    arguments: toFormSchema(config, job.title),
  };
}

/** Returns the schema of the arguments of a run. A stored value becomes the default, and is no longer required. */
function toFormSchema(config: JsonObject, title: string): JsonObject {
  const declared = asObject(getOwn(config, 'arguments'));
  const stored = asObject(getOwn(config, 'args'));
  const properties = mapObject(asObject(getOwn(declared, 'properties')), (schema, name) =>
    isJsonObject(schema) && Object.hasOwn(stored, name) ? { ...schema, default: stored[name] } : schema,
  );
  const required = getOwn(declared, 'required');
  const open = (Array.isArray(required) ? (required as unknown[]) : []).filter((name) => {
    const schema = getOwn(properties, String(name));
    return !isJsonObject(schema) || !Object.hasOwn(schema, 'default');
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    additionalProperties: false,
    ...declared,
    type: 'object',
    properties,
    required: open,
  };
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
