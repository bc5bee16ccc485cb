/** `check [FILE…]`: every problem of job files at once, with file, line and column. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { jobDirectories, listJobs, loadJob } from '../../job/load-job.ts';
import { isError, type Problem } from '../../job/check/problem.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { countOf } from '../render/format-number.ts';
import { printable } from '../render/printable.ts';

interface CheckedFile {
  readonly file: string;
  readonly job: string | null;
  readonly problems: readonly Problem[];
}

export function addCheckCommand(program: Command, context: CommandContext): void {
  program
    .command('check')
    .summary('find every problem of a job file at once')
    .description(
      'Checks job files without starting anything. Exit code 1 when there are problems, 0 when there are warnings at most.',
    )
    .argument('[file...]', 'job files or names of jobs; default: the jobs in config/jobs and those that are shipped')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync check config/jobs/my-job.json', 'vocab-sync check --json'))
    .action(async (names: readonly string[], { json }: JsonOption) => {
      const files = await checkFiles(context, names);
      const ok = !files.some(({ problems }) => problems.some(isError));
      await (json === true ? writeJson(context, { ok, files }) : context.terminal.write(renderFiles(files)));
      context.end(ok ? EXIT.success : EXIT.failed);
    });
}

async function checkFiles(
  { settings, cwd }: CommandContext,
  names: readonly string[],
): Promise<readonly CheckedFile[]> {
  const catalog = await loadCatalog(settings().plugins, cwd);
  const directories = jobDirectories(cwd);
  const wanted = names.length > 0 ? names : (await listJobs(directories)).map(({ path }) => path);
  const checked: CheckedFile[] = [];
  for (const name of wanted) {
    const { path, job, problems } = await loadJob(name, { catalog, directories });
    checked.push({ file: shortest(path, cwd), job: job?.id ?? null, problems });
  }
  return checked;
}

function shortest(path: string, cwd: string): string {
  const from = relative(cwd, path);
  return from.startsWith('..') ? path : from;
}

function renderFiles(files: readonly CheckedFile[]): string {
  return files
    .map((file) => file.problems.map((problem) => renderProblem(file, problem)).join('') + renderEnd(file))
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
