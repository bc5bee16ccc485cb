/** `check [FILE…]`: every problem of job files at once, with file, line and column. */
import { extname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { jobDirectories, jobNameOf, listJobs } from '../../job/job-files.ts';
import { loadJob, type LoadedJob, type LoadOptions } from '../../job/load-job.ts';
import { findMeetings, layersOf, type JobLayer } from '../../job/check/check-layers.ts';
import { parseJobText } from '../../job/parse-job.ts';
import { findNamedFiles } from './apply/read-job-files.ts';
import type { BoundWriter } from '../../job/check/check-job.ts';
import { isError, type Finding, type Problem } from '../../job/check/problem.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { countOf } from '../render/format-number.ts';
import { fitText } from '../render/page.ts';
import { printable } from '../render/printable.ts';

interface CheckedFile {
  readonly file: string;
  readonly job: string | null;
  readonly problems: readonly Problem[];
  readonly bound: readonly BoundWriter[];
}

export function addCheckCommand(program: Command, context: CommandContext): void {
  program
    .command('check')
    .summary('find every problem of a job file at once')
    .description(
      'Checks job files without starting anything. Exit code 1 when there are problems, 0 when there are warnings at most.',
    )
    .argument(
      '[file...]',
      'job files, folders of job files, or names of jobs; default: the jobs in config/jobs and those that are shipped',
    )
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync check config/jobs/my-job.json', 'vocab-sync check --json'))
    .action(async (names: readonly string[], { json }: JsonOption) => {
      const files = await checkFiles(context, names);
      const ok = !files.some(({ problems }) => problems.some(isError));
      await (json === true
        ? writeJson(context, { ok, files })
        : context.terminal.write(fitText(renderFiles(files), context.terminal.page)));
      context.end(ok ? EXIT.success : EXIT.failed);
    });
}

async function checkFiles(
  { settings, cwd }: CommandContext,
  names: readonly string[],
): Promise<readonly CheckedFile[]> {
  const catalog = await loadCatalog(settings(), cwd);
  const directories = jobDirectories(cwd);
  const wanted =
    names.length > 0 ? (await findNamedFiles(cwd, names)).files : (await listJobs(directories)).map(({ path }) => path);
  const checked: CheckedFile[] = [];
  const layers: JobLayer[] = [];
  const ids = new Map<string, string>();
  for (const name of wanted) {
    const isOne = wanted.length === 1;
    const { path, text, job, problems, bound } = await loadOrFind(name, { catalog, directories }, isOne);
    const file = shortest(path, cwd);
    const id = job?.id ?? null;
    const own = job === undefined ? [] : await layersOf(job, catalog);
    const further = [...(id === null ? [] : findingsOfId(id, path, ids.get(id))), ...findMeetings(own, layers)];
    layers.push(...own);
    const json = further.length === 0 ? undefined : await parseJobText(text, path);
    const located = json === undefined ? [] : further.map((finding) => json.locate(finding));
    checked.push({ file, job: id, problems: [...problems, ...located], bound });
    if (id !== null && !ids.has(id)) ids.set(id, file);
  }
  return checked;
}

/** Codes of a file that cannot be opened. */
const ABSENT: readonly string[] = ['E_JOB_NOT_FOUND', 'E_FILE_NOT_FOUND'];

type Loaded = Pick<LoadedJob, 'path' | 'text' | 'job' | 'problems' | 'bound'>;

/** A file that is not there or not the text of a job is a problem of that file: the others are checked too. */
async function loadOrFind(name: string, options: LoadOptions, isOne: boolean): Promise<Loaded> {
  try {
    return await loadJob(name, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (error.code !== 'E_JOB_INVALID') {
      if (isOne || !ABSENT.includes(error.code)) throw error;
      const problem: Problem = { severity: 'error', pointer: '', line: 0, column: 0, message: error.message };
      return { path: resolve(name), text: '', bound: [], problems: [problem] };
    }
    const {
      path = name,
      line = 1,
      column = 1,
      reason = error.message,
    } = error.details as Readonly<
      Partial<{
        path: string;
        line: number;
        column: number;
        reason: string;
      }>
    >;
    return { path, text: '', bound: [], problems: [{ severity: 'error', pointer: '', line, column, message: reason }] };
  }
}

function findingsOfId(id: string, path: string, other: string | undefined): Finding[] {
  const findings: Finding[] = [];
  if (other !== undefined) {
    const message = `the id "${id}" is also that of ${other}; give one of the two another id`;
    findings.push({ severity: 'error', pointer: '/id', message, expected: 'an id of its own', found: id });
  }
  const name = jobNameOf(path);
  if (name !== id) {
    const message = `the file is called "${name}" and the job "${id}", so that the job is found under the one name in files and under the other when it is stored; rename the file to "${id}${extname(path)}"`;
    findings.push({ severity: 'warning', pointer: '/id', message, expected: name, found: id, suggestion: name });
  }
  return findings;
}

function shortest(path: string, cwd: string): string {
  const from = relative(cwd, path);
  return from.startsWith('..') ? path : from;
}

function renderFiles(files: readonly CheckedFile[]): string {
  return files
    .map((file) =>
      [
        ...file.problems.map((problem) => renderProblem(file, problem)),
        ...file.bound.map(({ name, target }) => `${file.file}: ${name} is bound to ${printable(target)}\n`),
        renderEnd(file),
      ].join(''),
    )
    .join('');
}

/** `config/jobs/a.json:9:32: error: /readers/1/args/regexp: unknown key …` */
function renderProblem({ file }: CheckedFile, { severity, line, column, pointer, message }: Problem): string {
  const place = line > 0 ? `${file}:${String(line)}:${String(column)}` : file;
  return `${place}: ${severity}: ${pointer === '' ? '' : `${pointer}: `}${printable(message)}\n`;
}

function renderEnd({ file, problems }: CheckedFile): string {
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  if (problems.length === 0) return `${file}: ok\n`;
  const parts = [errors > 0 ? countOf(errors, 'problem') : '', warnings > 0 ? countOf(warnings, 'warning') : ''];
  return `${file}: ${parts.filter((part) => part !== '').join(', ')}\n`;
}
