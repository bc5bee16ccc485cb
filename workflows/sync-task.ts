/** One task of a run: fetch → stage → compare → guard or approval → apply. */
import { TemporalFailure, isCancellation } from '@temporalio/workflow';
import type { Applied, Compared, Fetched, Resolved, ResolvedTask, RunFailure } from '../src/pipeline/run-steps.ts';
import type { StageCounts, TargetCounts } from '../src/records/counts.ts';
import type { Approval } from './approval.ts';
import { changesOf } from './details-text.ts';
import { isStageLost, toRunFailure } from './failure.ts';
import type { Notices } from './notices.ts';
import { grouped } from './plain-numbers.ts';
import { PARTITIONS_UNDER_WAY, STAGE_ROUNDS } from './policies.ts';
import type { Board } from './board.ts';
import type { Decision, TaskProgress } from './run-state.ts';
import { stagePartitions } from './stage-partitions.ts';
import type { Steps } from './steps.ts';

export interface RunContext {
  readonly resolved: Extract<Resolved, { kind: 'ready' }>;
  readonly steps: Steps;
  readonly board: Board;
  readonly approval: Approval;
  readonly notices: Notices;
  /** With the mode `rollback`: the run that is undone. */
  readonly undoes: string;
}

export type TaskEnding = 'published' | 'unchanged' | 'discarded';

/** Throws what a step failed with. */
export async function syncTask(context: RunContext, task: ResolvedTask): Promise<TaskEnding> {
  const fetched = await fetch(context, task);
  if (fetched.kind === 'unchanged') return 'unchanged';
  const approvals = new Map<string, Decision>();
  for (let round = 1; ; round += 1) {
    try {
      const ending = await publish({ context, task, fetched, round, approvals });
      context.board.change((state) => {
        update(state.tasks, task, { phase: 'done' });
      });
      return ending;
    } catch (thrown) {
      if (!isStageLost(thrown) || round === STAGE_ROUNDS) throw thrown;
    }
  }
}

/** Rolls a run back: tables and files in one step, then each remaining target in a step of its own. Throws the failure of a step. */
export async function undo(context: RunContext): Promise<void> {
  const { resolved, steps, board } = context;
  const summary = `put back what run ${context.undoes} replaced`;
  const { tasks } = await steps.undoRun({ id: 'undo', summary }, { run: resolved.run });
  for (const { name, ...applied } of tasks) {
    const task = resolved.tasks.find((one) => one.name === name);
    if (task === undefined) continue;
    enter(board, task, 'apply');
    await publishTargets({ context, task, round: 1 }, applied);
    board.change((state) => {
      update(state.tasks, task, { phase: 'done' });
    });
  }
}

interface Round {
  readonly context: RunContext;
  readonly task: ResolvedTask;
  readonly fetched: Extract<Fetched, { kind: 'fetched' }>;
  readonly round: number;
  /** By plan digest: a plan that comes out the same after a crash is not asked about twice. */
  readonly approvals: Map<string, Decision>;
}

async function fetch({ resolved, steps, board }: RunContext, task: ResolvedTask): Promise<Fetched> {
  enter(board, task, 'fetch');
  const fetched = await steps.fetchSource(
    { id: `fetch:${task.name}`, summary: `fetch ${task.chain}` },
    { run: resolved.run, task: task.name },
  );
  board.change((state) => {
    update(state.tasks, task, {
      source: fetched.source,
      ...(fetched.kind === 'unchanged'
        ? { unchanged: fetched.reason, phase: 'done' as const }
        : { partitions: { total: fetched.partitions.length, staged: 0 } }),
    });
  });
  return fetched;
}

async function publish(round: Round): Promise<TaskEnding> {
  const { context, task } = round;
  await stage(round);
  const plan = await compare(round);
  if (needsApproval(round, plan)) {
    const decision = await ask(round, plan);
    if (decision.kind === 'discarded') return 'discarded';
    round.approvals.set(plan.planDigest, decision);
  }
  enter(context.board, task, 'apply');
  const applied = await context.steps.applyChanges(label(round, 'apply', planned(plan)), {
    ...inputOf(round),
    planDigest: plan.planDigest,
  });
  await publishTargets(round, applied);
  return 'published';
}

/**
 * Each target in a step of its own, side by side: one that is away keeps the others from nothing. Throws what one failed
 * with only where none got through; otherwise the run ends as partial and names those that did not.
 */
async function publishTargets(round: Pick<Round, 'context' | 'task' | 'round'>, applied: Applied): Promise<void> {
  const { context, task } = round;
  const { board, steps } = context;
  const show = (targets: Readonly<Record<string, TargetCounts>>): void => {
    board.change((state) => {
      update(state.tasks, task, { targets: { ...applied.targets, ...targets }, published: true });
    });
  };
  const done: Record<string, TargetCounts> = {};
  const failures: Record<string, RunFailure> = {};
  const causes: unknown[] = [];
  await Promise.all(
    (applied.publications ?? []).map(async (target) => {
      const counts = applied.targets[target];
      const detail = counts === undefined ? target : `${target} ${changesOf(counts)}`;
      try {
        done[target] = (
          await steps.publishTarget(label(round, 'publish', detail, target), { ...inputOf(round), target })
        ).counts;
      } catch (thrown) {
        if (isCancellation(thrown) || !(thrown instanceof TemporalFailure)) throw thrown;
        failures[target] = toRunFailure(thrown);
        causes.push(thrown);
      }
    }),
  );
  show(done);
  if (causes.length === 0) return;
  board.change((state) => {
    update(state.tasks, task, { failures });
  });
  if (causes.length === Object.keys(applied.targets).length) throw causes[0];
}

