/** Lists the types of jobs, each with its arguments as JSON Schema, from which a form can be made. */
import { createHash } from 'node:crypto';
import { jobDirectories, listJobs } from '../../../job/job-files.ts';
import { readJobText } from '../../../job/read-job-text.ts';
import type { JsonObject } from '../../../records/json-object.ts';

export interface DescribedJob {
  readonly type: string;
  readonly title: string;
  readonly description: string | null;
  readonly vocabulary: string | null;
  /** JSON Schema, draft 7; values that are stored with the job are its defaults. */
  readonly arguments: JsonObject;
}

export interface JobType extends DescribedJob {
  readonly file: string;
}

export interface ListedTypes {
  readonly types: readonly JobType[];
  /** Files that cannot be used; `check` says why. */
  readonly broken: readonly string[];
}

export interface ListOptions {
  readonly cwd: string;
  /** Types by the digest of their files, which need not be read again. */
  readonly known: Readonly<Record<string, DescribedJob>>;
  /** Describes the job in a file. Returns undefined for a job with problems. */
  describe(text: string, path: string): Promise<DescribedJob | undefined>;
}

/** The operator's own job files and those that are shipped, by name. */
export async function listJobTypes({ cwd, known, describe }: ListOptions): Promise<ListedTypes> {
  const types: JobType[] = [];
  const broken: string[] = [];
  for (const { path } of await listJobs(jobDirectories(cwd))) {
    const text = await readJobText(path);
    const type = known[digestOf(text)] ?? (await describe(text, path));
    if (type === undefined) broken.push(path);
    else types.push({ ...type, file: path });
  }
  return { types, broken };
}

/** The key of a job's file in the index. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
