/** `NAME.examples.json`: the examples of the job `NAME.json`. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../../errors.ts';
import { countProblems, formatProblem, isError, type Problem } from '../../../job/check/problem.ts';
import { parseWithSchema } from '../../../job/check/zod-findings.ts';
import { jobNameOf } from '../../../job/job-files.ts';
import { parseJsonText } from '../../../job/json-text.ts';
import { readJobText } from '../../../job/read-job-text.ts';

const record = z.record(z.string(), z.unknown());
const published = record.refine(
  (value) => typeof value['id'] === 'string',
  'expected a record with a text as its "id"',
);

const rejection = z.strictObject({
  code: z.string().regex(/^[EX]_[A-Z0-9_]+$/, 'expected an error code such as "E_RECORD_TYPE"'),
  id: z.string().optional(),
  /** A part of the message. */
  message: z.string().optional(),
});

const answerSchema = z
  .strictObject({
    /** The whole address that the job must request, or its path and parameters. Not compared where it is absent. */
    address: z.string().min(1).optional(),
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string().min(1), z.string()).default({}),
    /** The answer as JSON. */
    body: z.unknown().optional(),
    /** The answer as it is. */
    text: z.string().optional(),
    /** A file that holds the answer; the path is relative to the file of the examples. */
    file: z.string().min(1).optional(),
  })
  .refine((answer) => contentsOf(answer).length <= 1, {
    error: ({ input }) => `expected one of "body", "text" and "file", found ${quoted(contentsOf(input as object))}`,
  });

const exampleSchema = z
  .strictObject({
    title: z.string().min(1),
    /** Default: the first. */
    task: z.string().optional(),
    args: record.optional(),
    /** Takes the place of the source; the path is relative to the file of the examples. */
    file: z.string().min(1).optional(),
    /** The content of such a file. */
    text: z.string().optional(),
    encoding: z.enum(['utf-8', 'latin-1', 'utf-16le']).optional(),
    /** What the readers make of the source: the readers are left out. */
    records: z.array(z.unknown()).max(10_000).optional(),
    /** What the service answers to the requests of the readers, in their order. Requests for a token are not among them. */
    answers: z.array(answerSchema).max(1_000).optional(),
    expected: z.array(published).default([]),
    rejected: z.array(rejection).default([]),
    /** How many records are filtered. Not compared where it is absent. */
    filtered: z.int().min(0).optional(),
    /** The codes of all warnings. Not compared where it is absent. */
    warnings: z.array(z.string()).optional(),
    /** The code of the error that ends the reading. */
    error: z.string().optional(),
  })
  .refine((example) => inputsOf(example).length === 1, {
    error: ({ input }) =>
      `expected exactly one of "file", "text", "answers" and "records", found ${quoted(inputsOf(input as object))}`,
  })
  .refine(({ text, encoding }) => encoding === undefined || text !== undefined, {
    message: 'expected "encoding" together with "text"; a file is read unchanged',
    path: ['encoding'],
  });

const fileSchema = z.strictObject({ $schema: z.string().optional(), examples: z.array(exampleSchema).min(1) });

/** Paths of files are absolute. */
export type Example = z.infer<typeof exampleSchema>;
export type ExampleAnswer = z.infer<typeof answerSchema>;

function inputsOf(example: object): readonly string[] {
  return ['file', 'text', 'answers', 'records'].filter((key) => Object.hasOwn(example, key));
}

function contentsOf(answer: object): readonly string[] {
  return ['body', 'text', 'file'].filter((key) => Object.hasOwn(answer, key));
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' and ') || 'none';
}

export function examplesPath(jobPath: string): string {
  return join(dirname(jobPath), `${jobNameOf(jobPath)}.examples.json`);
}

export async function hasExamples(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/** Throws ConfigError E_EXAMPLE_INVALID with every problem and its place. */
export async function readExamples(path: string): Promise<readonly Example[]> {
  if (!(await hasExamples(path))) {
    const message = `Expected the examples of the job in ${path}, found no such file.`;
    throw new ConfigError('E_EXAMPLE_INVALID', message, { details: { path } });
  }
  const json = parseJsonText(await readJobText(path));
  if (!json.readable || json.problems.some(isError)) throw invalid(path, json.problems);
  const parsed = parseWithSchema(fileSchema, json.value);
  if (!parsed.ok)
    throw invalid(
      path,
      parsed.findings.map((finding) => json.locate(finding)),
    );
  const folder = dirname(path);
  const within = <T extends { readonly file?: string | undefined }>(found: T): T =>
    found.file === undefined ? found : { ...found, file: resolve(folder, found.file) };
  return parsed.value.examples.map((example) => {
    const { answers } = example;
    return within(answers === undefined ? example : { ...example, answers: answers.map(within) });
  });
}

function invalid(path: string, problems: readonly Problem[]): ConfigError {
  const errors = problems.filter(isError);
  const lines = errors.map((problem) => `\n  ${formatProblem(problem)}`).join('');
  const message = `The examples in ${path} have ${countProblems(errors)}:${lines}`;
  return new ConfigError('E_EXAMPLE_INVALID', message, { details: { problems: errors, path } });
}