async function stage(round: Round): Promise<void> {
  const { context, task, fetched } = round;
  enter(context.board, task, 'stage');
  context.board.change((state) => {
    update(state.tasks, task, {
      round: round.round,
      counts: NONE,
      targets: {},
      partitions: { total: fetched.partitions.length, staged: 0 },
    });
  });
  const total = fetched.partitions.length;
  await stagePartitions(fetched.partitions, PARTITIONS_UNDER_WAY, async (partition) => {
    const part = total === 1 ? '' : `, partition ${String(partition + 1)} of ${String(total)}`;
    const place = `${fetched.source.name}${part}`;
    const { counts } = await context.steps.stagePartition(label(round, 'stage', place, partition), {
      ...inputOf(round),
      partition,
    });
    context.board.change((state) => {
      const before = progressOf(state.tasks, task);
      update(state.tasks, task, {
        counts: sum(before.counts, counts),
        partitions: { ...before.partitions, staged: before.partitions.staged + 1 },
      });
    });
  });
}

async function compare(round: Round): Promise<Compared> {
  const { context, task } = round;
  enter(context.board, task, 'compare');
  const staged = progressOf(context.board.state.tasks, task).counts.staged;
  const plan = await context.steps.compareTargets(
    label(round, 'compare', `${grouped(staged)} staged records with what is published`),
    inputOf(round),
  );
  context.board.change((state) => {
    const { counts, targets, trips, rejections = [], changes = [] } = plan;
    update(state.tasks, task, { counts, targets, trips, rejections, changes });
  });
  return plan;
}

function needsApproval({ context, approvals }: Round, plan: Compared): boolean {
  if (approvals.has(plan.planDigest)) return false;
  // A first plan was approved and another one came out: whoever approved has not seen this one.
  return context.board.state.mode === 'plan' || plan.trips.length > 0 || approvals.size > 0;
}

async function ask(round: Round, plan: Compared): Promise<Decision> {
  const { context, task } = round;
  const { notices } = context;
  context.board.change((state) => {
    update(state.tasks, task, { phase: 'waiting' });
  });
  const guards = plan.trips.map((trip) => trip.guard).join(', ');
  const question = `${guards === '' ? '' : `${guards}; `}${planned(plan)}`;
  return context.approval.decide({ task: task.name, planDigest: plan.planDigest }, context.resolved.approvalDays, {
    async wait(deadline) {
      await context.steps.awaitApproval(label(round, 'await-approval', question), {
        ...inputOf(round),
        trips: plan.trips,
        deadline,
      });
      await notices.send('waiting', plan.planDigest);
    },
    ...(notices.wants('waiting_reminder')
      ? {
          remind: {
            days: context.resolved.reminderDays ?? 1,
            send: (count) => void notices.send('waiting_reminder', `${plan.planDigest} ${String(count)}`),
          },
        }
      : {}),
  });
}

const NONE: StageCounts = { read: 0, filtered: 0, duplicates: 0, rejected: 0, staged: 0 };

function sum(a: StageCounts, b: StageCounts): StageCounts {
  return {
    read: a.read + b.read,
    filtered: a.filtered + b.filtered,
    duplicates: a.duplicates + b.duplicates,
    rejected: a.rejected + b.rejected,
    staged: a.staged + b.staged,
  };
}

function inputOf({ context, task }: Pick<Round, 'context' | 'task'>): { run: string; task: string } {
  return { run: context.resolved.run, task: task.name };
}

/** Ids that an operator can type: `stage:main:0`, and `stage:main:0:round-2` after a crash of the database. */
function label(
  { context, task, round }: Pick<Round, 'context' | 'task' | 'round'>,
  step: string,
  detail: string,
  partition?: number | string,
): { id: string; summary: string } {
  const place = partition === undefined ? '' : `:${String(partition)}`;
  const again = round === 1 ? '' : `:round-${String(round)}`;
  const name = context.resolved.tasks.length > 1 ? ` ${task.name}` : '';
  return { id: `${step}:${task.name}${place}${again}`, summary: `${step}${name}: ${detail}` };
}

function planned({ targets }: Compared): string {
  return Object.entries(targets)
    .map(([name, counts]) => `${name} ${changesOf(counts)}`)
    .join(', ');
}

function enter(board: Board, task: ResolvedTask, phase: 'fetch' | 'stage' | 'compare' | 'apply'): void {
  board.change((state) => {
    state.phase = phase;
    update(state.tasks, task, { phase });
  });
}

function progressOf(tasks: readonly TaskProgress[], task: ResolvedTask): TaskProgress {
  const found = tasks.find((one) => one.name === task.name);
  if (found === undefined) throw new Error(`no task ${task.name} in this run`);
  return found;
}

function update(tasks: readonly TaskProgress[], task: ResolvedTask, fields: Partial<TaskProgress>): void {
  Object.assign(progressOf(tasks, task), fields);
}
