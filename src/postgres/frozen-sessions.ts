/**
 * Sessions of attempts that were given up while they held locks. The server ends the session of a process that died, but
 * not of one that is frozen (a suspended machine, a stopped container) or cut off: it would keep its successor waiting
 * for as long as it sleeps.
 */
import type { PoolClient } from './pool.ts';
import { stagePattern } from './stage/stage-table.ts';

/** A worker that lives sends its next statement at once; a successor comes only after a missed heartbeat. */
const SILENT_SECONDS = 2;

/**
 * `between` ends those that are silent between two statements of a transaction, for a step that others may work beside;
 * `any` also those silent in the middle of a COPY, for a step that has the stage for itself.
 */
export async function endFrozenSessions(client: PoolClient, run: string, which: 'between' | 'any'): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.usename = current_user AND a.pid <> pg_backend_pid()
       AND a.wait_event = 'ClientRead' AND a.state_change < clock_timestamp() - make_interval(secs => $2)
       AND ($3 OR a.state LIKE 'idle in transaction%')
       AND EXISTS (SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                   WHERE l.pid = a.pid AND c.relnamespace = 'vocab_sync'::regnamespace AND c.relname LIKE $1)`,
    [stagePattern(run), SILENT_SECONDS, which === 'any'],
  );
}
