/** Job files by name or path: in the folder of the operator first, then those shipped with this package. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { findPackageRoot } from './package-root.ts';
import { parseJob, type ParsedJob, type ParseOptions } from './parse-job.ts';
import { readJobText } from './read-job-text.ts';
import { didYouMean, suggest } from './check/suggest.ts';

export { assertJob, jobInvalid, parseJob, type ParsedJob, type ParseOptions } from './parse-job.ts';

export interface LoadOptions extends Omit<ParseOptions, 'file'> {
  /** Where names are looked up, in this order. Default: `jobDirectories()`. */
  readonly directories?: readonly string[];
}

export interface LoadedJob extends ParsedJob {
  readonly path: string;
  readonly text: string;
}

export interface ListedJob {
  readonly name: string;
  readonly path: string;
}

/** `config/jobs` and `jobs` where the command was started, then the shipped jobs. */
export function jobDirectories(cwd: string = process.cwd()): readonly string[] {
  const all = [join(cwd, 'config', 'jobs'), join(cwd, 'jobs'), join(findPackageRoot(), 'config', 'jobs')];
  return [...new Set(all)];
}

/**
 * Reads and checks a job; problems of its content are in the result, not thrown.
 * Throws ConfigError E_JOB_NOT_FOUND, E_FILE_NOT_FOUND, or E_JOB_INVALID where it is no text of ours at all.
 */
export async function loadJob(nameOrPath: string, options: LoadOptions): Promise<LoadedJob> {
  const path = await findJobFile(nameOrPath, options.directories ?? jobDirectories());
  const text = await readJobText(path);
  return { path, text, ...parseJob(text, { ...options, file: path }) };
}

/** The path of a job file. A name of a directory that comes first hides the same name in a later one. */
export async function findJobFile(nameOrPath: string, directories: readonly string[]): Promise<string> {
  if (looksLikePath(nameOrPath)) {
    const path = resolve(nameOrPath);
    if (await isFile(path)) return path;
    await refuseOther(path);
    throw notFound(nameOrPath, [path], await listJobs(directories));
  }
  const candidates = [...directories.map((folder) => join(folder, `${nameOrPath}.json`)), resolve(nameOrPath)];
  for (const path of candidates) if (await isFile(path)) return path;
  throw notFound(nameOrPath, candidates.slice(0, -1), await listJobs(directories));
}

/** Lists every job file that a name leads to. The schema that editors use, `*.schema.json`, is not a job. */
export async function listJobs(directories: readonly string[] = jobDirectories()): Promise<readonly ListedJob[]> {
  const jobs = new Map<string, ListedJob>();
  for (const folder of directories) {
    for (const file of await filesIn(folder)) {
      const name = file.slice(0, -'.json'.length);
      if (!jobs.has(name)) jobs.set(name, { name, path: join(folder, file) });
    }
  }
  return [...jobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function looksLikePath(text: string): boolean {
  return /[/\\]/.test(text) || text.endsWith('.json');
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Something of this name is there, but nothing to read. */
async function refuseOther(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const what = found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link that leads to no file' : 'no file';
  throw new ConfigError('E_FILE_NOT_FOUND', `Expected a job file at ${path}, found ${what}.`, { details: { path } });
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith('.json') && !file.endsWith('.schema.json')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

function notFound(name: string, looked: readonly string[], jobs: readonly ListedJob[]): ConfigError {
  const names = jobs.map((job) => job.name);
  const nearest = suggest(name.replace(/^.*[/\\]/, '').replace(/\.json$/, ''), names);
  const hint = nearest === undefined ? `. Jobs that are there: ${names.join(', ') || 'none'}.` : didYouMean(nearest);
  return new ConfigError('E_JOB_NOT_FOUND', `There is no job "${name}"; looked for ${looked.join(', ')}${hint}`, {
    details: { name, looked, jobs: names, ...(nearest === undefined ? {} : { suggestion: nearest }) },
  });
}
