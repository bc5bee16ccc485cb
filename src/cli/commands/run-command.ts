/**
 * `run JOB`: one run, followed to its end. `plan JOB`: a run that stops before it publishes and shows what would change.
 */
import type { Command } from 'commander';
import { explainConfig, toDottedPath, type ExplainedValue } from '../../job/effective/explain-config.ts';
import type { RunMode } from '../../records/run.ts';
import { argumentOption } from './options/argument-option.ts';
import { composeRequest, type RequestOptions } from './run/compose-request.ts';
import { parseText } from './options/parse-text.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { loadCatalog } from '../catalog.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { openServersFor } from '../servers/require-worker.ts';
import { startAndFollow } from '../follow/start-and-follow.ts';
import { PLAIN, type Page } from '../render/page.ts';
import { renderTable } from '../render/render-table.ts';

export function addRunCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('run')
    .summary('run a job: fetch, compare, guard, publish')
    .description('Runs a job and follows it. It uses the configured servers, or those of the `dev` in this directory.');
  addRunOptions(command)
    .addHelpText(
      'after',
      examples(
        'vocab-sync run ror-affiliations',
        'vocab-sync run ror-affiliations --input v2.9-2026-06-23-ror-data.zip',
        'vocab-sync run my-awards --arg programme=HE --arg year=2026',
        `vocab-sync run ror-affiliations --custom-args '{"guards": {"max_shrink_percent": 10}}'`,
      ),
    )
    .action(async (job: string, options: RunOptions) => {
      context.end(await runJobCommand(context, job, 'run', options));
    });
}

export function addPlanCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('plan')
    .summary('show what a run would change, and wait for approval')
    .description(
      'Runs a job up to the point of publishing, shows what would change field by field, and leaves it waiting (exit code 4).',
    );
  addRunOptions(command)
    .addHelpText(
      'after',
      examples('vocab-sync plan ror-affiliations --input new-dump.zip', 'vocab-sync approve ror-affiliations@latest'),
    )
    .action(async (job: string, options: RunOptions) => {
      context.end(await runJobCommand(context, job, 'plan', options));
    });
}

interface RunOptions extends RequestOptions, JsonOption {
  readonly explain?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
}

function addRunOptions(command: Command): Command {
  return command
    .argument(
      '<job>',
      'the path of a job file, or a name: a file of your config/jobs or jobs, else a stored job, else a shipped one',
    )
    .option('--input <path>', 'a file to read instead of the source of the job; - reads stdin')
    .option('--since <time>', 'what to read from: YYYY-MM-DD HH:mm, ISO 8601, a date, "2 days", or none')
    .option('--title <text>', 'the title of the run in lists', parseText('title'))
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object merged into the job config, or @FILE')
    .option('--force', 'read even a source that is known to be unchanged')
    .option('--explain', 'print the effective config and where each value comes from; start nothing')
    .option('--wait', 'while another run holds the job, wait for its end, then start; without it the run is skipped')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'a task queue other than that of the job', parseText('queue'))
    .option(...JSON_OPTION);
}

/** Composes the request, finds a worker, starts the run, follows it and reports. */
async function runJobCommand(
  context: CommandContext,
  job: string,
  mode: RunMode,
  options: RunOptions,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings());
  const composed = await composeRequest(context, catalog, job, mode, options);
  if (options.explain === true) {
    const since = options.since === undefined ? {} : { since: options.since };
    const values = explainConfig({ effective: composed.effective, catalog, ...since });
    await (options.json === true
      ? writeJson(context, { values })
      : context.terminal.write(renderExplained(values, context.terminal.page)));
    return EXIT.success;
  }
  for (const { name, target } of composed.effective.bound) context.terminal.say(`Target ${name}: ${target}`);
  return openServersFor(context, options.detach === true, (servers) =>
    startAndFollow(context, servers, composed, options),
  );
}

/** The effective config of a run, value by value, for `run --explain`. */
function renderExplained(values: readonly ExplainedValue[], page: Page = PLAIN): string {
  return renderTable(
    [
      { title: 'value of', wraps: true },
      { title: 'is', most: 80, wraps: true },
      { title: 'from', wraps: true },
    ],
    values.map(({ pointer, value, origin, argument }) => [
      toDottedPath(pointer),
      JSON.stringify(value),
      argument === undefined ? origin : `${origin}, argument ${argument}`,
    ]),
    '',
    page,
  );
}
