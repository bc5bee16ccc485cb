/** What `run` and `plan` do: compose the request, find a worker, start, follow, report. */
import type { Command } from 'commander';
import { explainConfig } from '../../../job/effective/explain-config.ts';
import type { RunMode } from '../../../records/run.ts';
import { argumentOption } from '../options/argument-option.ts';
import { loadCatalog } from '../../catalog.ts';
import { JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../../command-context.ts';
import { composeRequest, type RequestOptions } from './compose-request.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { openServersFor } from '../../servers/require-worker.ts';
import { renderExplained } from '../../render/render-explained.ts';
import { startAndFollow } from '../../follow/start-and-follow.ts';
import { parseText } from '../options/parse-text.ts';

export interface RunOptions extends RequestOptions, JsonOption {
  readonly explain?: boolean;
  readonly detach?: boolean;
  readonly wait?: boolean;
}

export function addRunOptions(command: Command): Command {
  return command
    .argument(
      '<job>',
      'the path of a job file, or a name: a file of your config/jobs or jobs, else a stored job, else a shipped one',
    )
    .option('--input <path>', 'a file that stands in for the source of the job; - reads stdin')
    .option('--since <time>', 'what to read from: YYYY-MM-DD HH:mm, ISO 8601, a date, "2 days", or none')
    .option('--title <text>', 'what the run is called in lists', parseText('title'))
    .addOption(argumentOption())
    .option('--custom-args <json>', 'a JSON object laid over the job config, or @FILE')
    .option('--force', 'read even a source that is known to be unchanged')
    .option('--explain', 'print the effective config and where each value comes from; start nothing')
    .option('--wait', 'while another run holds the job, wait for its end, then start; without it the run is skipped')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'another task queue than that of the job', parseText('queue'))
    .option(...JSON_OPTION);
}

export async function runJobCommand(
  context: CommandContext,
  job: string,
  mode: RunMode,
  options: RunOptions,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings().plugins);
  const composed = await composeRequest(context, catalog, job, mode, options);
  if (options.explain === true) {
    const since = options.since === undefined ? {} : { since: options.since };
    const values = explainConfig({ effective: composed.effective, catalog, ...since });
    await (options.json === true
      ? writeJson(context, { values })
      : context.terminal.write(renderExplained(values, context.terminal.page)));
    return EXIT.success;
  }
  return openServersFor(context, options.detach === true, (servers) =>
    startAndFollow(context, servers, composed, options),
  );
}
