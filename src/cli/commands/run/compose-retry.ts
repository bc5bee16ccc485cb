/** The request of `retry-rejections RUN`: today's job with what the run was given, and nothing of its source but what it rejected. */
import type { Catalog } from '../../../component/catalog.ts';
import { createEffectiveJob } from '../../../job/effective/effective-job.ts';
import { parseArguments } from '../../../job/effective/parse-arguments.ts';
import { requireRetryable, type RetriedRun } from '../../../pipeline/undo/retried-run.ts';
import { tasksOfRun } from '../../../pipeline/resolve/tasks-of-run.ts';
import { findRunId } from '../../../postgres/ledger/history.ts';
import type { RunRequest } from '../../../records/run.ts';
import type { CommandContext } from '../../command-context.ts';
import { readCustomArgs, userName, type ComposedRequest } from './compose-request.ts';
import { findJob } from './find-job.ts';
import { withLedger } from '../../servers/open-ledger.ts';

export interface RetryOptions {
  readonly title?: string;
  readonly queue?: string;
  readonly arg?: readonly string[];
  readonly customArgs?: string;
}

/** Throws ConfigError for whatever can be known before anything starts; the source is looked for on the worker. */
export async function composeRetry(
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
  const effective = createEffectiveJob({ config, file, catalog, ...given });
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

/** As the run was given it, and what is given now over it. */
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
