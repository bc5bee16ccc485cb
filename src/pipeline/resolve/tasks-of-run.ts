/** Returns the tasks of a run as the ledger stores them. */
import type { EffectiveJob } from '../../job/effective/effective-job.ts';
import type { Task } from '../../job/schema/job.ts';
import { taskDigest } from '../../job/effective/task-digest.ts';
import type { NewTask } from '../../postgres/ledger/run-rows.ts';
import type { Engine } from '../engine.ts';
import { requireSameReaders, type RetriedRun } from '../undo/retried-run.ts';

/**
 * For a retry of rejections, returns the tasks with rejections. Throws E_RETRY_REFUSED if the job now reads
 * differently.
 */
export function tasksOfRun(
  { catalog }: Pick<Engine, 'catalog'>,
  { job }: EffectiveJob,
  retried?: RetriedRun,
): readonly NewTask[] {
  const tasks = job.tasks.map((task) => ({
    name: task.name,
    chain: describeChain(task),
    readers: task.readers.map(({ type }) => type),
    digest: taskDigest(task, catalog),
  }));
  if (retried === undefined) return tasks;
  requireSameReaders(retried, new Map(tasks.map(({ name, readers }) => [name, readers])));
  return tasks.filter(({ name }) => retried.tasks.some((task) => task.name === name));
}

/** `ror-http > zip > json → ror-affiliations → postgres` */
export function describeChain(task: Task): string {
  const names = (components: Task['readers'], between: string): string =>
    components.map(({ type }) => type).join(between);
  const parts = [names(task.readers, ' > '), names(task.transformers, ' → '), names(task.writers, ', ')];
  return parts.filter((part) => part !== '').join(' → ');
}
