/** One task of a run: fetch → stage → compare → guard or approval → apply. */
import { TemporalFailure, isCancellation } from '@temporalio/workflow';
import type { Applied, Compared, Fetched, ResolvedTask, RunFailure } from '../src/pipeline/run-steps.ts';
import type { StageCounts, TargetCounts } from '../src/records/counts.ts';
import { changesOf } from './details-text.ts';
import { isStageLost, toRunFailure } from './failure.ts';
import { grouped } from './plain-numbers.ts';
import { PARTITIONS_UNDER_WAY, STAGE_ROUNDS } from './policies.ts';
import { enter, inputOf, label, progressOf, update, type RunContext, type TaskPlace } from './run-context.ts';
import type { Decision } from './run-state.ts';
import { stagePartitions } from './stage-partitions.ts';
import { verifyTargets } from './verify-targets.ts';

export type TaskEnding = 'published' | 'unchanged' | 'discarded';

/** Throws what a step failed with. */
export async function syncTask(context: RunContext, task: ResolvedTask): Promise<TaskEnding> {
  const fetched = await fetch(context, task);
  if (fetched.kind === 'unchanged') return 'unchanged';
  return publishInRounds(context, task, fetched);
}

/** Repairs what differs in the targets of a task; there is no source to read. Throws what a step failed with. */
export async function repairTask(context: RunContext, task: ResolvedTask): Promise<TaskEnding> {
  await verifyTargets(context, task);
  return publishInRounds(context, task, undefined);
}

/** Compares, and does nothing else. */
export async function verifyTask(context: RunContext, task: ResolvedTask): Promise<void> {
  await verifyTargets(context, task);
  context.board.change((state) => {
    update(state.tasks, task, { phase: 'done' });
  });
}

async function publishInRounds(
  context: RunContext,
  task: ResolvedTask,
  fetched: Round['fetched'],
): Promise<TaskEnding> {
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

interface Round extends TaskPlace {
  /** Undefined if nothing is read, because the plan comes from the findings in the targets. */
  readonly fetched: Extract<Fetched, { kind: 'fetched' }> | undefined;
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
  if (round.fetched !== undefined) {
    await stage(round, round.fetched);
    // An adoption: what the targets hold already is not sent.
    await verifyTargets(context, task, round.round);
  }
  const plan = await weigh(round, await compare(round));
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
async function publishTargets(round: TaskPlace, applied: Applied): Promise<void> {
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

async function stage(round: Round, fetched: NonNullable<Round['fetched']>): Promise<void> {
  const { context, task } = round;
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
    label(
      round,
      'compare',
      round.fetched === undefined
        ? 'a plan of what was found'
        : `${grouped(staged)} staged records with what is published`,
    ),
    inputOf(round),
  );
  context.board.change((state) => {
    const { counts, targets, trips, rejections = [], changes = [], ended } = plan;
    const noted = ended === undefined ? {} : { ended };
    update(state.tasks, task, { counts, targets, trips, rejections, changes, ...noted });
  });
  return plan;
}

/** Returns the plan with the findings of the impact guard, if the job uses it and a record would change. */
async function weigh(round: Round, plan: Compared): Promise<Compared> {
  const { context, task, approvals } = round;
  const changed = Object.values(plan.targets).reduce((sum, { updated, withdrawn }) => sum + updated + withdrawn, 0);
  if (task.impact !== true || changed === 0 || approvals.has(plan.planDigest)) return plan;
  const detail = 'count the records that refer to what would change';
  const { impacts, trips } = await context.steps.measureImpact(label(round, 'impact', detail), inputOf(round));
  const weighed = { ...plan, trips: [...plan.trips, ...trips] };
  context.board.change((state) => {
    update(state.tasks, task, { impacts, trips: weighed.trips });
  });
  return weighed;
}

function needsApproval({ context, approvals }: Round, plan: Compared): boolean {
  if (approvals.has(plan.planDigest)) return false;
  // A first plan was approved and the new one differs: the person who approved has not seen it.
  return context.asks || plan.trips.length > 0 || approvals.size > 0;
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

function planned({ targets }: Compared): string {
  return Object.entries(targets)
    .map(([name, counts]) => `${name} ${changesOf(counts)}`)
    .join(', ');
}
