/** The last step: stores the outcome, checks the counts once more, drops the stage and releases the job. */
import { InternalError } from '../../errors.ts';
import { clip } from '../../clip.ts';
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { inTransaction } from '../../postgres/pool.ts';
import { endRun, countFailuresInARow, saveSchedulePaused } from '../../postgres/ledger/run-endings.ts';
import { listPublications, type PublicationRow } from '../../postgres/ledger/publications.ts';
import { findRun, listTasks, type TaskRow, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { listVerifications, trimDrift, type VerificationRow } from '../../postgres/ledger/drift.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import { markUndone } from '../../postgres/publish/rollback-rows.ts';
import { brokenConservation, type StageCounts, type TargetCounts } from '../../records/counts.ts';
import { hasDrift } from '../../records/drift.ts';
import type { RunMode, RunReport } from '../../records/run.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Engine } from '../engine.ts';
import { dropStages } from '../stage/stage-lifecycle.ts';
import { reportRun } from './report-run.ts';
import type { FinishInput, StepContext } from '../run-steps.ts';

/** Called again it answers the same report. */
export async function finishRun(engine: Engine, input: FinishInput, _context: StepContext): Promise<RunReport> {
  const isEnded = await inTransaction(engine.pool, async (client) => {
    await endFrozenSessions(client, input.run);
    const run = await findRun(client, input.run, true);
    if (run === undefined || run.finished_at !== null) return false;
    const tasks = await listTasks(client, input.run);
    const publications = await listPublications(client, input.run);
    if (input.outcome === 'ended' && run.mode !== 'rollback' && run.mode !== 'resync')
      assertConservation(tasks, publications);
    if (input.outcome === 'ended' && run.rolls_back !== null) await markUndone(client, run.id, run.rolls_back);
    const verifications = await listVerifications(client, input.run);
    await endRun(client, input.run, {
      outcome: input.outcome === 'ended' ? outcomeOf(run.mode, { tasks, publications, verifications }) : input.outcome,
      error: input.error,
      decision: input.decision,
      cancelledBy: input.cancelledBy,
    });
    await dropStages(client, input.run);
    if (verifications.length > 0) await trimDrift(client, input.run);
    return true;
  });
  await pauseAfterFailures(engine, input.run);
  const report = await reportRun(engine, input.run);
  if (isEnded) logEnd(engine, report);
  return report;
}

/** One line for each run, with what an alert or a dashboard needs. */
function logEnd({ logger }: Engine, report: RunReport): void {
  const { job, run, outcome, error, started_at: from, finished_at: to } = report;
  const facts = {
    job,
    run,
    outcome,
    took_ms: to === null ? null : Date.parse(to) - Date.parse(from),
    counts: sumOf(report.tasks.map(({ counts }) => counts)),
    changes: sumOf(report.tasks.flatMap(({ targets }) => targets.map(({ name: _name, ...counts }) => counts))),
  };
  if (outcome !== 'failed') logger.info('The run ended.', facts);
  else logger.error('The run failed.', { ...facts, code: error?.code, reason: error?.message });
}

function sumOf(all: readonly (StageCounts | TargetCounts)[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries<number>({ ...counts })) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

interface Done {
  readonly tasks: readonly TaskRow[];
  readonly publications: readonly PublicationRow[];
  readonly verifications: readonly VerificationRow[];
}

/** A verification with findings is partial, so that scripts and notifications notice. */
function outcomeOf(mode: RunMode, { tasks, publications, verifications }: Done): Outcome {
  if (mode === 'verify') return verifications.some(({ counts }) => hasDrift(counts)) ? 'partial' : 'success';
  if (publications.some(isIncomplete)) return 'partial';
  if (tasks.some((task) => task.outcome === 'partial')) return 'partial';
  return tasks.every((task) => task.outcome === 'unchanged') ? 'unchanged' : 'success';
}

function isIncomplete({ state, counts }: PublicationRow): boolean {
  return state !== 'done' || counts.rejected + (counts.kept ?? 0) + (counts.not_withdrawn ?? 0) > 0;
}

/** A target that did not get everything is not held to the law: the run says which. */
function assertConservation(tasks: readonly TaskRow[], publications: readonly PublicationRow[]): void {
  for (const task of tasks) {
    if (task.applied_at === null || task.counts === null) continue;
    const unfinished = publications.filter(({ task: name, state }) => name === task.name && state !== 'done');
    const targets = { ...task.targets };
    for (const { target } of unfinished) Reflect.deleteProperty(targets, target);
    const broken = brokenConservation(task.counts, targets);
    if (broken !== undefined) {
      throw new InternalError(
        'E_CONSERVATION',
        `The counts of task ${task.name} do not add up at the end of the run: ${broken}.`,
      );
    }
  }
}

/** Notes are shown in one line of the Web UI. */
const LONGEST_ERROR = 200;

/**
 * Pauses the schedule of a job after as many failures in a row as the job says: more runs would ask the source in vain and
 * hide the fault in a long list. The note of the schedule, the run and the log say why and how to resume it. A second
 * call for the same run does nothing.
 */
async function pauseAfterFailures(engine: Engine, id: string): Promise<void> {
  const run = await findRun(engine.pool, id);
  if (run === undefined || engine.pauseSchedule === undefined) return;
  if (run.outcome !== 'failed' || run.trigger !== 'schedule' || run.schedule_paused !== null) return;
  const { pause_after_failures: most } = jobOfRun(run);
  if (most === undefined) return;
  const failures = await countFailuresInARow(engine.pool, run);
  if (failures < most) return;
  const note = noteOf(run, failures);
  if (!(await engine.pauseSchedule(run.job_id, note))) return;
  await saveSchedulePaused(engine.pool, id, note);
  engine.logger.error('The schedule of the job is paused: its runs fail again and again.', {
    run: id,
    job: run.job_id,
    failures,
    note,
  });
}

function noteOf({ id, job_id, error }: RunRow, failures: number): string {
  const times = failures === 1 ? '1 failure' : `${String(failures)} failures in a row`;
  const last = error === null ? id : `${id}: ${error.code} ${clip(error.message, LONGEST_ERROR)}`;
  return `paused by vocab-sync after ${times}, the last one run ${last} — fix the cause, then: vocab-sync schedule ${job_id} resume`;
}
