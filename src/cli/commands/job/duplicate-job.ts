/** `job duplicate JOB COPY` */
import { ConfigError } from '../../../errors.ts';
import { jobInvalid, parseJob } from '../../../job/load-job.ts';
import { findStoredJob } from '../../../postgres/ledger/job-rows.ts';
import { loadCatalog } from '../../catalog.ts';
import type { CommandContext } from '../../command-context.ts';
import { storeFiles, type ApplyOptions } from '../apply-command.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { requireStoredJob } from './require-stored-job.ts';

export interface DuplicateOptions extends ApplyOptions {
  readonly title?: string;
}

/** Throws ConfigError E_JOB_NOT_FOUND, E_JOB_CHANGED where the name is taken, E_JOB_INVALID. */
export async function duplicateJob(
  context: CommandContext,
  name: string,
  copy: string,
  options: DuplicateOptions,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings(), context.cwd);
  const stored = await withLedger(context, async ({ pool }) => {
    const taken = await findStoredJob(pool, copy);
    if (taken !== undefined) throw nameTaken(copy, taken.version, taken.stored_by);
    return requireStoredJob(pool, name);
  });
  const title = options.title ?? `${stored.title.slice(0, 240)} (copy)`;
  const config = JSON.stringify({ ...(JSON.parse(stored.config) as object), id: copy, title, active: false });
  const { job, problems } = await parseJob(config, { catalog });
  const unplaced = problems.map((problem) => ({ ...problem, line: 0, column: 0 }));
  if (job === undefined) throw jobInvalid(unplaced, `${name} as ${copy}`);
  const code = await storeFiles(
    context,
    { jobs: [{ job, config, file: `stored as ${copy}` }], isFolder: false },
    options,
  );
  if (code === EXIT.success) {
    context.terminal.say(
      `${copy} is not active, and writes into the targets of ${name}. Edit it: vocab-sync job export ${copy} > config/jobs/${copy}.json`,
    );
  }
  return code;
}

function nameTaken(copy: string, version: number, by: string | null): ConfigError {
  return new ConfigError(
    'E_JOB_CHANGED',
    `Expected no stored job "${copy}" yet, found version ${String(version)} of it, by ${by ?? 'unknown'}. Choose another name; nothing was stored.`,
    { details: { job: copy } },
  );
}
