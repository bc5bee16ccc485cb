/**
 * The job that `run` and `plan` name: a path, a file of that name in the operator's own folders, a stored job, a shipped
 * one, in this order. So a stored job is never hidden by the file of the same name that comes with this package.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../../component/catalog.ts';
import { isJobFile, jobDirectories } from '../../../job/job-files.ts';
import { jobInvalid, loadJob } from '../../../job/load-job.ts';
import { parseJob } from '../../../job/parse-job.ts';
import { isWithin } from '../../../job/pointer.ts';
import { formatProblem, type Problem } from '../../../job/check/problem.ts';
import { ConfigError } from '../../../errors.ts';
import type { StoredJob } from '../../../postgres/ledger/job-rows.ts';
import { isDevHome } from '../../../settings/env-files.ts';
import type { CommandContext } from '../../command-context.ts';

export interface FoundJob {
  /** JSON text. */
  readonly config: string;
  /** For messages. */
  readonly file: string;
  /** The run takes what is newest when it starts, instead of carrying the config. */
  readonly isStored: boolean;
}

/** Throws ConfigError E_JOB_NOT_FOUND, E_FILE_NOT_FOUND or E_JOB_INVALID. Says which job it is where that is a stored one. */
export async function findJob(context: CommandContext, catalog: Catalog, name: string): Promise<FoundJob> {
  const { cwd, terminal } = context;
  if (!isOwnFile(name, cwd)) {
    const stored = await findStored(context, name);
    if (stored !== undefined) {
      terminal.say(`Job ${stored.id}: stored version ${String(stored.version)}, by ${stored.stored_by ?? 'unknown'}`);
      const { job, problems } = await parseJob(stored.config, { catalog });
      const file = `stored as ${stored.id}`;
      if (job === undefined) throw jobInvalid(problems, file);
      return { config: stored.config, file, isStored: true };
    }
  }
  const { databaseUrl, home } = context.settings();
  const hasDatabase = databaseUrl !== undefined || isDevHome(home);
  const hint = hasDatabase
    ? 'There is no stored job of this name either.'
    : 'Stored jobs were not looked at: DATABASE_URL is not set and no `vocab-sync dev` has run here.';
  const loaded = await load(name, catalog, cwd, hint);
  if (loaded.job === undefined) throw jobInvalid(loaded.problems, loaded.path);
  warn(context, loaded.path, loaded.problems);
  return { config: JSON.stringify(loaded.config), file: loaded.path, isStored: false };
}

function isOwnFile(name: string, cwd: string): boolean {
  if (/[/\\]/.test(name) || isJobFile(name)) return true;
  return ['config/jobs', 'jobs'].some((folder) =>
    ['.json', '.yaml', '.yml'].some((ending) => existsSync(join(cwd, folder, `${name}${ending}`))),
  );
}

/**
 * An embedded database that was never started holds no job: it is not started for this, and what starts servers is not
 * even loaded (0.3 s of the 0.4 s that a command takes to begin).
 */
async function findStored(context: CommandContext, name: string): Promise<StoredJob | undefined> {
  const { databaseUrl, home } = context.settings();
  if (databaseUrl === undefined && !existsSync(join(home, 'postgres'))) return undefined;
  const { withLedger } = await import('../../servers/open-ledger.ts');
  const { findStoredJob } = await import('../../../postgres/ledger/job-rows.ts');
  return withLedger(context, ({ pool }) => findStoredJob(pool, name));
}

async function load(name: string, catalog: Catalog, cwd: string, storedHint: string) {
  try {
    return await loadJob(name, { catalog, directories: jobDirectories(cwd) });
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== 'E_JOB_NOT_FOUND' || isOwnFile(name, cwd)) throw error;
    throw new ConfigError('E_JOB_NOT_FOUND', `${error.message} ${storedHint}`, {
      cause: error,
      details: error.details,
    });
  }
}

function warn({ terminal }: CommandContext, file: string, problems: readonly Problem[]): void {
  // An argument without a value may be given with the run; where it is not, the run is refused.
  const telling = problems.filter(({ pointer }) => !isWithin(pointer, '/args'));
  for (const problem of telling) terminal.say(`warning: ${file} ${formatProblem(problem)}`);
}
