/** The report of a run from the ledger alone: it works long after Temporal forgot the run. */
import { ConfigError } from '../../errors.ts';
import { reportDrift } from '../../postgres/ledger/drift.ts';
import { listNotices } from '../../postgres/ledger/notices.ts';
import { listPublications, type PublicationRow } from '../../postgres/ledger/publications.ts';
import { findRun, listTasks, type RunRow, type TaskRow } from '../../postgres/ledger/run-rows.ts';
import { NO_STAGE_COUNTS } from '../../records/counts.ts';
import type { DriftReport } from '../../records/drift.ts';
import type { RunReport, TaskReport, UnfinishedTarget } from '../../records/run.ts';
import type { Engine } from '../engine.ts';
import { toSourceReport } from '../fetch/spooled-source.ts';

export async function reportRun(engine: Pick<Engine, 'pool' | 'webUi'>, id: string): Promise<RunReport> {
  const run = await findRun(engine.pool, id);
  if (run === undefined) throw new ConfigError('E_RUN_NOT_FOUND', `Run ${id} is not in the ledger.`);
  const tasks = await listTasks(engine.pool, id);
  const notices = await listNotices(engine.pool, id);
  const publications = await listPublications(engine.pool, id);
  const report = toReport(
    run,
    tasks,
    engine.webUi(run.workflow_id, run.id),
    publications,
    await reportDrift(engine.pool, id),
  );
  return notices.length === 0 ? report : { ...report, notices };
}

export function toReport(
  run: RunRow,
  tasks: readonly TaskRow[],
  webUi: string | null,
  publications: readonly PublicationRow[] = [],
  drift: ReadonlyMap<string, readonly DriftReport[]> = new Map(),
): RunReport {
  return {
    run: run.id,
    job: run.job_id,
    outcome: run.outcome,
    phase: run.phase,
    trigger: run.trigger,
    mode: run.mode,
    title: run.title,
    since: run.since?.toISOString() ?? null,
    since_reason: run.since_reason,
    version: run.job_version,
    started_by: run.started_by,
    decision: run.decision,
    waiting_until: run.waiting_until?.toISOString() ?? null,
    started_at: run.started_at.toISOString(),
    finished_at: run.finished_at?.toISOString() ?? null,
    workflow_id: run.workflow_id,
    web_ui: run.mode === 'rollback' ? null : webUi,
    tasks: tasks.map((task) => ({
      ...toTaskReport(task, run),
      ...unfinished(task, publications),
      ...(drift.has(task.name) ? { drift: drift.get(task.name) ?? [] } : {}),
    })),
    error: run.error,
    ...(run.rolls_back === null ? {} : { rolls_back: run.rolls_back }),
    ...(run.rolled_back_by === null ? {} : { rolled_back_by: run.rolled_back_by }),
    ...(run.request.retries === undefined ? {} : { retries: run.request.retries }),
    ...(run.schedule_paused === null ? {} : { schedule_paused: run.schedule_paused }),
    ...(run.held_by === null ? {} : { held_by: run.held_by }),
    ...(run.skipped_because === null ? {} : { skipped_because: run.skipped_because }),
    ...(run.cancelled_by === null ? {} : { cancelled_by: run.cancelled_by }),
  };
}

function toTaskReport(task: TaskRow, run: RunRow): TaskReport {
  const published = task.applied_at !== null;
  return {
    name: task.name,
    outcome: task.outcome ?? (run.finished_at === null ? null : run.outcome),
    source: task.source === null ? null : toSourceReport(task.source),
    counts: task.counts ?? NO_STAGE_COUNTS,
    // Until it is applied this is what publishing would do; a run that ended without it did nothing.
    targets:
      published || run.finished_at === null
        ? Object.entries(task.targets ?? {}).map(([name, counts]) => ({ name, ...counts }))
        : [],
    warnings: Object.entries(task.warnings ?? task.fetch_warnings ?? {}).map(([code, warning]) => ({
      code,
      ...warning,
    })),
    trips: task.trips ?? [],
  };
}

function unfinished(
  { name }: TaskRow,
  publications: readonly PublicationRow[],
): { readonly unfinished?: readonly UnfinishedTarget[] } {
  const open = publications.flatMap(({ task, target, state, answered: done, total: planned, error }) =>
    task !== name || state === 'done' ? [] : [{ target, state, done, planned, error }],
  );
  return open.length === 0 ? {} : { unfinished: open };
}
