/** The job of a run as it was understood when the run started. What the job says today does not matter. */
import { jobOfConfig } from '../../job/effective/frozen-job.ts';
import type { Job, Task } from '../../job/schema/job.ts';
import { RUN_JOB } from './json-columns.ts';
import type { RunRow } from './run-rows.ts';

type Frozen = Pick<RunRow, 'id' | 'job' | 'config'>;

/** Throws as the parsers of json-columns.ts do, and ConfigError E_JOB_INVALID for an unusable config of an older release. */
export function jobOfRun({ id, job, config }: Frozen): Job {
  return RUN_JOB.parseOptional(job, id) ?? jobOfConfig(config);
}

/** Returns undefined if the run has no task of this name. */
export function taskOfRun(run: Frozen, name: string): Task | undefined {
  return jobOfRun(run).tasks.find((task) => task.name === name);
}
