/** Lists the task queues of all jobs, for a worker that polls all of them. */
import type { Catalog } from '../../component/catalog.ts';
import type { Pool } from '../../postgres/pool.ts';
import { jobDirectories, listJobs } from '../../job/job-files.ts';
import { loadJob } from '../../job/load-job.ts';

export const DEFAULT_QUEUE = 'vocab-sync';

/** A job file that is broken names none; `check` says so. */
export async function jobQueues(catalog: Catalog, cwd: string): Promise<readonly string[]> {
  const directories = jobDirectories(cwd);
  const queues = new Set([DEFAULT_QUEUE]);
  for (const { path } of await listJobs(directories)) {
    const { job } = await loadJob(path, { catalog, directories });
    if (job !== undefined) queues.add(job.queue);
  }
  return [...queues];
}

/** Those of the stored jobs. */
export async function storedQueues(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ queue: string }>(
    'SELECT DISTINCT queue FROM vocab_sync.job WHERE deleted_at IS NULL ORDER BY queue',
  );
  return rows.map(({ queue }) => queue);
}
