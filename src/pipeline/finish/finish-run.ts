/** The last step: the outcome, the counts once more, the stage dropped, the job let go. */
import { InternalError } from '../../errors.ts';
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { inTransaction } from '../../postgres/pool.ts';
import { endRun } from '../../postgres/ledger/run-endings.ts';
import { listPublications, type PublicationRow } from '../../postgres/ledger/publications.ts';
import { findRun, listTasks, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { markUndone } from '../../postgres/publish/rollback-rows.ts';
import { brokenConservation, type StageCounts, type TargetCounts } from '../../records/counts.ts';
import type { RunReport } from '../../records/run.ts';
import type { Outcome } from '../../records/outcome.ts';
import type { Engine } from '../engine.ts';
import { pauseAfterFailures } from './pause-after-failures.ts';
import { dropStages } from '../resolve/resolve-run.ts';
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
    if (input.outcome === 'ended' && run.mode !== 'rollback') assertConservation(tasks, publications);
    if (input.outcome === 'ended' && run.rolls_back !== null) await markUndone(client, run.id, run.rolls_back);
    await endRun(client, input.run, {
      outcome: input.outcome === 'ended' ? outcomeOf(tasks, publications) : input.outcome,
      error: input.error,
      decision: input.decision,
      cancelledBy: input.cancelledBy,
    });
    await dropStages(client, input.run);
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

function outcomeOf(tasks: readonly TaskRow[], publications: readonly PublicationRow[]): Outcome {
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
