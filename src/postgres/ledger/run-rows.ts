/** The rows of runs and tasks: written by the steps, read by them again after a crash. */
import type { GuardTrip, RunFailure, RunHolder, RunMode, RunRequest, RunTrigger } from '../../records/run.ts';
import type { Outcome, Phase } from '../../records/outcome.ts';
import type { StageCounts, TargetCounts, WarningCount } from '../../records/counts.ts';
import { ConfigError, StateError } from '../../errors.ts';
import type { TaskSource } from '../../records/source.ts';
import type { Pool, PoolClient } from '../pool.ts';
import * as columns from './json-columns.ts';

export interface RunRow {
  readonly id: string;
  readonly job_id: string;
  readonly job_version: number | null;
  readonly workflow_id: string;
  readonly trigger: RunTrigger;
  readonly mode: RunMode;
  readonly title: string;
  readonly started_by: string | null;
  readonly since: Date | null;
  readonly since_origin: 'manual' | 'watermark' | null;
  readonly since_reason: string;
  /** Why it leaves the watermark alone even when it succeeds. */
  readonly watermark_hold: string | null;
  readonly request: RunRequest;
  /** The effective config, frozen, without secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly config_digest: string;
  /** As it is stored; see job-of-run.ts. Null for a run of a release before. */
  readonly job: unknown;
  readonly has_input: boolean;
  readonly forced: boolean;
  readonly phase: Phase;
  readonly outcome: Outcome | null;
  readonly waiting_until: Date | null;
  readonly decision: { readonly by: string; readonly reason?: string } | null;
  readonly error: RunFailure | null;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  /** For a rollback: the run that it undid. */
  readonly rolls_back: string | null;
  /** The rollback that undid it, unless that rollback was undone. */
  readonly rolled_back_by: string | null;
  /** The note with which its end paused the schedule of its job. */
  readonly schedule_paused: string | null;
  /** For a skipped start: the run that held the job. */
  readonly held_by: RunHolder | null;
  /** For a start that was skipped for another reason than an active run. */
  readonly skipped_because: string | null;
  readonly cancelled_by: string | null;
}

export interface TaskRow {
  readonly run_id: string;
  readonly name: string;
  readonly ordinal: number;
  readonly chain: string;
  /** The types of the readers, in order. Null for a run from before they were kept. */
  readonly readers: readonly string[] | null;
  readonly digest: string;
  readonly source: TaskSource | null;
  readonly source_digest: string | null;
  readonly outcome: Outcome | null;
  readonly counts: StageCounts | null;
  /** Of the reader while it found and fetched the source, and of the targets before it was read. */
  readonly fetch_warnings: Readonly<Record<string, WarningCount>> | null;
  /** All warnings, those of the fetch too. Null before the plan. */
  readonly warnings: Readonly<Record<string, WarningCount>> | null;
  readonly targets: Readonly<Record<string, TargetCounts>> | null;
  readonly trips: readonly GuardTrip[] | null;
  readonly plan_digest: string | null;
  readonly applied_at: Date | null;
}

type Queryable = Pool | PoolClient;

/** Whether another run than `run` was started by this workflow id. */
export async function isWorkflowKnown(pool: Pool, workflowId: string, run: string): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT FROM vocab_sync.run WHERE workflow_id = $1 AND id <> $2 LIMIT 1', [
    workflowId,
    run,
  ]);
  return rowCount === 1;
}

export async function findRun(db: Queryable, id: string, lock = false): Promise<RunRow | undefined> {
  const { rows } = await db.query<RunRow>(`SELECT * FROM vocab_sync.run WHERE id = $1${lock ? ' FOR UPDATE' : ''}`, [
    id,
  ]);
  return rows.map(toRunRow)[0];
}

