/** Job files by name or path: in the folder of the operator first, then those shipped with this package. */
import { findJobFile, jobDirectories } from './job-files.ts';
import { parseJob, type ParsedJob, type ParseOptions } from './parse-job.ts';
import { readJobText } from './read-job-text.ts';

export { assertJob, jobInvalid, parseJob } from './parse-job.ts';

export interface LoadOptions extends Omit<ParseOptions, 'file'> {
  /** The directories in which names are looked up, in this order. Default: `jobDirectories()`. */
  readonly directories?: readonly string[];
}

export interface LoadedJob extends ParsedJob {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads and checks a job. Problems of its content are returned, not thrown. Throws ConfigError E_JOB_NOT_FOUND,
 * E_FILE_NOT_FOUND, or E_JOB_INVALID if the file cannot be decoded.
 */
export async function loadJob(nameOrPath: string, options: LoadOptions): Promise<LoadedJob> {
  const path = await findJobFile(nameOrPath, options.directories ?? jobDirectories());
  const text = await readJobText(path);
  return { path, text, ...(await parseJob(text, { ...options, file: path })) };
}
