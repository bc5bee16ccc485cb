/** How a run ends in the ledger, how an ended one is opened again, and how many of a job failed in a row. */
import type { RunFailure, RunHolder } from '../../records/run.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { RUN_DECISION, RUN_ERROR, RUN_HELD_BY } from './json-columns.ts';
import { endPublications } from './publications.ts';
import { START_COLUMNS, START_PARAMETERS, startValues, type NewRun, type RunRow } from './run-rows.ts';

type Queryable = Pool | PoolClient;

export interface RunEnding {
  readonly outcome: Outcome;
  readonly error: RunFailure | undefined;
  readonly decision: { readonly by: string; readonly reason?: string } | undefined;
  readonly cancelledBy?: string | undefined;
}

/** Ends the run and lets the job go. False when it had ended before. */
export async function endRun(db: Queryable, run: string, ending: RunEnding): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE vocab_sync.run SET phase = 'done', outcome = $2, error = $3, decision = coalesce($4, decision),
       cancelled_by = $5, waiting_until = NULL, finished_at = clock_timestamp()
     WHERE id = $1 AND finished_at IS NULL`,
    [
      run,
      ending.outcome,
      ending.error === undefined ? null : RUN_ERROR.toText(ending.error),
      ending.decision === undefined ? null : RUN_DECISION.toText(ending.decision),
      ending.cancelledBy ?? null,
    ],
  );
  if (rowCount !== 1) return false;
  await endPublications(db, run);
  return true;
}

/** Writes down a start that did nothing. It never holds the job. Called again it changes nothing. */
export async function insertSkippedRun(
  db: Queryable,
  run: NewRun,
  why: { readonly holder: RunHolder } | { readonly reason: string },
): Promise<void> {
  await db.query(
    `INSERT INTO vocab_sync.run (${START_COLUMNS}, since_reason, watermark_hold, phase, outcome, finished_at, held_by, skipped_because)
     VALUES (${START_PARAMETERS}, 'the start was skipped', 'it was skipped', 'done', 'skipped', clock_timestamp(), $15, $16)
     ON CONFLICT DO NOTHING`,
    [...startValues(run), 'holder' in why ? RUN_HELD_BY.toText(why.holder) : null, 'reason' in why ? why.reason : null],
  );
}

/** Releases a run whose workflow was closed without ending it. */
export async function abandonRun(db: Queryable, run: RunRow): Promise<void> {
  await endRun(db, run.id, {
    outcome: 'cancelled',
    decision: undefined,
    error: {
      code: 'E_RUN_STATE',
      message: `The workflow ${run.workflow_id} was closed from outside (terminated, timed out or lost) in phase ${run.phase}; another run took the job over.`,
    },
  });
}

/** A workflow that was reset runs again under the id of its run: what the ledger froze is kept, the ending is not. */
export async function reopenRun(db: Queryable, run: string): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.run SET phase = 'resolve', outcome = NULL, error = NULL, decision = NULL, cancelled_by = NULL, finished_at = NULL
     WHERE id = $1`,
    [run],
  );
  // What was left of a publication was dropped when the run ended: the task is compared and published again.
  await db.query(
    `UPDATE vocab_sync.task t SET applied_at = NULL
     WHERE run_id = $1 AND EXISTS (SELECT FROM vocab_sync.publication p
       WHERE p.run_id = t.run_id AND p.task = t.name AND p.state <> 'done')`,
    [run],
  );
  await db.query(`UPDATE vocab_sync.task SET outcome = NULL WHERE run_id = $1 AND applied_at IS NULL`, [run]);
}

/**
 * How many runs of the job that its schedule started failed, up to this one, since a run of it ended well (by hand, too)
 * and since failures paused the schedule the last time: whatever was started after that was started by a resumed one.
 */
export async function countFailuresInARow(db: Queryable, run: { readonly id: string; readonly job_id: string }) {
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*) AS n FROM vocab_sync.run r
     WHERE r.job_id = $1 AND r.trigger = 'schedule' AND r.mode = 'run' AND r.outcome = 'failed'
       AND r.started_at <= (SELECT started_at FROM vocab_sync.run WHERE id = $2)
       AND r.started_at > coalesce(greatest(
         (SELECT max(started_at) FROM vocab_sync.run
          WHERE job_id = $1 AND mode = 'run' AND outcome IN ('success', 'partial', 'unchanged')),
         (SELECT max(finished_at) FROM vocab_sync.run WHERE job_id = $1 AND schedule_paused IS NOT NULL)), '-infinity')`,
    [run.job_id, run.id],
  );
  return rows[0]?.n ?? 0;
}

export async function saveSchedulePaused(db: Queryable, run: string, note: string): Promise<void> {
  await db.query('UPDATE vocab_sync.run SET schedule_paused = $2 WHERE id = $1', [run, note]);
}
