/** `job export JOB`: the text of a job file, on stdout. */
import { listVersions } from '../../../postgres/ledger/job-versions.ts';
import type { CommandContext } from '../../command-context.ts';
import { EXIT, type ExitCode } from '../../exit-code.ts';
import { withLedger } from '../../servers/open-ledger.ts';
import { requireStoredJob } from './require-stored-job.ts';
import { requireVersion } from './show-versions.ts';

export interface ExportOptions {
  readonly jobVersion?: number;
}

export async function exportJob(
  context: CommandContext,
  name: string,
  { jobVersion }: ExportOptions,
): Promise<ExitCode> {
  const config = await withLedger(context, async ({ pool }) => {
    // Versions outlive the job, so an older one of a deleted job can still be had.
    if (jobVersion === undefined) return (await requireStoredJob(pool, name)).config;
    return requireVersion(name, await listVersions(pool, name), jobVersion).config;
  });
  await context.terminal.write(`${JSON.stringify(JSON.parse(config), null, 2)}\n`);
  return EXIT.success;
}
