/** The text of a job file → the job, or every problem with its place. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../component/catalog.ts';
import { ConfigError } from '../errors.ts';
import { checkJob, type BoundWriter, type CheckOptions } from './check/check-job.ts';
import type { Job } from './schema/job.ts';
import { jobNameOf } from './job-files.ts';
import { parseJsonText, type JsonText } from './json-text.ts';
import { findPackageRoot } from './package-root.ts';
import { countProblems, formatProblem, isError, type Problem } from './check/problem.ts';

export interface ParseOptions {
  readonly catalog: Catalog;
  /** The path of the file. Its name is the id of a pasted config without one, and messages contain it. */
  readonly file?: string;
  /** The vocabularies that have a record schema. Default: those of config/records in this package. */
  readonly vocabularies?: ReadonlySet<string>;
}

export interface ParsedJob {
  /** Absent exactly when a problem is an error. */
  readonly job?: Job;
  /** The config as JSON, without the wrapper objects of InvenioRDM; undefined if the text is not JSON. */
  readonly config: unknown;
  /** See CheckedJob. */
  readonly bound: readonly BoundWriter[];
  /** In order of their place. */
  readonly problems: readonly Problem[];
}

export async function parseJob(text: string, options: ParseOptions): Promise<ParsedJob> {
  const json = await parseJobText(text, options.file);
  if (!json.readable) return { config: undefined, bound: [], problems: json.problems };
  const { job, config, bound, findings } = await checkJob(json.value, toCheckOptions(options));
  const problems = [...json.problems, ...findings.map((finding) => json.locate(finding))].toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  return job === undefined || problems.some(isError) ? { config, bound, problems } : { job, config, bound, problems };
}

/** Parses the text of a job file with its positions: as YAML if the file name says so, otherwise as JSON. */
export async function parseJobText(text: string, file: string | undefined): Promise<JsonText> {
  if (file === undefined || !/\.ya?ml$/i.test(file)) return parseJsonText(text);
  const { parseYamlText } = await import('./yaml-text.ts');
  return parseYamlText(text);
}

/** Parses a job that must be valid. Throws ConfigError E_JOB_INVALID with `details.problems`. */
export async function assertJob(text: string, options: ParseOptions): Promise<Job> {
  const { job, problems } = await parseJob(text, options);
  if (job === undefined) throw jobInvalid(problems, options.file);
  return job;
}

export function jobInvalid(problems: readonly Problem[], file?: string): ConfigError {
  const errors = problems.filter(isError);
  const lines = errors.map((problem) => `\n  ${formatProblem(problem)}`).join('');
  const name = file === undefined ? 'The job' : `The job file ${file}`;
  return new ConfigError('E_JOB_INVALID', `${name} has ${countProblems(errors)}:${lines}`, {
    details: { problems: errors, ...(file === undefined ? {} : { file }) },
  });
}

export function toCheckOptions({ catalog, file, vocabularies }: ParseOptions): CheckOptions {
  return {
    catalog,
    vocabularies: vocabularies ?? shippedVocabularies(),
    ...(file === undefined ? {} : { name: jobNameOf(file) }),
  };
}

function shippedVocabularies(): ReadonlySet<string> {
  const files = readdirSync(join(findPackageRoot(), 'config', 'records'));
  return new Set(files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)));
}
