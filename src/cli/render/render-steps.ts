/** Renders the duration of each step of a run, and how often it was tried and why. */
import type { StepAttempt } from '../../postgres/ledger/run-log.ts';
import { formatDuration, formatNumber, formatTime } from './format-number.ts';
import { printable } from './printable.ts';
import { renderTable } from './render-table.ts';
import { fitText, PLAIN, type Page } from './page.ts';

export interface StepSummary {
  readonly step: string;
  readonly task: string | null;
  /** The number of partitions or notices that ran at the same time. */
  readonly parts: number;
  readonly started_at: string;
  /** Null if the step is still running, or was lost with its worker. */
  readonly ended_at: string | null;
  /** From the first attempt to the end of the last. */
  readonly took_ms: number | null;
  /** The sum of all partitions. */
  readonly attempts: number;
  /** Why there was more than one, in order. */
  readonly retries: readonly { readonly at: string; readonly cause: string }[];
}

const PHASES: Readonly<Record<string, string>> = {
  fetchSource: 'fetch',
  stagePartition: 'stage',
  compareTargets: 'compare',
  measureImpact: 'impact',
  awaitApproval: 'ask for approval',
  applyChanges: 'apply',
  finishRun: 'finish',
};

export function summariseSteps(attempts: readonly StepAttempt[]): readonly StepSummary[] {
  return groupBy(attempts, ({ step, task }) => `${step} ${task ?? ''}`).flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [summarise(first, group)];
  });
}

/** Partitions are staged at the same time, so the step ends with the last of them. */
function summarise(first: StepAttempt, group: readonly StepAttempt[]): StepSummary {
  const parts = groupBy(group, ({ part }) => part ?? '');
  const ends = parts.map((attempts) => attempts.at(-1)?.ended_at ?? null);
  const ended_at = ends.includes(null) ? null : (ends.toSorted().at(-1) ?? null);
  const failed = parts.flatMap((attempts) => attempts.slice(0, -1));
  return {
    step: PHASES[first.step] ?? first.step,
    task: first.task,
    parts: parts.length,
    started_at: first.started_at,
    ended_at,
    took_ms: ended_at === null ? null : Date.parse(ended_at) - Date.parse(first.started_at),
    attempts: group.length,
    retries: failed.map((attempt) => ({ at: attempt.started_at, cause: causeOf(attempt) })),
  };
}

function groupBy(attempts: readonly StepAttempt[], keyOf: (attempt: StepAttempt) => string): StepAttempt[][] {
  const groups = new Map<string, StepAttempt[]>();
  for (const attempt of attempts) {
    const group = groups.get(keyOf(attempt));
    if (group === undefined) groups.set(keyOf(attempt), [attempt]);
    else group.push(attempt);
  }
  return [...groups.values()];
}

function causeOf({ error, ended_at }: StepAttempt): string {
  if (error !== null) return `${error.code}: ${error.message}`;
  return ended_at === null ? 'its worker was lost, or it was given up' : 'the workflow went back to it';
}

export function renderSteps(steps: readonly StepSummary[], hasTasks: boolean, page: Page = PLAIN): string {
  if (steps.length === 0) return '';
  const rows = steps.map(({ step, task, parts, started_at, took_ms, attempts }) => [
    (hasTasks && task !== null ? `${step} ${task}` : step) + (parts > 1 ? ` (${String(parts)} parts)` : ''),
    formatTime(started_at),
    took_ms === null ? '' : formatDuration(took_ms),
    formatNumber(attempts),
  ]);
  const retries = steps.flatMap(({ step, retries: causes }) =>
    causes.map(({ at, cause }) => `  ${step} at ${formatTime(at)}: ${printable(cause, 300)}\n`),
  );
  const table = renderTable(
    [
      { title: 'step', wraps: true },
      { title: 'began' },
      { title: 'took', align: 'right' },
      { title: 'attempts', align: 'right' },
    ],
    rows,
    '  ',
    page,
  );
  return fitText(`\n${table}${retries.length === 0 ? '' : `\nTried again\n${retries.join('')}`}`, page);
}
