/** The report of a run for people: source, counts, targets, warnings, guards, where to look. */
import { ERROR_CODES } from '../../error-codes.ts';
import { fillRemedy } from '../fill-remedy.ts';
import type { RunFailure, RunReport, TaskReport } from '../../records/run.ts';
import { renderDrift } from './render-drift.ts';
import { formatBytes, formatDuration, formatNumber, formatTime } from './format-number.ts';
import { printable } from './printable.ts';
import { renderFields, renderTable, type TableColumn } from './render-table.ts';
import { fitText, hint, paint, PLAIN, type Colour, type Page } from './page.ts';

export function renderReport(report: RunReport, page: Page = PLAIN): string {
  const sections = [
    renderHead(report, page),
    ...report.tasks.map((task) => renderTask(task, report, page)),
    ...(report.error === null ? [] : [renderError(report.error, report, page)]),
    ...(report.skipped_because === undefined ? [] : [`${report.skipped_because}\n`]),
    ...(report.held_by === undefined
      ? []
      : [
          hint(
            page,
            `Run ${report.held_by.run} holds this job (phase ${report.held_by.phase}). Look at it: vocab-sync show ${report.held_by.run}\n`,
          ),
        ]),
    ...(report.web_ui === null ? [] : [`Web UI  ${report.web_ui}\n`]),
  ];
  return fitText(sections.filter((section) => section !== '').join('\n'), page);
}

function renderHead(report: RunReport, page: Page): string {
  const state = stateOf(report);
  return [
    `${paint(page, 'bold', printable(report.title))}: ${paint(page, colourOfState(state), state)}${tookOf(report)}\n`,
    renderFields(
      [
        ['run', report.run],
        ['job', jobOf(report)],
        // A rollback has no workflow: its row names that of the run that it undoes.
        ...(report.mode === 'rollback' ? [] : [['workflow', report.workflow_id] as const]),
        // One that was skipped never came to read anything.
        ...(report.mode === 'rollback' || report.outcome === 'skipped' ? [] : [['since', sinceOf(report)] as const]),
        ['started', startOf(report)],
        ...decidedBy(report),
        ...(report.cancelled_by === undefined ? [] : [['cancelled', byWhom(report.cancelled_by)] as const]),
        ...undoneBy(report),
        ...(report.retries === undefined ? [] : [['retries', `the rejections of run ${report.retries}`] as const]),
        ...(report.schedule_paused === undefined
          ? []
          : [['schedule', printable(report.schedule_paused, 400)] as const]),
        ...toldOf(report),
      ],
      '  ',
      page,
    ),
  ].join('');
}

function tookOf({ started_at, finished_at, decision }: RunReport): string {
  if (finished_at === null) return '';
  const took = formatDuration(Date.parse(finished_at) - Date.parse(started_at));
  return ` in ${took}${decision === undefined || decision === null ? '' : ', including the wait for a decision'}`;
}

function jobOf({ job, version, mode }: RunReport): string {
  const number = version === undefined || version === null ? '' : `, version ${String(version)}`;
  return `${job}${number}${mode === 'run' ? '' : ` (${mode})`}`;
}

function sinceOf({ since, since_reason: reason }: RunReport): string {
  const time = since === null ? 'the beginning' : formatTime(since);
  return reason === undefined ? time : `${time} (${printable(reason)})`;
}

function startOf({ started_at, started_by, trigger }: RunReport): string {
  const by = trigger === 'schedule' ? ' by its schedule' : ` by ${printable(started_by ?? 'unknown')}`;
  return `${formatTime(started_at)}${started_by === undefined ? '' : by}`;
}

function decidedBy({ decision, waiting_until: until, outcome }: RunReport): [string, string][] {
  if (until !== undefined && until !== null) return [['waits until', formatTime(until)]];
  if (decision === undefined || decision === null) return [];
  const verb = outcome === 'discarded' ? 'discarded' : 'approved';
  return [
    [verb, `by ${printable(decision.by)}${decision.reason === undefined ? '' : `: ${printable(decision.reason)}`}`],
  ];
}

function byWhom(by: string): string {
  return by === 'in Temporal' ? by : `by ${printable(by)}`;
}

function toldOf({ notices = [] }: RunReport): [string, string][] {
  return notices.map(({ event, channel, sent_at: at, failure }) =>
    at === null
      ? [
          'not notified',
          `${channel} of ${event}: ${printable(failure === null ? '' : `${failure.code} ${failure.message}`)}`,
        ]
      : ['notified', `${channel} of ${event}, ${formatTime(at)}`],
  );
}

