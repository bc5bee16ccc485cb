/** What a task published last: a source that is the same needs no reading. */
import type { Pool, PoolClient } from '../pool.ts';
import type { TaskSource } from './run-rows.ts';

export interface PublishedSource {
  readonly identity: string | null;
  readonly digest: string | null;
  readonly source: TaskSource | null;
}

/**
 * What the task of this name of this job published last, where that was made by the same chain (`taskDigest`). A later
 * publication by another chain or of another version hides it: then the targets no longer hold it. So does one that did
 * not get through to every target. What a retry of
 * rejections published is a part of a source, and says nothing of the rest.
 */
export async function lastPublished(
  db: Pool | PoolClient,
  job: string,
  task: string,
  taskDigest: string,
): Promise<PublishedSource | undefined> {
  const { rows } = await db.query<PublishedSource & { digest_of_task: string; complete: boolean }>(
    `SELECT t.source_identity AS identity, t.source_digest AS digest, t.source, t.digest AS digest_of_task,
       NOT EXISTS (SELECT FROM vocab_sync.publication p
         WHERE p.run_id = t.run_id AND p.task = t.name AND p.state <> 'done') AS complete
     FROM vocab_sync.task t JOIN vocab_sync.run r ON r.id = t.run_id
     WHERE r.job_id = $1 AND t.name = $2 AND t.applied_at IS NOT NULL AND r.mode <> 'retry' ORDER BY t.applied_at DESC LIMIT 1`,
    [job, task],
  );
  const row = rows[0];
  return row?.digest_of_task === taskDigest && row.complete ? row : undefined;
}
