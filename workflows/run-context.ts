/** What the parts of a run share: its steps, its board, and how a step of a task is named. */
import type { Resolved, ResolvedTask } from '../src/pipeline/run-steps.ts';
import type { Approval } from './approval.ts';
import type { Board } from './board.ts';
import type { Notices } from './notices.ts';
import type { TaskProgress } from './run-state.ts';
import type { StepLabel, Steps } from './steps.ts';

export interface RunContext {
  readonly resolved: Extract<Resolved, { kind: 'ready' }>;
  readonly steps: Steps;
  readonly board: Board;
  readonly approval: Approval;
  readonly notices: Notices;
  /** With the mode `rollback`: the run that is undone. */
  readonly undoes: string;
  /** Every plan waits for approval. */
  readonly asks: boolean;
}

/** A task of a run; the round is 2 and more after the database lost its stage. */
export interface TaskPlace {
  readonly context: RunContext;
  readonly task: ResolvedTask;
  readonly round: number;
}

export function inputOf({ context, task }: Pick<TaskPlace, 'context' | 'task'>): { run: string; task: string } {
  return { run: context.resolved.run, task: task.name };
}

/** Ids that an operator can type: `stage:main:0`, and `stage:main:0:round-2` after a crash of the database. */
export function label(
  { context, task, round }: TaskPlace,
  step: string,
  detail: string,
  partition?: number | string,
): StepLabel {
  const place = partition === undefined ? '' : `:${String(partition)}`;
  const again = round === 1 ? '' : `:round-${String(round)}`;
  const name = context.resolved.tasks.length > 1 ? ` ${task.name}` : '';
  return { id: `${step}:${task.name}${place}${again}`, summary: `${step}${name}: ${detail}` };
}

export function enter(board: Board, task: ResolvedTask, phase: 'fetch' | 'stage' | 'compare' | 'apply'): void {
  board.change((state) => {
    state.phase = phase;
    update(state.tasks, task, { phase });
  });
}

export function progressOf(tasks: readonly TaskProgress[], task: ResolvedTask): TaskProgress {
  const found = tasks.find((one) => one.name === task.name);
  if (found === undefined) throw new Error(`no task ${task.name} in this run`);
  return found;
}

export function update(tasks: readonly TaskProgress[], task: ResolvedTask, fields: Partial<TaskProgress>): void {
  Object.assign(progressOf(tasks, task), fields);
}
