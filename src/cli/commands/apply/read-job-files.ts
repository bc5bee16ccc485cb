/** Reads the job files for `apply` and checks all of them before anything is stored. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Catalog } from '../../../component/catalog.ts';
import { ConfigError, messageOf } from '../../../errors.ts';
import type { Job } from '../../../job/schema/job.ts';
import { isJobFile, jobDirectories, listJobs } from '../../../job/job-files.ts';
import { jobInvalid, loadJob, type LoadedJob, type LoadOptions } from '../../../job/load-job.ts';
import { formatProblem } from '../../../job/check/problem.ts';
import type { CommandContext } from '../../command-context.ts';

export interface JobToApply {
  readonly job: Job;
  /** The JSON text of the job, without the wrapper objects of InvenioRDM. */
  readonly config: string;
  /** The origin of the job, for messages. */
  readonly file: string;
}

export interface JobFiles {
  readonly jobs: readonly JobToApply[];
  /** True if a whole folder was read: stored jobs without a file are then reported. */
  readonly isFolder: boolean;
}

/**
 * Reads the jobs at the given paths of files and folders, or by name. Without arguments, reads the folders of the
 * operator. Throws ConfigError with every problem.
 */
export async function readJobFiles(
  context: CommandContext,
  catalog: Catalog,
  names: readonly string[],
): Promise<JobFiles> {
  const { files, isFolder } = await findFiles(context.cwd, names);
  const directories = jobDirectories(context.cwd);
  const jobs: JobToApply[] = [];
  const broken: ConfigError[] = [];
  for (const name of files) {
    const loaded = await loadOrSay(name, { catalog, directories });
    if (loaded instanceof ConfigError) broken.push(loaded);
    else {
      for (const problem of loaded.problems) context.terminal.say(`warning: ${loaded.path} ${formatProblem(problem)}`);
      jobs.push({ job: loaded.job, config: JSON.stringify(loaded.config), file: loaded.path });
    }
  }
  broken.push(...twinsAmong(jobs));
  const [first, ...more] = broken;
  if (first === undefined) return { jobs, isFolder };
  if (more.length === 0 && first.code !== 'E_JOB_INVALID') throw first;
  const message = `${broken.map((error) => error.message).join('\n')}\nNothing was stored.`;
  throw new ConfigError('E_JOB_INVALID', message, {
    cause: first,
    details: more.length === 0 ? first.details : { problems: broken.map(({ details }) => details) },
  });
}

async function loadOrSay(
  name: string,
  options: LoadOptions,
): Promise<ConfigError | (LoadedJob & { readonly job: Job })> {
  try {
    const loaded = await loadJob(name, options);
    const { job } = loaded;
    return job === undefined ? jobInvalid(loaded.problems, loaded.path) : { ...loaded, job };
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

async function findFiles(cwd: string, names: readonly string[]): Promise<{ files: string[]; isFolder: boolean }> {
  if (names.length === 0) {
    const own = [join(cwd, 'config', 'jobs'), join(cwd, 'jobs')];
    const files = (await listJobs(own)).map(({ path }) => path);
    if (files.length > 0) return { files, isFolder: true };
    const message = `Expected job files in ${own.join(' or ')}, found none. Name a file, a folder or a job: vocab-sync apply ror-affiliations`;
    throw new ConfigError('E_JOB_NOT_FOUND', message, { details: { looked: own } });
  }
  return findNamedFiles(cwd, names);
}

/**
 * Returns the files for the given paths of files and folders, and names of jobs. Throws ConfigError for an empty
 * folder.
 */
export async function findNamedFiles(
  cwd: string,
  names: readonly string[],
): Promise<{ files: string[]; isFolder: boolean }> {
  const files = new Set<string>();
  let isFolder = false;
  for (const name of names) {
    const path = resolve(cwd, name);
    if (await isDirectory(path)) {
      isFolder = true;
      for (const file of await filesOf(path)) files.add(file);
    } else files.add(/[/\\]/.test(name) || isJobFile(name) ? path : name);
  }
  return { files: [...files], isFolder };
}

/** A named folder without jobs is probably the wrong one. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const options = { details: { looked: [folder] } };
  const listed = await listJobs([folder]).catch((cause: unknown) => {
    const message = `The folder ${folder} cannot be read: ${messageOf(cause)}. Check its permissions.`;
    throw new ConfigError('E_FILE_NOT_FOUND', message, { ...options, cause });
  });
  if (listed.length > 0) return listed.map(({ path }) => path);
  const message = `Expected job files (*.json, *.yaml) in ${folder}, found none. Its subfolders are not read.`;
  throw new ConfigError('E_JOB_NOT_FOUND', message, options);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function twinsAmong(jobs: readonly JobToApply[]): ConfigError[] {
  const seen = new Map<string, string>();
  return jobs.flatMap(({ job, file }) => {
    const other = seen.get(job.id);
    seen.set(job.id, file);
    if (other === undefined) return [];
    const message = `Expected every job once, found "${job.id}" in ${other} and in ${file}. Give one of them another "id".`;
    return [new ConfigError('E_JOB_INVALID', message, { details: { job: job.id, files: [other, file] } })];
  });
}
