/** Finds the job files. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { didYouMean, suggest } from './check/suggest.ts';
import { findPackageRoot } from './package-root.ts';

const ENDING = /\.(?:json|ya?ml)$/i;
const ENDINGS = ['.json', '.yaml', '.yml'];

/** Returns whether a name is the name of a job file. */
export function isJobFile(name: string): boolean {
  return ENDING.test(name);
}

/** The name of a job file without its folders and its ending. */
export function jobNameOf(path: string): string {
  return basename(path).replace(ENDING, '');
}

export interface ListedJob {
  readonly name: string;
  readonly path: string;
}

/** `config/jobs` and `jobs` where the command was started, then the shipped jobs. */
export function jobDirectories(cwd: string = process.cwd()): readonly string[] {
  const all = [join(cwd, 'config', 'jobs'), join(cwd, 'jobs'), shippedJobs()];
  return [...new Set(all)];
}

export function shippedJobs(): string {
  return join(findPackageRoot(), 'config', 'jobs');
}

/** The path of a job file. A name of a directory that comes first hides the same name in a later one. */
export async function findJobFile(nameOrPath: string, directories: readonly string[]): Promise<string> {
  if (looksLikePath(nameOrPath)) {
    const path = resolve(nameOrPath);
    if (await isFile(path)) return path;
    await refuseOther(path);
    throw notFound(nameOrPath, [path], await listJobs(directories));
  }
  const candidates = [
    ...directories.flatMap((folder) => ENDINGS.map((ending) => join(folder, `${nameOrPath}${ending}`))),
    resolve(nameOrPath),
  ];
  for (const path of candidates) if (await isFile(path)) return path;
  throw notFound(nameOrPath, candidates.slice(0, -1), await listJobs(directories));
}

/** Lists every job file that a name leads to. The schema of editors, `*.schema.json`, and `*.examples.json` are not jobs. */
export async function listJobs(directories: readonly string[] = jobDirectories()): Promise<readonly ListedJob[]> {
  const jobs = new Map<string, ListedJob>();
  for (const folder of directories) {
    for (const file of await filesIn(folder)) {
      const name = jobNameOf(file);
      const other = jobs.get(name);
      // Two files of one name in one folder are both listed: `check` and `apply` name them.
      if (other === undefined) jobs.set(name, { name, path: join(folder, file) });
      else if (dirname(other.path) === folder) jobs.set(file, { name, path: join(folder, file) });
    }
  }
  return [...jobs.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function looksLikePath(text: string): boolean {
  return /[/\\]/.test(text) || isJobFile(text);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A file or directory of this name exists, but it cannot be read. */
async function refuseOther(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  const what = found.isDirectory() ? 'a folder' : found.isSymbolicLink() ? 'a link that leads to no file' : 'no file';
  throw new ConfigError('E_FILE_NOT_FOUND', `Expected a job file at ${path}, found ${what}.`, { details: { path } });
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder))
      .filter((file) => isJobFile(file) && !/\.(?:schema|examples)\.json$/.test(file))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

function notFound(name: string, looked: readonly string[], jobs: readonly ListedJob[]): ConfigError {
  const names = jobs.map((job) => job.name);
  // A name is looked for as JSON and as YAML; one of them says where.
  const places = looked.length === 1 ? looked : looked.filter((path) => !/\.ya?ml$/.test(path));
  const nearest = suggest(jobNameOf(name.replace(/^.*[/\\]/, '')), names);
  const hint = nearest === undefined ? `. Jobs that are there: ${names.join(', ') || 'none'}.` : didYouMean(nearest);
  return new ConfigError('E_JOB_NOT_FOUND', `There is no job "${name}"; looked for ${places.join(', ')}${hint}`, {
    details: { name, looked, jobs: names, ...(nearest === undefined ? {} : { suggestion: nearest }) },
  });
}
