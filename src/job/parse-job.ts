/** The text of a job file → the job, or every problem with its place. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Catalog } from '../component/catalog.ts';
import { ConfigError } from '../errors.ts';
import { checkJob, type CheckOptions } from './check/check-job.ts';
import type { Job } from './schema/job.ts';
import { parseJsonText } from './json-text.ts';
import { findPackageRoot } from './package-root.ts';
import { countProblems, formatProblem, isError, type Problem } from './check/problem.ts';

export interface ParseOptions {
  readonly catalog: Catalog;
  /** The path of the file: its name stands in for the id of a pasted config, and messages name it. */
  readonly file?: string;
  /** The vocabularies that have a record schema. Default: those of config/records in this package. */
  readonly vocabularies?: ReadonlySet<string>;
}

export interface ParsedJob {
  /** Absent exactly when a problem is an error. */
  readonly job?: Job;
  /** The config as JSON, wrappings of InvenioRDM removed; undefined where the text is not JSON. */
  readonly config: unknown;
  /** In order of their place. */
  readonly problems: readonly Problem[];
}

export function parseJob(text: string, options: ParseOptions): ParsedJob {
  const json = parseJsonText(text);
  if (!json.readable) return { config: undefined, problems: json.problems };
  const { job, config, findings } = checkJob(json.value, toCheckOptions(options));
  const problems = [...json.problems, ...findings.map((finding) => json.locate(finding))].toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  return job === undefined || problems.some(isError) ? { config, problems } : { job, config, problems };
}

/** The job of a text that has to be right. Throws ConfigError E_JOB_INVALID with `details.problems`. */
export function assertJob(text: string, options: ParseOptions): Job {
  const { job, problems } = parseJob(text, options);
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
    ...(file === undefined ? {} : { name: basename(file).replace(/\.json$/i, '') }),
  };
}

function shippedVocabularies(): ReadonlySet<string> {
  const files = readdirSync(join(findPackageRoot(), 'config', 'records'));
  return new Set(files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)));
}