/** The values of JSON columns come from the driver unchecked. */
function toRunRow(row: RunRow): RunRow {
  return {
    ...row,
    request: columns.RUN_REQUEST.parse(row.request, row.id),
    config: columns.RUN_CONFIG.parse(row.config, row.id),
    error: columns.RUN_ERROR.parseOptional(row.error, row.id),
    decision: columns.RUN_DECISION.parseOptional(row.decision, row.id),
    held_by: columns.RUN_HELD_BY.parseOptional(row.held_by, row.id),
  };
}

/** Returns an active run. Throws if it has ended, so that a late attempt writes nothing. */
export async function requireOpenRun(db: Queryable, id: string, lock = false): Promise<RunRow> {
  const run = await findRun(db, id, lock);
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger.`);
  if (run.finished_at !== null) {
    throw new StateError('E_RUN_STATE', `Run ${id} ended as ${run.outcome ?? 'unknown'}; nothing more is done for it.`);
  }
  return run;
}

export async function findHolder(db: Queryable, job: string): Promise<RunRow | undefined> {
  const { rows } = await db.query<RunRow>('SELECT * FROM vocab_sync.run WHERE job_id = $1 AND finished_at IS NULL', [
    job,
  ]);
  return rows.map(toRunRow)[0];
}

export interface NewRun {
  readonly id: string;
  readonly jobId: string;
  readonly jobVersion: number | undefined;
  readonly workflowId: string;
  readonly request: RunRequest;
  readonly title: string;
  readonly since: Date | undefined;
  readonly sinceOrigin: 'manual' | 'watermark' | undefined;
  readonly sinceReason: string;
  readonly watermarkHold: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly configDigest: string;
  /** As JSON text of the column. */
  readonly job: string;
  /** For a rollback: the run to undo. */
  readonly rollsBack?: string;
}

/** The columns that a run and a skipped start share, and their values as $1 to $14. */
export const START_COLUMNS =
  'id, job_id, job_version, workflow_id, trigger, mode, title, started_by, request, config, config_digest, has_input, forced, job';
export const START_PARAMETERS = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14';

export function startValues(run: NewRun): readonly unknown[] {
  return [
    run.id,
    run.jobId,
    run.jobVersion ?? null,
    run.workflowId,
    run.request.trigger,
    run.request.mode ?? 'run',
    run.title,
    run.request.startedBy ?? null,
    columns.RUN_REQUEST.toText(run.request),
    columns.RUN_CONFIG.toText(run.config),
    run.configDigest,
    run.request.input !== undefined,
    run.request.force ?? false,
    run.job,
  ];
}

/** Acquires the job. Returns false when another run holds it. */
export async function insertRun(db: Queryable, run: NewRun): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO vocab_sync.run (${START_COLUMNS}, since, since_origin, since_reason, watermark_hold, rolls_back, phase)
     VALUES (${START_PARAMETERS}, $15, $16, $17, $18, $19, 'resolve')
     ON CONFLICT (job_id) WHERE finished_at IS NULL DO NOTHING`,
    [
      ...startValues(run),
      run.since ?? null,
      run.sinceOrigin ?? null,
      run.sinceReason,
      run.watermarkHold ?? null,
      run.rollsBack ?? null,
    ],
  );
  return rowCount === 1;
}

export interface NewTask {
  readonly name: string;
  readonly chain: string;
  readonly readers: readonly string[];
  readonly digest: string;
}

export async function insertTasks(db: Queryable, run: string, tasks: readonly NewTask[]): Promise<void> {
  for (const [ordinal, task] of tasks.entries()) {
    await db.query(
      `INSERT INTO vocab_sync.task (run_id, name, ordinal, chain, digest, readers) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING`,
      [run, task.name, ordinal, task.chain, task.digest, columns.TASK_READERS.toText(task.readers)],
    );
  }
}

export async function setPhase(db: Queryable, run: string, phase: Phase): Promise<void> {
  await db.query('UPDATE vocab_sync.run SET phase = $2 WHERE id = $1 AND finished_at IS NULL', [run, phase]);
}

export async function listTasks(db: Queryable, run: string): Promise<readonly TaskRow[]> {
  const { rows } = await db.query<TaskRow>('SELECT * FROM vocab_sync.task WHERE run_id = $1 ORDER BY ordinal', [run]);
  return rows.map(toTaskRow);
}