function undoneBy({ rolls_back: of, rolled_back_by: by }: RunReport): [string, string][] {
  const undone: [string, string][] = by === undefined ? [] : [['rolled back', `by run ${by}`]];
  return of === undefined ? undone : [['rolls back', `run ${of}`], ...undone];
}

function renderError({ code, message }: RunFailure, { run, job, version }: RunReport, page: Page): string {
  // A job without a version came from a file, and commands do not find it by its name.
  const names = { run, ...(typeof version === 'number' ? { job } : {}) };
  const remedy = Object.hasOwn(ERROR_CODES, code) ? `  what to do: ${fillRemedy(code, names)}\n` : '';
  return `${paint(page, 'red', `Error ${code}`)}\n  ${printable(message)}\n${remedy}`;
}

/** `waiting for approval`, `running (stage)`, `success`. */
export function stateOf(run: Pick<RunReport, 'outcome' | 'phase'> & { rolled_back_by?: string | null }): string {
  if (run.rolled_back_by !== undefined && run.rolled_back_by !== null) return 'rolled back';
  if (run.outcome !== null) return run.outcome;
  return run.phase === 'waiting' ? 'waiting for approval' : `running (${run.phase})`;
}

/** Returns the colour for a result of `stateOf`. */
export function colourOfState(state: string): Colour | undefined {
  if (state === 'success' || state === 'unchanged') return 'green';
  if (state === 'failed') return 'red';
  return state === 'skipped' ? 'dim' : 'yellow';
}

const COUNTS = ['read', 'filtered', 'duplicates', 'rejected', 'staged'] as const;
const CHANGES = [
  ...([
    'inserted',
    'updated',
    'overwritten',
    'restored',
    'withdrawn',
    'unchanged',
    'waiting',
    'adopted',
    'rejected',
    'kept',
  ] as const),
];
const RARE: ReadonlySet<string> = new Set(['overwritten', 'waiting', 'adopted', 'kept']);

function renderTask(task: TaskReport, report: RunReport, page: Page): string {
  const heading = report.tasks.length > 1 ? `Task ${task.name}: ${task.outcome ?? 'not ended'}\n` : '';
  const read =
    task.counts.read === 0
      ? ''
      : renderTable(COUNTS.map(rightColumn), [COUNTS.map((name) => formatNumber(task.counts[name]))], '  ', page);
  return [
    heading + renderSource(task),
    read,
    renderDrift(task.drift ?? [], page),
    renderTargets(task, report, page),
    renderUnfinished(task),
    renderWarnings(task),
    renderTrips(task),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function renderSource({ source }: TaskReport): string {
  if (source === null) return '';
  const name = source.version === source.name ? source.name : `${source.name} (${source.version})`;
  const bytes = source.bytes > 0 ? `, ${formatBytes(source.bytes)}` : '';
  const digest = source.digest === '' ? '' : `    ${printable(source.digest)}\n`;
  return `  source  ${printable(name, 120)}${bytes}\n${digest}`;
}

function renderTargets(task: TaskReport, report: RunReport, page: Page): string {
  if (task.targets.length === 0) return '';
  const title = report.outcome === null ? 'would be' : 'target';
  // Only targets that others can edit have records that were adopted, kept or overwritten; only layers wait.
  const columns = CHANGES.filter((name) => !RARE.has(name) || task.targets.some((target) => (target[name] ?? 0) > 0));
  return renderTable(
    [{ title, heading: true }, ...columns.map(rightColumn)],
    task.targets.map((target) => [target.name, ...columns.map((name) => formatNumber(target[name] ?? 0))]),
    '  ',
    page,
  );
}

function renderUnfinished({ unfinished = [] }: TaskReport): string {
  const lines = unfinished.map(({ target, done, planned, error }) => {
    const why = error === null ? '' : `: ${error.code} ${printable(error.message, 500)}`;
    return `  ${target}: ${formatNumber(done)} of ${formatNumber(planned)} changes${why}\n`;
  });
  return lines.length === 0 ? '' : `Not published completely\n${lines.join('')}`;
}

function renderWarnings({ warnings }: TaskReport): string {
  if (warnings.length === 0) return '';
  const lines = warnings.flatMap(({ code, count, samples }) => [
    `  ${code}: ${formatNumber(count)}\n`,
    ...samples.slice(0, 3).map((sample) => `    ${printable(sample, 200)}\n`),
  ]);
  return `Warnings\n${lines.join('')}`;
}

function renderTrips({ trips }: TaskReport): string {
  if (trips.length === 0) return '';
  return `Guards that tripped\n${trips.map(({ guard, message }) => `  ${guard}: ${printable(message)}\n`).join('')}`;
}

function rightColumn(title: string): TableColumn {
  return { title, align: 'right', droppable: true };
}
