/**
 * A config as a JSON value → every problem it has, and the job when it has none. Each check reads what was written by
 * itself, so that a mistake in one place does not hide those in another.
 */
import { didYouMean, suggest } from './suggest.ts';
import type { Catalog } from '../../component/catalog.ts';
import { checkArguments } from './check-arguments.ts';
import type { CompileArguments } from './compile-arguments.ts';
import { checkReader, checkTransformer, checkWriter, checkChain } from './check-components.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkTargets, type CheckedTarget, type TaskTargets } from './check-targets.ts';
import { checkTexts } from './check-texts.ts';
import { findClockChanges, type ClockSchedule } from '../schedule/clock-changes.ts';
import { restrictsBothDays } from '../schedule/cron.ts';
import { draftTasks, type DraftComponent, type DraftTask } from '../effective/draft-task.ts';
import type { ComponentConfig, Job, Task } from '../schema/job.ts';
import { jobSchema, layerSchema, type JobFile } from '../schema/job-schema.ts';
import { isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { withDefaults } from '../schema/args-schema.ts';
import { orderTasks } from './order-tasks.ts';
import { isError, mismatch, type Finding, type Report } from './problem.ts';
import { toSchedule } from '../schedule/schedule-schema.ts';
import { bindTargets } from '../effective/bind-targets.ts';
import { describeFixtures, unwrapConfig } from '../effective/unwrap-config.ts';
import { parseWithSchema } from './zod-findings.ts';

export interface CheckOptions {
  readonly catalog: Catalog;
  /** The id of a pasted config without one: the name of its file. */
  readonly name?: string;
  /** The vocabularies that have a record schema; absent = not looked at. */
  readonly vocabularies?: ReadonlySet<string>;
  /** A run is to start: an argument without a value is an error. */
  readonly complete?: boolean;
}

export interface CheckedJob {
  /** Only where no finding is an error. */
  readonly job?: Job;
  /** Unwrapped, otherwise as written. Logical names of targets are still in it. */
  readonly config: unknown;
  /** The targets of the writers, for each that a logical name is bound to. */
  readonly bound: readonly BoundWriter[];
  /** Pointers are those of the value that was given. */
  readonly findings: readonly Finding[];
}

export interface BoundWriter {
  /** As the job names it: `affiliations`. */
  readonly name: string;
  /** As reports name it: `invenio-rdm:rdm.example.org/api/affiliations`. */
  readonly target: string;
}

export async function checkJob(written: unknown, options: CheckOptions): Promise<CheckedJob> {
  const { complete } = options;
  const findings = new Map<string, Finding>();
  let toWritten = (pointer: string): string => pointer;
  const report: Report = (finding) => {
    const placed = { ...finding, pointer: toWritten(finding.pointer) };
    findings.set(`${placed.pointer}\n${placed.message}`, placed);
  };
  const fixtures = describeFixtures(written);
  if (fixtures !== undefined) {
    return { config: written, bound: [], findings: [{ severity: 'error', pointer: '', message: fixtures }] };
  }
  const unwrapped = unwrapConfig(written, options.name, report);
  toWritten = (pointer) => unwrapped.toWritten(pointer);
  if (!isJsonObject(unwrapped.config)) {
    const findings = [mismatch('', 'a job: a JSON object', unwrapped.config)];
    return { config: unwrapped.config, bound: [], findings };
  }
  const { config, names } = bindTargets(unwrapped.config, options.catalog, report);
  const shape = parseWithSchema(jobSchema, config);
  for (const finding of shape.findings) report(finding);
  checkTexts(config, report);
  checkCredentials(config, report);
  const sets = checkArguments(config, report, await argumentsCompiler(config), complete === true);
  const tasks = orderTasks(draftTasks(config, sets, report), report);
  checkNumberOfTasks(tasks.length, config, report);
  const targets = await checkParts(tasks, options, report);
  const checked = { config: unwrapped.config, bound: toBound(names, targets) };
  if (shape.ok) remarkOn(shape.value, report);
  const list = [...findings.values()];
  if (!shape.ok || list.some(isError)) return { ...checked, findings: list };
  return { job: toJob(shape.value, tasks), ...checked, findings: list };
}

/**
 * The job of a config that an earlier release checked and stored with a run, with its targets bound. Whether its components
 * exist and accept their arguments is not checked again.
 */
export function readCheckedConfig(config: unknown): Pick<CheckedJob, 'job' | 'findings'> {
  const ignore: Report = () => undefined;
  if (!isJsonObject(config)) return { findings: [mismatch('', 'a job: a JSON object', config)] };
  const bound = bindTargets(config, { targets: new Map() }, ignore).config;
  const shape = parseWithSchema(jobSchema, bound);
  if (!shape.ok) return { findings: shape.findings };
  const tasks = orderTasks(draftTasks(bound, checkArguments(bound, ignore, fillsInDefaults), ignore), ignore);
  return { job: toJob(shape.value, tasks), findings: [] };
}

const fillsInDefaults: CompileArguments = (declared) => (values) => {
  Object.assign(values, withDefaults(values, declared));
  return [];
};

async function argumentsCompiler(config: JsonObject): Promise<CompileArguments> {
  if (!Object.hasOwn(config, 'arguments')) return () => undefined;
  return (await import('./compile-arguments.ts')).compileArguments;
}

/** A matrix repeats a writer; equal targets of one name are one. */
function toBound(names: ReadonlyMap<string, string>, targets: readonly CheckedTarget[]): BoundWriter[] {
  const bound = targets.flatMap(({ pointer, name: target }) => {
    const name = names.get(pointer);
    return name === undefined ? [] : [{ name, target }];
  });
  return [...new Map(bound.map((one) => [`${one.name} ${one.target}`, one])).values()];
}

/**
 * All tasks of a run share one history, which Temporal ends at 51,200 events. A task of eight partitions that waits for
 * approval takes 84 of them (test/workflows/histories/two-large-tasks.json), so 200 leave room for stages that are lost.
 */
export const MOST_TASKS = 200;

function checkNumberOfTasks(count: number, config: JsonObject, report: Report): void {
  if (count <= MOST_TASKS) return;
  const cells = Object.hasOwn(config, 'matrix') ? ', which is the tasks times the combinations of the matrix' : '';
  report({
    severity: 'error',
    pointer: Object.hasOwn(config, 'matrix') ? '/matrix' : '/tasks',
    message: `expected at most ${String(MOST_TASKS)} tasks in one run, found ${String(count)}${cells}: split the job into several`,
    expected: `at most ${String(MOST_TASKS)} tasks`,
    found: String(count),
  });
}

async function checkParts(
  tasks: readonly DraftTask[],
  { catalog, vocabularies }: CheckOptions,
  report: Report,
): Promise<readonly CheckedTarget[]> {
  const targets: TaskTargets[] = [];
  for (const task of tasks) {
    const readers: TaskTargets['readers'][number][] = [];
    for (const reader of task.readers) readers.push(await checkReader(reader, catalog, report));
    for (const transformer of task.transformers) await checkTransformer(transformer, catalog, report);
    const writers: TaskTargets['writers'][number][] = [];
    for (const writer of task.writers) writers.push(await checkWriter(writer, catalog, report));
    await checkChain(readers, catalog, report);
    checkVocabulary(task, vocabularies, report);
    checkImpact(task, writers, report);
    targets.push({ task: task.name, readers, writers });
  }
  return checkTargets(targets, report);
}

/** A guard that can never be met makes every run wait. */
function checkImpact(task: DraftTask, writers: TaskTargets['writers'], report: Report): void {
  if (task.guards['max_impact'] === undefined) return;
  const canSay = writers.some(
    (writer) => writer?.component.receives === 'changes' && writer.component.countReferences !== undefined,
  );
  if (canSay) return;
  const message =
    'has the guard "max_impact", but no writer can say which records refer to its own: a run that changes or withdraws a record always waits';
  report({ severity: 'warning', pointer: task.pointer, message });
}

function checkVocabulary(task: DraftTask, vocabularies: ReadonlySet<string> | undefined, report: Report): void {
  if (task.vocabulary === undefined) {
    const message = 'names no "vocabulary": its records are published without being checked against a record schema';
    report({ severity: 'warning', pointer: task.pointer, message });
  } else if (vocabularies !== undefined && !vocabularies.has(task.vocabulary)) {
    const known = [...vocabularies].join(', ');
    const nearest = suggest(task.vocabulary, [...vocabularies]);
    const message = `no record schema is called "${task.vocabulary}" (there are: ${known}); its records are published unchecked${nearest === undefined ? '' : didYouMean(nearest)}`;
    const suggestion = nearest === undefined ? {} : { suggestion: nearest };
    report({ severity: 'warning', pointer: `${task.pointer}/vocabulary`, message, ...suggestion });
  }
}

const SHOWN_TIMES = 3;
const WITHOUT_EFFECT = ['batch_size', 'write_many', 'run_subtasks'] as const;

function remarkOn(file: JobFile, report: Report): void {
  for (const key of WITHOUT_EFFECT) {
    if (file[key] === undefined) continue;
    const message = `"${key}" of InvenioRDM has no effect here: batches are always used`;
    report({ severity: 'warning', pointer: `/${key}`, atKey: true, message });
  }
  const schedule = toSchedule(file.schedule);
  if (schedule === undefined && file.pause_after_failures !== undefined) {
    const message = 'has no effect: the job has no schedule that could be paused';
    report({ severity: 'warning', pointer: '/pause_after_failures', message });
  }
  file.notify.forEach(({ on }, index) => {
    if (!on.includes('schedule_paused') || on.length > 1 || file.pause_after_failures !== undefined) return;
    const message = 'has no effect: without "pause_after_failures" the schedule is never paused';
    report({ severity: 'warning', pointer: `/notify/${String(index)}/on`, message });
  });
  if (schedule?.type === 'crontab' && restrictsBothDays(schedule.cron)) {
    const message =
      schedule.days === 'both'
        ? 'day of month and day of week must both fit, as in InvenioRDM; written as "cron", a day that fits either would do'
        : 'a day that fits either day of month or day of week starts the job, as in crontab(5); with the five keys of InvenioRDM it must fit both';
    report({ severity: 'warning', pointer: '/schedule', message });
  }
  if (schedule?.type === 'crontab') remarkOnClocks(schedule, report);
}

function remarkOnClocks(schedule: ClockSchedule, report: Report): void {
  const { leftOut, doubled } = findClockChanges(schedule, new Date());
  const remark = (times: readonly string[], verb: string, effect: string): void => {
    if (times.length === 0) return;
    const more = times.length > SHOWN_TIMES ? ` and ${String(times.length - SHOWN_TIMES)} more` : '';
    const message = `in the next 10 years, the times ${times.slice(0, SHOWN_TIMES).join(', ')}${more} ${verb} in ${schedule.timezone}, because clocks change: ${effect}; choose another hour or the time zone "UTC"`;
    report({ severity: 'warning', pointer: '/schedule', message });
  };
  remark(leftOut, 'do not exist', 'these starts are skipped');
  remark(doubled, 'exist twice', 'the job may start twice');
}

function toJob(file: JobFile, tasks: readonly DraftTask[]): Job {
  const schedule = toSchedule(file.schedule);
  return {
    id: file.id,
    title: file.title,
    ...(file.description === undefined ? {} : { description: file.description }),
    active: file.active,
    queue: file.queue,
    ...(schedule === undefined ? {} : { schedule }),
    tasks: tasks.map(toTask),
    approval_days: file.approval_days,
    reminder_days: file.reminder_days,
    ...(file.impact === undefined ? {} : { impact: file.impact }),
    accept_partial: file.accept_partial,
    ...(file.since_overlap === undefined ? {} : { since_overlap: file.since_overlap }),
    ...(file.pause_after_failures === undefined ? {} : { pause_after_failures: file.pause_after_failures }),
    notify: file.notify,
  };
}

function toTask(draft: DraftTask): Task {
  return {
    name: draft.name,
    needs: draft.needs,
    ...(draft.vocabulary === undefined ? {} : { vocabulary: draft.vocabulary }),
    readers: draft.readers.map(toComponent),
    transformers: draft.transformers.map(toComponent),
    writers: draft.writers.map(toComponent),
    guards: draft.guards,
  };
}

function toComponent({ type, args, layer }: DraftComponent): ComponentConfig {
  return layer === undefined ? { type, args } : { type, args, layer: layerSchema.parse(layer) };
}