export async function requireTask(db: Queryable, run: string, name: string, lock = false): Promise<TaskRow> {
  const { rows } = await db.query<TaskRow>(
    `SELECT * FROM vocab_sync.task WHERE run_id = $1 AND name = $2${lock ? ' FOR UPDATE' : ''}`,
    [run, name],
  );
  const row = rows[0];
  if (row === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${run} has no task ${name} in the ledger.`);
  return toTaskRow(row);
}

function toTaskRow(row: TaskRow): TaskRow {
  return {
    ...row,
    readers: columns.TASK_READERS.parseOptional(row.readers, row.run_id),
    source: columns.TASK_SOURCE.parseOptional(row.source, row.run_id),
    counts: columns.TASK_COUNTS.parseOptional(row.counts, row.run_id),
    fetch_warnings: columns.TASK_FETCH_WARNINGS.parseOptional(row.fetch_warnings, row.run_id),
    warnings: columns.TASK_WARNINGS.parseOptional(row.warnings, row.run_id),
    targets: columns.TASK_TARGETS.parseOptional(row.targets, row.run_id),
    trips: columns.TASK_TRIPS.parseOptional(row.trips, row.run_id),
  };
}

/** A late attempt writes nothing into the task of a run that ended. */
const RUN_IS_OPEN = 'EXISTS (SELECT 1 FROM vocab_sync.run r WHERE r.id = $1 AND r.finished_at IS NULL)';

export async function saveSource(db: Queryable, task: TaskRow, source: TaskSource, digest?: string): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task SET source = $3, source_identity = $4, source_digest = coalesce($5, source_digest)
     WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`,
    [task.run_id, task.name, columns.TASK_SOURCE.toText(source), source.version.identity ?? null, digest ?? null],
  );
}

export async function saveTaskOutcome(db: Queryable, run: string, name: string, outcome: Outcome): Promise<void> {
  await db.query(`UPDATE vocab_sync.task SET outcome = $3 WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`, [
    run,
    name,
    outcome,
  ]);
}

/** Adds to the warnings of the fetch, and replaces those of the same codes. */
export async function saveFetchWarnings(
  db: Queryable,
  task: TaskRow,
  warnings: Readonly<Record<string, WarningCount>>,
): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task SET fetch_warnings = (coalesce(fetch_warnings::jsonb, '{}') || $3::jsonb)::json WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`,
    [task.run_id, task.name, columns.TASK_FETCH_WARNINGS.toText(warnings)],
  );
}

export interface PlanSummary {
  readonly counts: StageCounts;
  readonly warnings: Readonly<Record<string, WarningCount>>;
  readonly targets: Readonly<Record<string, TargetCounts>>;
  readonly trips: readonly GuardTrip[];
  readonly planDigest: string;
}

export async function savePlan(db: Queryable, run: string, name: string, plan: PlanSummary): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task SET counts = $3, warnings = $4, targets = $5, trips = $6, plan_digest = $7
     WHERE run_id = $1 AND name = $2`,
    [
      run,
      name,
      columns.TASK_COUNTS.toText(plan.counts),
      columns.TASK_WARNINGS.toText(plan.warnings),
      columns.TASK_TARGETS.toText(plan.targets),
      columns.TASK_TRIPS.toText(plan.trips),
      plan.planDigest,
    ],
  );
}

/** In the transaction of the publication. */
export async function saveApplied(db: Queryable, task: TaskRow, outcome: Outcome): Promise<void> {
  await db.query(
    'UPDATE vocab_sync.task SET outcome = $3, applied_at = clock_timestamp() WHERE run_id = $1 AND name = $2',
    [task.run_id, task.name, outcome],
  );
}

export async function setWaiting(db: Queryable, run: string, until: Date): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.run SET phase = 'waiting', waiting_until = $2 WHERE id = $1 AND finished_at IS NULL`,
    [run, until],
  );
}
