/** Finds a job by its name: stored, or from its file. */
import type { Catalog } from '../../../component/catalog.ts';
import { jobDirectories } from '../../../job/job-files.ts';
import { assertJob, jobInvalid, loadJob } from '../../../job/load-job.ts';
import type { Job } from '../../../job/schema/job.ts';
import { findStoredJob } from '../../../postgres/ledger/job-rows.ts';
import type { Pool } from '../../../postgres/pool.ts';
import type { CommandContext } from '../../command-context.ts';

/** Returns the stored job, because its schedule runs that one, or the job from its file if it was never stored. */
export async function findKnownJob(
  { cwd }: Pick<CommandContext, 'cwd'>,
  pool: Pool,
  catalog: Catalog,
  name: string,
): Promise<Job> {
  const stored = await findStoredJob(pool, name);
  if (stored !== undefined) return assertJob(stored.config, { catalog });
  const { job, problems, path } = await loadJob(name, { catalog, directories: jobDirectories(cwd) });
  if (job === undefined) throw jobInvalid(problems, path);
  const known = await findStoredJob(pool, job.id);
  return known === undefined ? job : assertJob(known.config, { catalog });
}
