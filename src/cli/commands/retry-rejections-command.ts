/** `retry-rejections RUN`: runs the current job on only the records that a run rejected. */
import type { Command } from 'commander';
import type { Catalog } from '../../component/catalog.ts';
import { createEffectiveJob } from '../../job/effective/effective-job.ts';
import { parseArguments } from '../../job/effective/parse-arguments.ts';
import { requireRetryable, type RetriedRun } from '../../pipeline/undo/retried-run.ts';
import { tasksOfRun } from '../../pipeline/resolve/tasks-of-run.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import type { RunRequest } from '../../records/run.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import { countOf } from '../render/format-number.ts';
import { openServersFor } from '../servers/require-worker.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { argumentOption } from './options/argument-option.ts';
import { startAndFollow } from '../follow/start-and-follow.ts';
import { parseText } from './options/parse-text.ts';
import { readCustomArgs, userName, type ComposedRequest } from './run/compose-request.ts';
import { findJob } from './run/find-job.ts';

interface RetryCommandOptions extends RetryOptions, JsonOption {
  readonly detach?: boolean;
  readonly wait?: boolean;
}

export function addRetryRejectionsCommand(program: Command, context: CommandContext): void {
  program
    .command('retry-rejections')
    .summary('read only the rejected records of a run again')
    .description(
      `Reads the frozen source of a run again and processes only its rejected entries, with the current job. This is a separate run:
it publishes those records, withdraws none, passes no guards and does not move the watermark. Entries that are rejected again stay rejected.
It uses the arguments, custom args and --input of the run, unless you set them again. It is refused if a later run has published.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--title <text>', 'the title of the run in lists', parseText('title'))
    .addOption(argumentOption())
    .option('--custom-args <json>', 'instead of those of the run: a JSON object merged into the job config, or @FILE')
    .option('--wait', 'while another run holds the job, wait for its end, then start; without it the run is skipped')
    .option('--detach', 'start the run and leave it to a worker')
    .option('--queue <name>', 'a task queue other than that of the job', parseText('queue'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync retry-rejections ror-affiliations@latest', 'vocab-sync retry-rejections 0199d3b2-4c1e'),
    )
    .action(async (reference: string, options: RetryCommandOptions) => {
      const catalog = await loadCatalog(context.settings());
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

interface RetryOptions {
  readonly title?: string;
  readonly queue?: string;
  readonly arg?: readonly string[];
  readonly customArgs?: string;
}

/**
 * Composes the request: the current job with the arguments of the run, and only the rejected records of its source.
 * Throws ConfigError for whatever can be known before anything starts; the worker looks for the source.
 */
async function composeRetry(
  context: CommandContext,
  catalog: Catalog,
  reference: string,
  options: RetryOptions,
): Promise<ComposedRequest & { readonly rejections: number }> {
  const retried = await withLedger(context, async ({ pool }) =>
    requireRetryable(pool, await findRunId(pool, reference)),
  );
  const { config, file, isStored } = await findJob(context, catalog, retried.run.job_id);
  const given = await readGiven(context, retried, config, options);
  const effective = await createEffectiveJob({ config, file, catalog, ...given });
  tasksOfRun({ catalog }, effective, retried);
  return {
    effective,
    rejections: retried.rejections,
    queue: options.queue ?? effective.job.queue,
    request: {
      job: effective.job.id,
      trigger: 'manual',
      mode: 'retry',
      retries: retried.run.id,
      ...(isStored ? {} : { config }),
      startedBy: userName(),
      ...(options.title === undefined ? {} : { title: options.title }),
      ...given,
    },
  };
}

/** The value of the original run, overridden by the new one. */
async function readGiven(
  { cwd }: CommandContext,
  { run: { request } }: RetriedRun,
  config: string,
  options: RetryOptions,
): Promise<Pick<RunRequest, 'args' | 'customArgs' | 'input'>> {
  const parsed = options.arg === undefined ? {} : parseArguments(options.arg, JSON.parse(config));
  const args = { ...request.args, ...parsed };
  const customArgs = (await readCustomArgs(options.customArgs, cwd)) ?? request.customArgs;
  return {
    ...(Object.keys(args).length === 0 ? {} : { args }),
    ...(customArgs === undefined ? {} : { customArgs }),
    ...(request.input === undefined ? {} : { input: request.input }),
  };
}
