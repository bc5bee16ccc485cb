/** The rows of runs and tasks: written by the steps, read by them again after a crash. */
import type { GuardTrip, RunFailure, RunHolder, RunMode, RunRequest, RunTrigger } from '../../records/run.ts';
import type { Outcome, Phase } from '../../records/outcome.ts';
import type { StageCounts, TargetCounts, WarningCount } from '../../records/counts.ts';
import { ConfigError, StateError } from '../../errors.ts';
import type { FetchedFile, SourcePart, SourceVersion } from '../../records/source.ts';
import type { Pool, PoolClient } from '../pool.ts';

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
  readonly has_input: boolean;
  readonly forced: boolean;
  readonly phase: Phase;
  readonly outcome: Outcome | null;
  readonly waiting_until: Date | null;
  readonly decision: { readonly by: string; readonly reason?: string } | null;
  readonly error: RunFailure | null;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  /** Of a rollback: the run that it undid. */
  readonly rolls_back: string | null;
  /** The rollback that undid it, where that still stands. */
  readonly rolled_back_by: string | null;
  /** The note with which its end paused the schedule of its job. */
  readonly schedule_paused: string | null;
  /** Of a skipped start: the run that held the job. */
  readonly held_by: RunHolder | null;
  /** Of a skipped start that no run was in the way of. */
  readonly skipped_because: string | null;
  readonly cancelled_by: string | null;
}

/** The frozen source of a task: the version that was located and, once fetched, its files and how they are cut. */
export interface TaskSource {
  readonly version: SourceVersion;
  readonly files?: readonly FetchedFile[];
  /** By the number of the partition. Absent: one partition holds everything. */
  readonly parts?: readonly SourcePart[];
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
  return rows[0];
}

/** A run that is under way; throws where it ended meanwhile, so that a late attempt writes nothing. */
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
  return rows[0];
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
  /** Of a rollback: the run that it undoes. */
  readonly rollsBack?: string;
}

/** The columns that a run and a skipped start share, and their values as $1 to $13. */
export const START_COLUMNS =
  'id, job_id, job_version, workflow_id, trigger, mode, title, started_by, request, config, config_digest, has_input, forced';
export const START_PARAMETERS = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13';

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
    JSON.stringify(run.request),
    JSON.stringify(run.config),
    run.configDigest,
    run.request.input !== undefined,
    run.request.force ?? false,
  ];
}

/** Acquires the job. Returns false when another run holds it. */
export async function insertRun(db: Queryable, run: NewRun): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO vocab_sync.run (${START_COLUMNS}, since, since_origin, since_reason, watermark_hold, rolls_back, phase)
     VALUES (${START_PARAMETERS}, $14, $15, $16, $17, $18, 'resolve')
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
      [run, task.name, ordinal, task.chain, task.digest, JSON.stringify(task.readers)],
    );
  }
}

export async function setPhase(db: Queryable, run: string, phase: Phase): Promise<void> {
  await db.query('UPDATE vocab_sync.run SET phase = $2 WHERE id = $1 AND finished_at IS NULL', [run, phase]);
}

export async function listTasks(db: Queryable, run: string): Promise<readonly TaskRow[]> {
  const { rows } = await db.query<TaskRow>('SELECT * FROM vocab_sync.task WHERE run_id = $1 ORDER BY ordinal', [run]);
  return rows;
}

export async function requireTask(db: Queryable, run: string, name: string, lock = false): Promise<TaskRow> {
  const { rows } = await db.query<TaskRow>(
    `SELECT * FROM vocab_sync.task WHERE run_id = $1 AND name = $2${lock ? ' FOR UPDATE' : ''}`,
    [run, name],
  );
  const row = rows[0];
  if (row === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${run} has no task ${name} in the ledger.`);
  return row;
}

/** A late attempt writes nothing into the task of a run that ended. */
const RUN_IS_OPEN = 'EXISTS (SELECT 1 FROM vocab_sync.run r WHERE r.id = $1 AND r.finished_at IS NULL)';

export async function saveSource(db: Queryable, task: TaskRow, source: TaskSource, digest?: string): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task SET source = $3, source_identity = $4, source_digest = coalesce($5, source_digest)
     WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`,
    [task.run_id, task.name, JSON.stringify(source), source.version.identity ?? null, digest ?? null],
  );
}

export async function saveTaskOutcome(db: Queryable, run: string, name: string, outcome: Outcome): Promise<void> {
  await db.query(`UPDATE vocab_sync.task SET outcome = $3 WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`, [
    run,
    name,
    outcome,
  ]);
}

/** Before the plan, which replaces them: see the comparison for those that it keeps. */
export async function saveWarnings(
  db: Queryable,
  task: TaskRow,
  warnings: Readonly<Record<string, WarningCount>>,
): Promise<void> {
  await db.query(`UPDATE vocab_sync.task SET warnings = $3 WHERE run_id = $1 AND name = $2 AND ${RUN_IS_OPEN}`, [
    task.run_id,
    task.name,
    JSON.stringify(warnings),
  ]);
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
      JSON.stringify(plan.counts),
      JSON.stringify(plan.warnings),
      JSON.stringify(plan.targets),
      JSON.stringify(plan.trips),
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

/** What became of the changes of one target. Without counts: those that the target has answered for so far. */
export async function saveTargetCounts(
  db: Queryable,
  run: string,
  name: string,
  target: string,
  counts?: TargetCounts,
): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.task t SET targets = jsonb_set(targets::jsonb, ARRAY[$3], coalesce($4::jsonb,
       (SELECT p.counts::jsonb FROM vocab_sync.publication p WHERE p.run_id = $1 AND p.task = $2 AND p.target = $3)))::json
     WHERE run_id = $1 AND name = $2`,
    [run, name, target, counts === undefined ? null : JSON.stringify(counts)],
  );
}

export async function setWaiting(db: Queryable, run: string, until: Date): Promise<void> {
  await db.query(
    `UPDATE vocab_sync.run SET phase = 'waiting', waiting_until = $2 WHERE id = $1 AND finished_at IS NULL`,
    [run, until],
  );
}
