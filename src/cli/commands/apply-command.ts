/** `apply [PATH…]`: stores jobs with versions and brings their schedules in line. */
import type { Command } from 'commander';
import { applyJobs } from './apply/apply-jobs.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { userName } from './run/compose-request.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { withServers } from '../servers/open-servers.ts';
import { readJobFiles, type JobFiles } from './apply/read-job-files.ts';
import { renderApplied } from '../render/render-applied.ts';

export interface ApplyOptions extends JsonOption {
  readonly dryRun?: boolean;
}

export function addApplyCommand(program: Command, context: CommandContext): void {
  program
    .command('apply')
    .summary('store jobs with versions, and set their schedules')
    .description(
      'Stores changed job files as new versions, prints the differences, and updates the schedules in Temporal. ' +
        'Applying the same files again changes nothing. A job whose file is missing stays stored. If another person stores a ' +
        'job at the same moment, that version is kept and you get an error (exit code 1).',
    )
    .argument('[path...]', 'job files, folders or names of jobs; default: config/jobs and jobs in this directory')
    .option('--dry-run', 'say what would be done; store nothing, touch no schedule')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync apply', 'vocab-sync apply config/jobs/my-job.json --dry-run'))
    .action(async (names: readonly string[], options: ApplyOptions) => {
      const catalog = await loadCatalog(context.settings(), context.cwd);
      context.end(await storeFiles(context, await readJobFiles(context, catalog, names), options));
    });
}

/** Also what `job import` does. */
export async function storeFiles(
  context: CommandContext,
  { jobs, isFolder }: JobFiles,
  { dryRun = false, json }: ApplyOptions,
): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings(), context.cwd);
  const applied = await withServers(context, ({ pool, temporal: { client }, searchAttributes, installation }) =>
    applyJobs({ pool, client, searchAttributes, installation, catalog }, jobs, { by: userName(), dryRun }),
  );
  await (json === true
    ? writeJson(context, { dry_run: dryRun, ...applied })
    : context.terminal.write(renderApplied(applied, { dryRun, isFolder }, context.terminal.page)));
  const isWhole = applied.jobs.every(
    ({ status, schedule }) => status !== 'conflict' && schedule?.action !== 'foreign' && schedule?.action !== 'refused',
  );
  return isWhole ? EXIT.success : EXIT.failed;
}
