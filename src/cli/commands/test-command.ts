/** `test [JOB…]`: runs the examples of a job: input, and the records and rejections that it should give. */
import { relative } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { jobDirectories, listJobs } from '../../job/job-files.ts';
import { jobInvalid, loadJob } from '../../job/load-job.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { countOf } from '../render/format-number.ts';
import { fitText } from '../render/page.ts';
import { printable } from '../render/printable.ts';
import { findNamedFiles } from './apply/read-job-files.ts';
import type { Difference } from './test/compare-example.ts';
import { examplesPath, hasExamples, readExamples } from './test/read-examples.ts';
import { runExample } from './test/run-example.ts';

interface TestedExample {
  readonly title: string;
  readonly ok: boolean;
  readonly differences: readonly Difference[];
}

interface TestedJob {
  readonly job: string;
  /** The result of the examples. */
  readonly file: string;
  readonly examples: readonly TestedExample[];
}

export function addTestCommand(program: Command, context: CommandContext): void {
  program
    .command('test')
    .summary('run the examples of a job: no server, nothing written')
    .description(
      'Runs the job NAME.json on the input of each example in NAME.examples.json and compares the records and rejections. The exit code is 1 if an example fails.',
    )
    .argument(
      '[job...]',
      'job files, folders of job files, or names of jobs; default: the jobs in config/jobs and jobs that have examples',
    )
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync test jobs/prices.json', 'vocab-sync test --json'))
    .action(async (names: readonly string[], { json }: JsonOption) => {
      const tested = await testJobs(context, names);
      const ok = tested.every((job) => job.examples.every((example) => example.ok));
      await (json === true
        ? writeJson(context, { ok, jobs: tested })
        : context.terminal.write(fitText(tested.map(renderJob).join(''), context.terminal.page)));
      context.end(ok ? EXIT.success : EXIT.failed);
    });
}

async function testJobs(context: CommandContext, names: readonly string[]): Promise<readonly TestedJob[]> {
  const { cwd } = context;
  const catalog = await loadCatalog(context.settings(), cwd);
  const directories = jobDirectories(cwd);
  const { files, isFolder } = await findNamedFiles(cwd, names.length > 0 ? names : await ownFolders(cwd));
  const tested: TestedJob[] = [];
  for (const name of files) {
    const loaded = await loadJob(name, { catalog, directories });
    const path = examplesPath(loaded.path);
    if (isFolder && !(await hasExamples(path))) continue;
    if (loaded.job === undefined) throw jobInvalid(loaded.problems, loaded.path);
    const job = { config: JSON.stringify(loaded.config), file: loaded.path };
    const results: TestedExample[] = [];
    for (const example of await readExamples(path)) {
      const differences = await runExample(context, catalog, job, example);
      results.push({ title: example.title, ok: differences.length === 0, differences });
    }
    const from = relative(cwd, path);
    tested.push({ job: loaded.job.id, file: from.startsWith('..') ? path : from, examples: results });
  }
  if (tested.length > 0) return tested;
  throw new ConfigError(
    'E_EXAMPLE_INVALID',
    'Expected a job with examples, found none. The examples of jobs/NAME.json are in jobs/NAME.examples.json.',
  );
}

/** Those of `config/jobs` and `jobs` that are there. */
async function ownFolders(cwd: string): Promise<readonly string[]> {
  const own = jobDirectories(cwd).slice(0, -1);
  const found: string[] = [];
  for (const folder of own) if ((await listJobs([folder])).length > 0) found.push(folder);
  if (found.length > 0) return found;
  throw new ConfigError('E_JOB_NOT_FOUND', `Expected job files in ${own.join(' or ')}, found none. Name a job file.`);
}

function renderJob({ file, examples: results }: TestedJob): string {
  const failed = results.filter(({ ok }) => !ok).length;
  const end = failed === 0 ? 'ok' : `${String(failed)} failed`;
  const lines = results.map(({ title, ok, differences }) => {
    const shown = differences
      .slice(0, MOST_SHOWN)
      .map((difference) => `      ${printable(renderDifference(difference))}\n`);
    const rest = differences.length - shown.length;
    const more = rest > 0 ? `      and ${String(rest)} more\n` : '';
    return `  ${ok ? 'ok  ' : 'FAIL'}  ${printable(title)}\n${shown.join('')}${more}`;
  });
  return `${file}: ${countOf(results.length, 'example')}, ${end}\n${lines.join('')}`;
}

const MOST_SHOWN = 50;

function renderDifference(difference: Difference): string {
  switch (difference.kind) {
    case 'field':
      return `${difference.id} ${difference.pointer}: expected ${difference.expected}, found ${difference.found}`;
    case 'missing':
      return `${difference.id}: expected, but ${difference.reason}`;
    case 'unexpected':
      return `${difference.id}: not expected, found ${difference.found}`;
    case 'rejection':
      return difference.found === undefined
        ? `expected the rejection ${difference.expected}, which is not there`
        : `rejected, which was not expected: ${difference.found}`;
    case 'count':
    case 'end':
    case 'request':
      return `${difference.what}: expected ${difference.expected}, found ${difference.found}`;
  }
}
