/**
 * Runs a job: resolve, each task in order, finish. In every case the ledger gets the outcome and the job is released.
 * Only a run that is terminated from outside leaves this to the next run.
 */
import { CancellationScope, TemporalFailure, isCancellation, upsertMemo, workflowInfo } from '@temporalio/workflow';
import type { FinishInput, Resolved, ResolvedTask, RunReport, RunRequest } from '../src/pipeline/run-steps.ts';
import { openApproval } from './approval.ts';
import { summaryLine } from './details-text.ts';
import { failedRun, settingFailure, toRunFailure } from './failure.ts';
import { openBoard, type Board } from './board.ts';
import { openNotices, type Notices } from './notices.ts';
import { stepsOf, type Steps } from './steps.ts';
import type { RunContext } from './run-context.ts';
import { repairTask, syncTask, undo, verifyTask, type TaskEnding } from './sync-task.ts';

/** Completes with the report, fails with the code of what went wrong, or ends as cancelled. */
export async function runJob(request: RunRequest): Promise<RunReport> {
  requireRequest(request);
  const board = openBoard(request);
  const approval = openApproval(board);
  const steps = stepsOf(request);
  let ending: Ending;
  let notices = openNotices(request.job, board.state.run, []);
  try {
    const resolved = await resolve(steps, request);
    notices = openNotices(resolved.job, board.state.run, resolved.notify ?? [], ownerOf(request, resolved));
    if (resolved.kind !== 'ready') return await skip(board, request, resolved, notices);
    begin(board, resolved);
    const asks = request.mode === 'plan' || request.asks === true;
    ending = await runTasks({ resolved, steps, board, approval, notices, undoes: request.undoes ?? '', asks });
  } catch (thrown) {
    ending = endingOf(thrown);
  }
  return finish(steps, board, ending, notices);
}

/** In the Web UI, the input of a run is written by hand. It is checked when the run is resolved. */
function requireRequest(input: unknown): void {
  if (typeof input === 'object' && input !== null && 'job' in input && typeof input.job === 'string') return;
  throw settingFailure(
    'The input of runJob must be an object such as {"job": "ror-affiliations", "trigger": "manual"}.',
  );
}

type Ending =
  | { readonly outcome: 'ended' | 'discarded' }
  | { readonly outcome: 'failed' | 'cancelled'; readonly cause: TemporalFailure };

function resolve(steps: Steps, request: RunRequest): Promise<Resolved> {
  // The id of the run outlives a reset of the workflow, and so does the row in the ledger.
  const { firstExecutionRunId, workflowId } = workflowInfo();
  return steps.resolveRun(
    { id: 'resolve', summary: `resolve ${request.job}` },
    { run: firstExecutionRunId, workflowId, request },
  );
}

function begin(board: Board, resolved: Extract<Resolved, { kind: 'ready' }>): void {
  board.change((state) => {
    state.job = resolved.job;
    state.title = resolved.title;
    state.since = resolved.since;
    state.sinceReason = resolved.sinceReason;
    state.configDigest = resolved.configDigest;
    state.tasks = resolved.tasks.map(({ name, chain }) => ({
      name,
      chain,
      phase: null,
      source: null,
      unchanged: null,
      partitions: { total: 0, staged: 0 },
      round: 1,
      counts: { read: 0, filtered: 0, duplicates: 0, rejected: 0, staged: 0 },
      targets: {},
      trips: [],
      rejections: [],
      published: false,
    }));
  });
}

/** Whose run it is, where that is known. */
function ownerOf({ installation }: RunRequest, resolved: Resolved): string | undefined {
  return installation ?? (resolved.kind === 'ready' ? resolved.installation : undefined);
}

async function runTasks(context: RunContext): Promise<Ending> {
  if (context.board.state.mode === 'rollback') {
    await undo(context);
    return { outcome: 'ended' };
  }
  for (const task of context.resolved.tasks) {
    const ending = await workOn(context, task);
    if (ending === 'discarded') return { outcome: 'discarded' };
  }
  return { outcome: 'ended' };
}

async function workOn(context: RunContext, task: ResolvedTask): Promise<TaskEnding> {
  switch (context.board.state.mode) {
    case 'verify':
      await verifyTask(context, task);
      return 'published';
    case 'resync':
      return repairTask(context, task);
    default:
      return syncTask(context, task);
  }
}

/** A bug in the workflow does not end the run: it fails the workflow task, and a fixed worker continues. */
function endingOf(thrown: unknown): Ending {
  if (!(thrown instanceof TemporalFailure)) throw thrown;
  return { outcome: isCancellation(thrown) ? 'cancelled' : 'failed', cause: thrown };
}

