/** Where the tasks of a job publish: usable names, no target twice, and no withdrawal by what was never read. */
import { coverageOf, type Reader } from '../../component/reader.ts';
import type { Writer } from '../../component/writer.ts';
import type { CheckedComponent } from './check-components.ts';
import type { Report } from './problem.ts';

export interface TaskTargets {
  readonly task: string;
  readonly readers: readonly (CheckedComponent<Reader> | undefined)[];
  readonly writers: readonly (CheckedComponent<Writer> | undefined)[];
}

interface Target {
  readonly task: string;
  readonly name: string;
  readonly pointer: string;
  readonly withdraws: boolean;
}

const TABLE = /^[a-z_][a-z0-9_]{0,62}$/;

export function checkTargets(tasks: readonly TaskTargets[], report: Report): void {
  const targets: Target[] = [];
  for (const { task, readers, writers } of tasks) {
    const partial = readers.find(isPartial);
    for (const writer of writers) {
      if (writer?.args === undefined) continue;
      const target = describe(task, writer, writer.args.value, report);
      if (target.withdraws && partial !== undefined) reportPartial(target, partial.component.type, report);
      const other = targets.find(({ name }) => name === target.name);
      if (other !== undefined) reportTwice(target, other, report);
      targets.push(target);
    }
  }
}

/** Args that do not fit have been reported, and say nothing here. */
function isPartial(reader: CheckedComponent<Reader> | undefined): boolean {
  if (reader === undefined) return false;
  const { component, args } = reader;
  return (args === undefined ? component.coverage : coverageOf(component, args.value)) === 'incremental';
}

function describe(task: string, writer: CheckedComponent<Writer>, args: unknown, report: Report): Target {
  const { component, draft } = writer;
  if (component.receives === 'table' && !TABLE.test(component.table(args))) {
    const found = JSON.stringify(component.table(args));
    const expected =
      'a table name of lower-case letters, digits and underscores, at most 63, not beginning with a digit';
    report({
      severity: 'error',
      pointer: `${draft.pointer}/args/table`,
      message: `expected ${expected}, found ${found}`,
      expected,
      found,
    });
  }
  return {
    task,
    name: component.targetName(args),
    pointer: draft.pointer,
    withdraws: component.onMissing(args) === 'withdraw',
  };
}

function reportPartial({ pointer }: Target, reader: string, report: Report): void {
  report({
    severity: 'error',
    pointer: `${pointer}/args/on_missing`,
    message: `"${reader}" delivers only what changed, so a record that is missing has not been removed: set "on_missing" to "keep"`,
    expected: '"keep"',
    found: '"withdraw"',
    suggestion: 'keep',
  });
}

function reportTwice(target: Target, other: Target, report: Report): void {
  if (target.task === other.task) {
    const message = `publishes to ${target.name}, and so does ${other.pointer}: one of the two is enough`;
    report({ severity: 'error', pointer: target.pointer, message });
  } else if (target.withdraws || other.withdraws) {
    const message =
      `publishes to ${target.name} like the task "${other.task}", and one of them withdraws what it does not find: ` +
      'they would remove each other\'s records. Set "on_missing" to "keep" in both, or use two targets';
    report({ severity: 'error', pointer: `${target.pointer}/args/on_missing`, message, suggestion: 'keep' });
  }
}
