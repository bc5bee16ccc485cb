/**
 * The job that is stored with a run. It is checked and normalised once, when the run starts: arguments are filled in,
 * targets are bound, and so are the defaults of the arguments of its components. No later step checks the operator's text
 * again, so a new release does not change a run that has started.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Catalog, ComponentSet } from '../../component/catalog.ts';
import type { Reader } from '../../component/reader.ts';
import type { Transformer } from '../../component/transformer.ts';
import type { Writer } from '../../component/writer.ts';
import { isJsonObject } from '../../records/json-object.ts';
import { readCheckedConfig } from '../check/check-job.ts';
import { jobInvalid } from '../parse-job.ts';
import { toArgsSchema, withDefaults } from '../schema/args-schema.ts';
import type { ComponentConfig, Job, Task } from '../schema/job.ts';
import { replaceReferences } from './references.ts';

/** Returns the job to be stored with a run. It was checked with this catalog. */
export function freezeJob(job: Job, catalog: Catalog): Job {
  const freeze = (
    configs: readonly ComponentConfig[],
    known: ComponentSet<Reader | Transformer | Writer>,
  ): ComponentConfig[] => configs.map((config) => fillDefaults(config, known.get(config.type)));
  const tasks = job.tasks.map((task): Task => ({
    ...task,
    readers: freeze(task.readers, catalog.readers),
    transformers: freeze(task.transformers, catalog.transformers),
    writers: freeze(task.writers, catalog.writers),
  }));
  return { ...job, tasks };
}

/** Leaves the args as they are if the defaults that their JSON Schema names would change what the component is given. */
function fillDefaults(config: ComponentConfig, component: Reader | Transformer | Writer): ComponentConfig {
  const args = withDefaults(config.args, toArgsSchema(component.args));
  const [before, after] = [config.args, args].map((value) =>
    component.args.safeParse(replaceReferences(value, '$secret', () => 'stand-in')),
  );
  const isSame = before?.success === true && after?.success === true && isDeepStrictEqual(before.data, after.data);
  return isSame && isJsonObject(args) ? { ...config, args } : config;
}

/**
 * The job of a run that a release before frozen jobs started, from the config that it stored. That release checked it, so
 * the arguments of its components are taken as they are. Throws ConfigError E_JOB_INVALID if it is no job at all.
 */
export function jobOfConfig(config: unknown): Job {
  const { job, findings } = readCheckedConfig(config);
  if (job !== undefined) return job;
  throw jobInvalid(findings.map((finding) => ({ ...finding, line: 0, column: 0 })));
}
