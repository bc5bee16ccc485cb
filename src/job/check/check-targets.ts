/**
 * Checks the targets of the tasks of a job: valid names, no target twice, and no withdrawal of records that were never
 * read.
 */
import { coverageOf, type Reader } from '../../component/reader.ts';
import type { Writer } from '../../component/writer.ts';
import type { CheckedComponent } from './check-components.ts';
import { canonicalJson, isJsonObject } from '../../records/json-object.ts';
import { findReferences } from '../effective/references.ts';
import { toPointer, type Path } from '../pointer.ts';
import type { Report } from './problem.ts';

export interface TaskTargets {
  readonly task: string;
  readonly readers: readonly (CheckedComponent<Reader> | undefined)[];
  readonly writers: readonly (CheckedComponent<Writer> | undefined)[];
}

export interface CheckedTarget {
  readonly task: string;
  readonly name: string;
  readonly pointer: string;
  readonly withdraws: boolean;
}

const TABLE = /^[a-z_][a-z0-9_]{0,62}$/;

/** Returns the targets whose writers have args that fit. */
export function checkTargets(tasks: readonly TaskTargets[], report: Report): readonly CheckedTarget[] {
  const targets: CheckedTarget[] = [];
  for (const { task, readers, writers } of tasks) {
    const partial = readers.find(isPartial);
    checkLayers(writers, report);
    for (const writer of writers) {
      if (writer?.args === undefined) continue;
      const target = describe(task, writer, writer.args.value, report);
      if (target.withdraws && partial !== undefined) reportPartial(target, partial.component.type, report);
      const other = targets.find(({ name }) => name === target.name);
      if (other !== undefined) reportTwice(target, other, report);
      targets.push(target);
    }
  }
  return targets;
}

/** A task stages either whole records or the parts of one layer. */
function checkLayers(writers: TaskTargets['writers'], report: Report): void {
  const drafts = writers.flatMap((writer) => (writer === undefined ? [] : writer.draft));
  const [first] = drafts;
  for (const { layer, pointer } of drafts) {
    if (canonicalJson(layer) === canonicalJson(first?.layer)) continue;
    const message = `expected the same "layer" as ${first?.pointer ?? ''}: a task publishes either whole records or the parts of one layer`;
    report({ severity: 'error', pointer, message });
  }
}

/** Args that do not fit have been reported, and say nothing here. */
function isPartial(reader: CheckedComponent<Reader> | undefined): boolean {
  if (reader === undefined) return false;
  const { component, args } = reader;
  return (args === undefined ? component.coverage : coverageOf(component, args.value)) === 'incremental';
}

function describe(task: string, writer: CheckedComponent<Writer>, args: unknown, report: Report): CheckedTarget {
  const { component, draft } = writer;
  for (const { path } of findReferences(draft.args).filter(({ kind }) => kind === '$secret')) {
    if (namesTarget(writer, args, path)) reportSecretTarget(`${draft.pointer}/args${toPointer(path)}`, report);
  }
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

/** Whether the name of the target follows an argument: another value in its place gives another name. */
function namesTarget({ component }: CheckedComponent<Writer>, args: unknown, path: Path): boolean {
  const nameWith = (text: string): string => {
    const changed = replaceAt(args, path, text);
    return `${component.targetName(changed)} ${component.receives === 'table' ? component.table(changed) : ''}`;
  };
  return nameWith('one') !== nameWith('other');
}

function replaceAt(value: unknown, [step, ...rest]: Path, text: string): unknown {
  if (step === undefined) return text;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === step ? replaceAt(item, rest, text) : item));
  if (!isJsonObject(value)) return value;
  return { ...value, [step]: replaceAt(value[step], rest, text) };
}

function reportSecretTarget(pointer: string, report: Report): void {
  const expected = 'a name in the job itself: it names the target, which is shown, logged and stored';
  const message = `expected ${expected}; found a $secret`;
  report({ severity: 'error', pointer, message, expected, found: 'a $secret' });
}

function reportPartial({ pointer }: CheckedTarget, reader: string, report: Report): void {
  report({
    severity: 'error',
    pointer: `${pointer}/args/on_missing`,
    message: `"${reader}" delivers only what changed, so a record that is missing has not been removed: set "on_missing" to "keep"`,
    expected: '"keep"',
    found: '"withdraw"',
    suggestion: 'keep',
  });
}

function reportTwice(target: CheckedTarget, other: CheckedTarget, report: Report): void {
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
