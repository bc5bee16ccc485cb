/**
 * Ends the sessions of an attempt whose partition another attempt has taken over. PostgreSQL ends the session of a dead
 * process, but not the session of a process that is frozen (a suspended machine, a stopped container) or cut off. Its
 * locks would block the next attempt for as long as it sleeps.
 *
 * Every transaction of an attempt carries the name of its partition. A new attempt therefore knows exactly which
 * sessions belong to earlier attempts, and ends them whether they are busy or idle. Sessions of other partitions of the
 * run may belong to healthy attempts and are not ended.
 */
import { hash } from 'node:crypto';
import type { PoolClient } from './pool.ts';
import type { PartitionKey } from './stage/partitions.ts';

/** PostgreSQL cuts an application name at 63 bytes: 32 hex digits identify a partition. */
export function partitionSession({ run, task, partition }: PartitionKey): string {
  return `vocab-sync stage ${hash('sha256', JSON.stringify([run, task, partition]), 'hex').slice(0, 32)}`;
}

/** Called by an attempt before its first transaction on the partition. */
export async function endSupersededSessions(client: PoolClient, key: PartitionKey): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid() AND application_name = $1`,
    [partitionSession(key)],
  );
}
