/** The kinds of job that are there, each with the arguments it takes as JSON Schema: what a form is made from. */
import type { Catalog } from '../../../component/catalog.ts';
import { jobDirectories, listJobs, loadJob } from '../../../job/load-job.ts';
import { getOwn, isJsonObject, mapObject, type JsonObject } from '../../../records/json-object.ts';

export interface JobType {
  readonly type: string;
  readonly title: string;
  readonly description: string | null;
  readonly vocabulary: string | null;
  readonly file: string;
  /** JSON Schema, draft 7; values that are stored with the job are its defaults. */
  readonly arguments: JsonObject;
}

export interface ListedTypes {
  readonly types: readonly JobType[];
  /** Files that cannot be used; `check` says why. */
  readonly broken: readonly string[];
}

/** The operator's own job files and those that are shipped, by name. */
export async function listJobTypes(catalog: Catalog, cwd: string): Promise<ListedTypes> {
  const directories = jobDirectories(cwd);
  const types: JobType[] = [];
  const broken: string[] = [];
  for (const { path } of await listJobs(directories)) {
    const { job, config } = await loadJob(path, { catalog, directories });
    if (job === undefined || !isJsonObject(config)) {
      broken.push(path);
      continue;
    }
    const vocabularies = new Set(job.tasks.flatMap(({ vocabulary }) => vocabulary ?? []));
    types.push({
      type: job.id,
      title: job.title,
      description: job.description ?? null,
      vocabulary: [...vocabularies].join(', ') || null,
      file: path,
      arguments: toFormSchema(config, job.title),
    });
  }
  return { types, broken };
}

/** What a run may be given: a stored value becomes the default, and is no longer required. */
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
