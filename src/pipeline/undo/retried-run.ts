/**
 * Checks whether the rejections of a run can be retried. The retry reads the source again and processes only the
 * rejected entries. They are published over the current records, which must therefore be those of that run: a later
 * publication has its own rejections.
 */
import { ConfigError, StateError } from '../../errors.ts';
import { countRejections, findLaterPublication } from '../../postgres/stage/retried-rows.ts';
import type { Pool } from '../../postgres/pool.ts';
import { taskOfRun } from '../../postgres/ledger/job-of-run.ts';
import { findRun, listTasks, type RunRow, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import type { FrozenSince } from '../resolve/freeze-since.ts';

export interface RetriedRun {
  readonly run: RunRow;
  /** Those that rejected something. */
  readonly tasks: readonly TaskRow[];
  readonly rejections: number;
}

/** Throws ConfigError E_RUN_NOT_FOUND, E_RUN_STATE or E_RETRY_REFUSED. */
export async function requireRetryable(pool: Pool, id: string): Promise<RetriedRun> {
  const run = await findRun(pool, id);
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger.`);
  if (run.finished_at === null) {
    throw new StateError(
      'E_RUN_STATE',
      `Expected run ${id} to have ended, but it is in phase ${run.phase}. Wait for its end, then retry what it rejected.`,
      { details: { run: id } },
    );
  }
  if (run.mode === 'rollback') throw refused(run, 'it is a rollback, which reads no source');
  if (run.rolled_back_by !== null) throw refused(run, `run ${run.rolled_back_by} rolled it back`);
  const rejected = await requireRejections(pool, run);
  const rows = await listTasks(pool, id);
  const tasks: TaskRow[] = [];
  for (const { task: name } of rejected) {
    const task = rows.find((row) => row.name === name);
    if (task !== undefined) tasks.push(await requirePublished(pool, run, task));
  }
  return { run, tasks, rejections: rejected.reduce((sum, { placed }) => sum + placed, 0) };
}

/** The since of the retried run, since its reader must yield the same entries; it never moves the watermark. */
export function sinceOfRetried({ run }: RetriedRun): FrozenSince {
  return {
    time: run.since ?? undefined,
    origin: run.since_origin ?? undefined,
    reason: `as in run ${run.id}, whose rejections are read again`,
    hold: `it only read again what run ${run.id} rejected`,
  };
}

/** Throws where today's job would not find the same entries at the same places. `today` holds the readers by task. */
export function requireSameReaders({ run, tasks }: RetriedRun, today: ReadonlyMap<string, readonly string[]>): void {
  for (const task of tasks) {
    const now = today.get(task.name);
    if (now === undefined) throw refused(run, `the job has no task "${task.name}" any more. ${RUN_AGAIN(run)}`);
    const before = readersOf(run, task);
    if (before.join('\n') === now.join('\n')) continue;
    throw refused(
      run,
      `task ${task.name} was read through "${before.join(' > ')}" and is read through "${now.join(' > ')}" today, where its entries have other places. ${RUN_AGAIN(run)}`,
    );
  }
}

export function retryRefused(
  run: string,
  why: string,
  { job, cause }: { readonly job?: string; readonly cause?: unknown } = {},
): ConfigError {
  return new ConfigError(
    'E_RETRY_REFUSED',
    `The rejections of run ${run} cannot be retried: ${why.replace(/\.$/, '')}. Nothing was changed.`,
    { details: { run, ...(job === undefined ? {} : { job }) }, cause },
  );
}

const RUN_AGAIN = ({ job_id }: RunRow): string => `Read everything instead: vocab-sync run ${job_id} --force`;

/** Names the job only where it is stored: a job from a file cannot be run by its name. */
function refused({ id, job_id: job, job_version: version }: RunRow, why: string): ConfigError {
  return retryRefused(id, why, version === null ? {} : { job });
}

async function requireRejections(pool: Pool, run: RunRow) {
  const counts = await countRejections(pool, run.id);
  const placed = counts.filter((task) => task.placed > 0);
  if (counts.some((task) => task.unplaced > 0)) {
    throw refused(run, `it ran before the places of rejected records were kept. ${RUN_AGAIN(run)}`);
  }
  if (placed.length > 0) return placed;
  const onWrite = counts.reduce((sum, task) => sum + task.on_write, 0);
  if (onWrite === 0) throw refused(run, 'it rejected no record');
  throw refused(
    run,
    `its ${String(onWrite)} rejections were made on write, for records that belong to others; their entries were fine. ${RUN_AGAIN(run)}`,
  );
}

async function requirePublished(pool: Pool, run: RunRow, task: TaskRow): Promise<TaskRow> {
  if (task.applied_at === null) {
    throw refused(
      run,
      `it published nothing of task ${task.name}, so there is nothing that they belong to. Run the job again: vocab-sync run ${run.job_id}`,
    );
  }
  if (task.source?.files === undefined) throw refused(run, `the files of task ${task.name} are not in the ledger`);
  const later = await findLaterPublication(pool, { job: run.job_id, run: run.id, task: task.name });
  if (later === undefined) return task;
  throw refused(
    run,
    `run ${later.id} (${later.started_at.toISOString()}) published task ${task.name} later; what it rejected is what is missing now. Retry that one: vocab-sync retry-rejections ${later.id}`,
  );
}

/** The task of an old run may not have its readers in its row; the job of the run has them. */
function readersOf(run: RunRow, { name, readers }: TaskRow): readonly string[] {
  return readers ?? taskOfRun(run, name)?.readers.map(({ type }) => type) ?? [];
}
