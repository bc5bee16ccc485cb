/** Reads the history of one record from the ledger: its changes over all runs, and the rejections that name it. */
import type { Notes } from '../../records/notes.ts';
import type { RunMode } from '../../records/run.ts';
import type { ChangeOp } from '../publish/change-set.ts';
import type { Pool } from '../pool.ts';
import { CHANGE_NOTES } from './json-columns.ts';

/** What the change log holds; only a rollback removes, where it undoes an insert. */
export type LoggedOp = Exclude<ChangeOp, 'refuse' | 'same' | 'adopt' | 'overwrite' | 'keep'> | 'remove';

export interface RecordVersion {
  readonly target: string;
  readonly id: string;
  readonly op: LoggedOp;
  readonly run: string;
  readonly job: string;
  readonly task: string;
  readonly mode: RunMode;
  readonly title: string;
  /** The name of the source of the run. */
  readonly source: string | null;
  readonly at: string;
  readonly before: unknown;
  /**
   * Null for what ended the record's publication, and for an insert whose record is not replaced yet: see the target.
   */
  readonly after: unknown;
  /** What the source reported in addition to the record. Absent: nothing. */
  readonly notes?: Notes;
}

/**
 * The changes of a record in these targets, oldest first. A run that was pruned is not named any more but by its id.
 */
export async function readRecordHistory(
  pool: Pool,
  id: string,
  targets: readonly string[],
): Promise<readonly RecordVersion[]> {
  const { rows } = await pool.query<Omit<RecordVersion, 'at' | 'notes'> & { at: Date | null; notes: unknown }>(
    `SELECT c.target, c.id, c.op, c.run_id AS run, coalesce(r.job_id, '') AS job, c.task, coalesce(r.mode, 'run') AS mode,
       coalesce(r.title, '') AS title, t.source #>> '{version,name}' AS source, coalesce(t.applied_at, r.started_at) AS at,
       c.before, c.after, c.notes
     FROM vocab_sync.change c
     LEFT JOIN vocab_sync.run r ON r.id = c.run_id
     LEFT JOIN vocab_sync.task t ON t.run_id = c.run_id AND t.name = c.task
     WHERE c.target = ANY ($1) AND c.id = $2
     ORDER BY c.target, coalesce(t.applied_at, r.started_at) NULLS FIRST, c.run_id`,
    [targets, id],
  );
  const versions = rows.map(({ at, notes, ...row }) => ({
    ...{ ...row, at: (at ?? timeOfRun(row.run)).toISOString() },
    ...(notes === null ? {} : { notes: CHANGE_NOTES.parse(notes, row.run) }),
  }));
  return versions.map((version, i) => {
    const next = versions[i + 1];
    const isReplaced = version.op === 'insert' && version.after === null && next?.target === version.target;
    return isReplaced ? { ...version, after: next.before } : version;
  });
}

/** Ids of runs are of version 7: they begin with the time. */
function timeOfRun(run: string): Date {
  return new Date(Number.parseInt(run.replaceAll('-', '').slice(0, 12), 16));
}

export interface RecordRejection {
  readonly task: string;
  readonly target: string | null;
  readonly code: string;
  readonly message: string;
  readonly origin: string;
  readonly raw: string | null;
}

/** The rejections of a run with the id of the record, or at this origin. */
export async function readRecordRejections(pool: Pool, run: string, id: string): Promise<readonly RecordRejection[]> {
  const { rows } = await pool.query<RecordRejection>(
    `SELECT task, target, code, message, origin, raw FROM vocab_sync.rejection
     WHERE run_id = $1 AND (record_id = $2 OR origin = $2) ORDER BY id LIMIT 20`,
    [run, id],
  );
  return rows;
}
