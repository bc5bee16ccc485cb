/** `retry-rejections RUN`: only what a run rejected, with the job as it is today. */
import type { Command } from 'commander';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeRetry, type RetryOptions } from './run/compose-retry.ts';
import { countOf } from '../render/format-number.ts';
import { openServersFor } from '../servers/require-worker.ts';
import { argumentOption } from './options/argument-option.ts';
import { startAndFollow } from '../follow/start-and-follow.ts';
import { parseText } from './options/parse-text.ts';

interface RetryCommandOptions extends RetryOptions, JsonOption {
  readonly detach?: boolean;
  readonly wait?: boolean;
}

export function addRetryRejectionsCommand(program: Command, context: CommandContext): void {
  program
    .command('retry-rejections')
    .summary('read only the rejected records of a run again')
    .description(
      `Reads the frozen source of a run again and takes only the entries that it rejected through the job as it is today. It is a run
of its own: it publishes those records, withdraws none, passes no guards and does not move the watermark; what is rejected again
stays rejected. Arguments, custom args and --input are those of the run, unless given again. Refused where a later run published.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--title <text>', 'what the run is called in lists', parseText('title'))
    .addOption(argumentOption())
    .option('--custom-args <json>', 'in place of those of the run: a JSON object laid over the job config, or @FILE')
    .option('--wait', 'while another run holds the job, wait for its end, then start; without it the run is skipped')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'another task queue than that of the job', parseText('queue'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync retry-rejections ror-affiliations@latest', 'vocab-sync retry-rejections 0199d3b2-4c1e'),
    )
    .action(async (reference: string, options: RetryCommandOptions) => {
      const catalog = await loadCatalog(context.settings().plugins);
      const composed = await composeRetry(context, catalog, reference, options);
      context.terminal.say(
        `Retrying ${countOf(composed.rejections, 'rejection')} of run ${composed.request.retries ?? ''}`,
      );
      const code = await openServersFor(context, options.detach === true, (servers) =>
        startAndFollow(context, servers, composed, options),
      );
      context.end(code);
    });
}
