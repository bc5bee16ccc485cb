/** Compares the targets of a task with what was published there, or with what a run staged for them. */
import type { ResolvedTask } from '../src/pipeline/run-steps.ts';
import { enter, inputOf, label, progressOf, update, type RunContext } from './run-context.ts';

/** One target after the other. Throws what a step failed with. */
export async function verifyTargets(context: RunContext, task: ResolvedTask, round = 1): Promise<void> {
  const { steps, board } = context;
  for (const target of task.targets ?? []) {
    enter(board, task, 'compare');
    const { drift } = await steps.verifyTarget(label({ context, task, round }, 'verify', target, target), {
      ...inputOf({ context, task }),
      target,
    });
    board.change((state) => {
      const before = progressOf(state.tasks, task).drift;
      update(state.tasks, task, { drift: { ...before, [target]: drift } });
    });
  }
}
