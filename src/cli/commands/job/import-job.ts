/** `job import FILE|-`: one job, stored as `apply` would. */
import { text } from 'node:stream/consumers';
import { jobInvalid, parseJob } from '../../../job/load-job.ts';
import { loadCatalog } from '../../catalog.ts';
import type { CommandContext } from '../../command-context.ts';
import { storeFiles, type ApplyOptions } from '../apply-command.ts';
import type { ExitCode } from '../../exit-code.ts';
import { readJobFiles } from '../apply/read-job-files.ts';

export async function importJob(context: CommandContext, file: string, options: ApplyOptions): Promise<ExitCode> {
  const catalog = await loadCatalog(context.settings().plugins, context.cwd);
  if (file !== '-')
    return storeFiles(context, { ...(await readJobFiles(context, catalog, [file])), isFolder: false }, options);
  const { job, config, problems } = parseJob(await text(context.terminal.input), { catalog });
  if (job === undefined) throw jobInvalid(problems, 'on stdin');
  const jobs = [{ job, config: JSON.stringify(config), file: '-' }];
  return storeFiles(context, { jobs, isFolder: false }, options);
}
