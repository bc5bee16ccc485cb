/** The job files that `apply` is pointed at, all of them checked before anything is stored. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Catalog } from '../component/catalog.ts';
import { ConfigError } from '../errors.ts';
import type { Job } from '../job/job.ts';
import { jobDirectories, jobInvalid, listJobs, loadJob } from '../job/load-job.ts';
import { formatProblem } from '../job/problem.ts';
import type { CommandContext } from './command-context.ts';

export interface JobToApply {
  readonly job: Job;
  /** JSON text without the wrappings of InvenioRDM. */
  readonly config: string;
  /** Where it came from, for messages. */
  readonly file: string;
}

export interface JobFiles {
  readonly jobs: readonly JobToApply[];
  /** A whole folder was meant: jobs that are only stored are worth a word. */
  readonly isFolder: boolean;
}

/** Paths of files and folders, and names of jobs; none = the folders of the operator. Throws ConfigError with every problem. */
export async function readJobFiles(
  context: CommandContext,
  catalog: Catalog,
  names: readonly string[],
): Promise<JobFiles> {
  const { files, isFolder } = await findFiles(context.cwd, names);
  const directories = jobDirectories(context.cwd);
  const jobs: JobToApply[] = [];
  const broken: string[] = [];
  for (const name of files) {
    const loaded = await loadJob(name, { catalog, directories });
    if (loaded.job === undefined) broken.push(jobInvalid(loaded.problems, loaded.path).message);
    else {
      for (const problem of loaded.problems) context.terminal.say(`warning: ${loaded.path} ${formatProblem(problem)}`);
      jobs.push({ job: loaded.job, config: JSON.stringify(loaded.config), file: loaded.path });
    }
  }
  if (broken.length > 0) throw new ConfigError('E_JOB_INVALID', `${broken.join('\n')}\nNothing was stored.`);
  refuseTwins(jobs);
  return { jobs, isFolder };
}

async function findFiles(cwd: string, names: readonly string[]): Promise<{ files: string[]; isFolder: boolean }> {
  if (names.length === 0) {
    const own = [join(cwd, 'config', 'jobs'), join(cwd, 'jobs')];
    const files = (await listJobs(own)).map(({ path }) => path);
    if (files.length > 0) return { files, isFolder: true };
    const message = `Expected job files in ${own.join(' or ')}, found none. Name a file, a folder or a job: vocab-sync apply ror-affiliations`;
    throw new ConfigError('E_JOB_NOT_FOUND', message, { details: { looked: own } });
  }
  const files = new Set<string>();
  let isFolder = false;
  for (const name of names) {
    const path = resolve(cwd, name);
    if (await isDirectory(path)) {
      isFolder = true;
      for (const job of await listJobs([path])) files.add(job.path);
    } else files.add(/[/\\]|\.json$/.test(name) ? path : name);
  }
  return { files: [...files], isFolder };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function refuseTwins(jobs: readonly JobToApply[]): void {
  const seen = new Map<string, string>();
  for (const { job, file } of jobs) {
    const other = seen.get(job.id);
    if (other !== undefined) {
      throw new ConfigError(
        'E_JOB_INVALID',
        `Expected every job once, found "${job.id}" in ${other} and in ${file}. Give one of them another "id". Nothing was stored.`,
        { details: { job: job.id, files: [other, file] } },
      );
    }
    seen.set(job.id, file);
  }
}
