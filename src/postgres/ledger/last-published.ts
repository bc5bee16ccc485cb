/** What a task published last: a source that is the same needs no reading, unless what it left out can be sent now. */
import type { Waiting } from '../../component/writer.ts';
import type { Document } from '../../records/document.ts';
import type { Pool, PoolClient } from '../pool.ts';
import type { TaskSource } from '../../records/source.ts';
import { TASK_SOURCE } from './json-columns.ts';

export interface PublishedSource {
  readonly identity: string | null;
  readonly digest: string | null;
  readonly source: TaskSource | null;
}

/**
 * What the task of this name of this job published last, where that was made by the same chain (`taskDigest`). A later
 * publication by another chain or of another version hides it: then the targets no longer hold it. So does one that did
 * not get through to every target. What a retry of
 * rejections published is a part of a source, and a repair publishes what was published before.
 */
export async function lastPublished(
  db: Pool | PoolClient,
  job: string,
  task: string,
  taskDigest: string,
): Promise<PublishedSource | undefined> {
  const { rows } = await db.query<PublishedSource & { run_id: string; digest_of_task: string; complete: boolean }>(
    `SELECT t.run_id, t.source_identity AS identity, t.source_digest AS digest, t.source, t.digest AS digest_of_task,
       NOT EXISTS (SELECT FROM vocab_sync.publication p
         WHERE p.run_id = t.run_id AND p.task = t.name AND p.state <> 'done') AS complete
     FROM vocab_sync.task t JOIN vocab_sync.run r ON r.id = t.run_id
     WHERE r.job_id = $1 AND t.name = $2 AND t.applied_at IS NOT NULL AND r.mode NOT IN ('retry', 'resync') ORDER BY t.applied_at DESC LIMIT 1`,
    [job, task],
  );
  const row = rows[0];
  return row?.digest_of_task === taskDigest && row.complete
    ? { ...row, source: TASK_SOURCE.parseOptional(row.source, row.run_id) }
    : undefined;
}

/** Returns the names of the targets that the task published into last. Undefined if it never published. */
export async function lastTargets(
  db: Pool | PoolClient,
  job: string,
  task: string,
): Promise<readonly string[] | undefined> {
  const { rows } = await db.query<{ names: readonly string[] }>(
    `SELECT array(SELECT json_object_keys(coalesce(t.targets::json, '{}'))) AS names ${LAST_APPLIED}`,
    [job, task],
  );
  return rows[0]?.names;
}

const LAST_APPLIED = `FROM vocab_sync.task t JOIN vocab_sync.run r ON r.id = t.run_id
  WHERE r.job_id = $1 AND t.name = $2 AND t.applied_at IS NOT NULL AND r.mode NOT IN ('retry', 'rollback', 'resync', 'adopt')
  ORDER BY t.applied_at DESC LIMIT 1`;

/** Records of the last publication that the target rejected because of what they refer to, at most `limit` of them. */
export async function listWaiting(
  db: Pool | PoolClient,
  { job, task, target }: { readonly job: string; readonly task: string; readonly target: string },
  limit: number,
): Promise<readonly Waiting[]> {
  const { rows } = await db.query<{ raw: string; message: string; unresolved: readonly string[] | null }>(
    `SELECT j.raw, j.message, j.unresolved FROM vocab_sync.rejection j
     WHERE j.run_id = (SELECT t.run_id ${LAST_APPLIED}) AND j.task = $2 AND j.target = $3
       AND j.code = 'E_TARGET_REFERENCE' AND j.raw IS NOT NULL ORDER BY j.record_id LIMIT $4`,
    [job, task, target, limit],
  );
  return rows.flatMap(({ raw, message, unresolved }) => {
    try {
      const document = JSON.parse(raw) as Document;
      return [{ document, message, ...(unresolved === null ? {} : { unresolved }) }];
    } catch {
      // It was cut: its references cannot be looked up.
      return [];
    }
  });
}