async function finish(steps: Steps, board: Board, ending: Ending, notices: Notices): Promise<RunReport> {
  let last = ending;
  let report: RunReport | undefined;
  try {
    report = await writeEnd(steps, board, ending);
  } catch (thrown) {
    last = 'cause' in ending ? ending : endingOf(thrown);
    // The end that the tasks deserved was refused, for example because the counts do not add up: the run has failed.
    // A run that failed before it had a row in the ledger has none to close either.
    if (!('cause' in ending)) report = await writeEnd(steps, board, last);
  }
  close(board, last, report);
  await announce(report, notices);
  if ('cause' in last)
    throw last.outcome === 'cancelled' ? last.cause : failedRun(toRunFailure(last.cause), last.cause);
  if (report === undefined) throw new Error('a run that ended well has no report');
  return report;
}

/** After the end of the run is written down: the job is free, whatever a channel does. */
async function announce(report: RunReport | undefined, notices: Notices): Promise<void> {
  if (report === undefined || report.outcome === null) return;
  const { outcome, schedule_paused: paused } = report;
  await CancellationScope.nonCancellable(async () => {
    const isUndone = report.mode === 'rollback' && (outcome === 'success' || outcome === 'partial');
    await notices.send(isUndone ? 'rolled_back' : outcome);
    if (paused !== undefined) await notices.send('schedule_paused');
    await notices.settle();
  });
}

const FINISH: Readonly<Record<Ending['outcome'], string>> = {
  ended: 'finish: record the outcome, release the job',
  discarded: 'finish: discarded, nothing is published',
  failed: 'finish: failed, release the job',
  cancelled: 'finish: cancelled, nothing more is published',
};

/** A run that is being cancelled is still written down and lets its job go. */
function writeEnd(steps: Steps, board: Board, ending: Ending): Promise<RunReport> {
  board.change((state) => {
    state.phase = 'finish';
    state.error = 'cause' in ending && ending.outcome === 'failed' ? toRunFailure(ending.cause) : null;
  });
  const { run, decision, error, cancelledBy } = board.state;
  const input: FinishInput = {
    run,
    outcome: ending.outcome,
    ...(decision === null
      ? {}
      : { decision: { by: decision.by, ...(decision.reason === undefined ? {} : { reason: decision.reason }) } }),
    ...(error === null ? {} : { error }),
    ...(ending.outcome === 'cancelled' ? { cancelledBy: cancelledBy ?? 'in Temporal' } : {}),
  };
  const id = `finish:${ending.outcome}`;
  return CancellationScope.nonCancellable(() => steps.finishRun({ id, summary: FINISH[ending.outcome] }, input));
}

function close(board: Board, ending: Ending, report: RunReport | undefined): void {
  board.change((state) => {
    state.phase = 'done';
    state.outcome = report?.outcome ?? ('cause' in ending ? ending.outcome : null);
    state.schedulePaused = report?.schedule_paused ?? null;
  });
  upsertMemo({ summary: summaryLine(board.state) });
}

/** Another run holds the job, or it is not active. Nothing is done, so the report is made from what is known here. */
async function skip(
  board: Board,
  request: RunRequest,
  resolved: Exclude<Resolved, { kind: 'ready' }>,
  notices: Notices,
): Promise<RunReport> {
  board.change((state) => {
    state.job = resolved.job;
    state.title = resolved.title;
    if (resolved.kind === 'skipped') state.heldBy = resolved.holder;
    state.phase = 'done';
    state.outcome = 'skipped';
  });
  const summary = resolved.kind === 'skipped' ? summaryLine(board.state) : `skipped: ${resolved.reason}`;
  upsertMemo({ summary });
  await CancellationScope.nonCancellable(async () => {
    await notices.send('skipped');
    await notices.settle();
  });
  const info = workflowInfo();
  return {
    run: info.firstExecutionRunId,
    job: resolved.job,
    outcome: 'skipped',
    phase: 'done',
    trigger: request.trigger,
    mode: request.mode ?? 'run',
    title: resolved.title,
    since: null,
    started_at: info.startTime.toISOString(),
    finished_at: new Date().toISOString(),
    workflow_id: info.workflowId,
    web_ui: null,
    tasks: [],
    error: null,
    ...whySkipped(resolved),
  };
}

function whySkipped(resolved: Exclude<Resolved, { kind: 'ready' }>): Pick<RunReport, 'held_by' | 'skipped_because'> {
  if (resolved.kind === 'inactive') return { skipped_because: resolved.reason };
  const { run, workflowId, phase } = resolved.holder;
  return { held_by: { run, workflow_id: workflowId, phase } };
}
