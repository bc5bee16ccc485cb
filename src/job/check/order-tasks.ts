/** Returns the tasks of a job with their `needs` first. Unknown and circular `needs` are problems. */
import type { Report } from './problem.ts';
import { didYouMean, suggest } from './suggest.ts';

interface Needing {
  readonly name: string;
  readonly pointer: string;
  readonly needs: readonly string[];
}

export function orderTasks<T extends Needing>(tasks: readonly T[], report: Report): readonly T[] {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const ordered = new Set<T>();
  const circles = new Set<string>();
  const visit = (task: T, path: readonly T[]): void => {
    if (ordered.has(task)) return;
    if (path.includes(task)) {
      reportCircle(path.slice(path.indexOf(task)), circles, report);
      return;
    }
    task.needs.forEach((need, index) => {
      const needed = byName.get(need);
      if (needed === undefined) reportUnknown(task, need, index, [...byName.keys()], report);
      else visit(needed, [...path, task]);
    });
    ordered.add(task);
  };
  for (const task of tasks) visit(task, []);
  return [...ordered];
}

function reportUnknown(task: Needing, need: string, index: number, names: readonly string[], report: Report): void {
  const others = names.filter((name) => name !== task.name);
  const nearest = suggest(need, others);
  const known = others.length === 0 ? 'it is the only one' : `the others are ${others.join(', ')}`;
  report({
    severity: 'error',
    pointer: `${task.pointer}/needs/${String(index)}`,
    message: `no task is called "${need}"${nearest === undefined ? `; ${known}` : didYouMean(nearest)}`,
    expected: `the name of another task (${known})`,
    found: `the text "${need}"`,
    ...(nearest === undefined ? {} : { suggestion: nearest }),
  });
}

function reportCircle(circle: readonly Needing[], seen: Set<string>, report: Report): void {
  const names = circle.map((task) => task.name);
  const key = names.toSorted().join('\n');
  const first = circle[0];
  if (seen.has(key) || first === undefined) return;
  seen.add(key);
  const way = [...names, first.name].join(' → ');
  report({ severity: 'error', pointer: `${first.pointer}/needs`, message: `the tasks wait for each other: ${way}` });
}
