/**
 * A config as a JSON value → every problem it has, and the job when it has none. Each check reads what was written by
 * itself, so that a mistake in one place does not hide those in another.
 */
import { didYouMean, suggest } from './suggest.ts';
import type { Catalog } from '../../component/catalog.ts';
import { checkArguments } from './check-arguments.ts';
import { checkChain } from './check-chain.ts';
import { checkReader, checkTransformer, checkWriter } from './check-components.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkTargets, type TaskTargets } from './check-targets.ts';
import { checkTexts } from './check-texts.ts';
import { findClockChanges, type ClockSchedule } from '../schedule/clock-changes.ts';
import { restrictsBothDays } from '../schedule/cron.ts';
import { draftTasks, type DraftComponent, type DraftTask } from '../effective/draft-task.ts';
import type { ComponentConfig, Job, Task } from '../schema/job.ts';
import { jobSchema, type JobFile } from '../schema/job-schema.ts';
import { isJsonObject, type JsonObject } from '../../records/json-object.ts';
import { orderTasks } from './order-tasks.ts';
import { isError, mismatch, type Finding, type Report } from './problem.ts';
import { toSchedule } from '../schedule/schedule-schema.ts';
import { unwrapConfig } from '../effective/unwrap-config.ts';
import { parseWithSchema } from './zod-findings.ts';

export interface CheckOptions {
  readonly catalog: Catalog;
  /** Stands in for the id of a pasted config that has none: the name of its file. */
  readonly name?: string;
  /** The vocabularies that have a record schema; absent = not looked at. */
  readonly vocabularies?: ReadonlySet<string>;
  /** A run is to start: an argument without a value is an error. */
  readonly complete?: boolean;
}

export interface CheckedJob {
  /** Only where no finding is an error. */
  readonly job?: Job;
  /** In the form of DESIGN: unwrapped, otherwise as written. */
  readonly config: unknown;
  /** Pointers are those of the value that was given. */
  readonly findings: readonly Finding[];
}

export function checkJob(written: unknown, options: CheckOptions): CheckedJob {
  const { complete } = options;
  const findings = new Map<string, Finding>();
  let toWritten = (pointer: string): string => pointer;
  const report: Report = (finding) => {
    const placed = { ...finding, pointer: toWritten(finding.pointer) };
    findings.set(`${placed.pointer}\n${placed.message}`, placed);
  };
  const unwrapped = unwrapConfig(written, options.name, report);
  toWritten = (pointer) => unwrapped.toWritten(pointer);
  const { config } = unwrapped;
  if (!isJsonObject(config)) {
    return { config, findings: [mismatch('', 'a job: a JSON object', config)] };
  }
  const shape = parseWithSchema(jobSchema, config);
  for (const finding of shape.findings) report(finding);
  checkTexts(config, report);
  checkCredentials(config, report);
  const tasks = orderTasks(draftTasks(config, checkArguments(config, report, complete === true), report), report);
  checkNumberOfTasks(tasks.length, config, report);
  checkParts(tasks, options, report);
  if (shape.ok) remarkOn(shape.value, report);
  const list = [...findings.values()];
  if (!shape.ok || list.some(isError)) return { config, findings: list };
  return { job: toJob(shape.value, tasks), config, findings: list };
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

function checkParts(tasks: readonly DraftTask[], { catalog, vocabularies }: CheckOptions, report: Report): void {
  const targets = tasks.map((task): TaskTargets => {
    const readers = task.readers.map((reader) => checkReader(reader, catalog, report));
    for (const transformer of task.transformers) checkTransformer(transformer, catalog, report);
    const writers = task.writers.map((writer) => checkWriter(writer, catalog, report));
    checkChain(readers, catalog, report);
    checkVocabulary(task, vocabularies, report);
    return { task: task.name, readers, writers };
  });
  checkTargets(targets, report);
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
  remark(leftOut, 'do not exist', 'these starts are left out');
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

function toComponent({ type, args }: DraftComponent): ComponentConfig {
  return { type, args };
}
