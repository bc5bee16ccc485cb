/**
 * Sessions of attempts that were given up while they held locks. The server ends the session of a process that died, but
 * not of one that is frozen (a suspended machine, a stopped container) or cut off: it would keep its successor waiting
 * for as long as it sleeps.
 */
import type { PoolClient } from './pool.ts';
import { stagePattern } from './stage/stage-table.ts';

/** An attempt sends its ROLLBACK within this time after the signal to end. */
const SILENT_SECONDS = 2;

/**
 * For a step that has the stage of the run to itself: every other session that holds a lock on it belongs to an
 * abandoned attempt. Partitions are staged at the same time; superseded-sessions.ts is for them.
 */
export async function endFrozenSessions(client: PoolClient, run: string): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.usename = current_user AND a.pid <> pg_backend_pid()
       AND a.wait_event = 'ClientRead' AND a.state_change < clock_timestamp() - make_interval(secs => $2)
       AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                   WHERE l.pid = a.pid AND c.relnamespace = 'vocab_sync'::regnamespace AND c.relname LIKE $1)`,
    [stagePattern(run), SILENT_SECONDS],
  );
}
