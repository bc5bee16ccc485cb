/**
 * Sessions of an attempt whose partition another attempt has taken over. The server ends the session of a process that
 * died, but not of one that is frozen (a suspended machine, a stopped container) or cut off: its locks would keep the
 * next attempt waiting for as long as it sleeps.
 *
 * Every transaction of an attempt carries the name of its partition. An attempt that begins therefore knows exactly which
 * sessions are of those before it, and ends them however busy or silent they are. Sessions of other partitions of the run
 * may be of attempts that are well: they are left alone.
 */
import { hash } from 'node:crypto';
import type { PoolClient } from './pool.ts';
import type { PartitionKey } from './stage/partitions.ts';

/** PostgreSQL cuts an application name at 63 bytes: 32 hex digits tell partitions apart. */
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
