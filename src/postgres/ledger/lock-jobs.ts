import type { PoolClient } from '../pool.ts';

/**
 * Held to the end of the transaction: storing, switching and deleting one job never overlap. Always taken in the same
 * order, so that two who apply the same jobs wait for one another instead of both.
 */
export async function lockJobs(client: PoolClient, jobs: readonly string[]): Promise<void> {
  await client.query(
    'SELECT pg_advisory_xact_lock(hashtextextended(id, 1)) FROM json_array_elements_text($1::json) AS job (id)',
    [JSON.stringify(jobs.toSorted())],
  );
}
