/**
 * `watermark JOB show`: the watermark of a job with its reason, the start of the next run, and the runs that did not
 * move the watermark.
 */
import type { Job } from '../../../job/schema/job.ts';
import { explainWatermark, nextSince } from '../../../pipeline/resolve/next-since.ts';
import type { Pool } from '../../../postgres/pool.ts';
import { isInFuture, listIdleRuns, listWatermarkChanges, type IdleRun } from '../../../postgres/ledger/watermark.ts';
import { formatTime } from '../../render/format-number.ts';
import { hint, PLAIN, type Page } from '../../render/page.ts';
import { colourOfState } from '../../render/render-report.ts';
import { renderFields, renderTable } from '../../render/render-table.ts';
import { shortId } from '../../render/short-id.ts';

export interface WatermarkReport {
  readonly job: string;
  /** Null: the next run reads everything. */
  readonly watermark: string | null;
  readonly reason: string;
  /** It is later than now, so runs are refused until it is set or cleared. */
  readonly is_in_future: boolean;
  /** The run it came from; null where it came from no run. */
  readonly run: string | null;
  readonly next_since: string | null;
  readonly next_since_reason: string;
  readonly since_overlap: string | Readonly<Record<string, number>> | null;
  readonly accept_partial: boolean;
  /** Runs that started since then and did not move it, newest first. */
  readonly idle_runs: readonly {
    readonly run: string;
    readonly started_at: string;
    readonly outcome: string | null;
    readonly why: string;
  }[];
  /** What operators set and cleared, newest first. */
  readonly changes: readonly {
    readonly at: string;
    readonly by: string;
    readonly since: string | null;
    readonly reason: string | null;
  }[];
}

const MOST_RUNS = 10;
const MOST_CHANGES = 10;

export async function reportWatermark(
  pool: Pool,
  job: Pick<Job, 'id' | 'accept_partial' | 'since_overlap'>,
): Promise<WatermarkReport> {
  const { watermark, time, reason } = await nextSince(pool, job);
  const [idle, changes] = await Promise.all([
    listIdleRuns(pool, job.id, watermark, MOST_RUNS),
    listWatermarkChanges(pool, job.id, MOST_CHANGES),
  ]);
  return {
    job: job.id,
    watermark: watermark.time?.toISOString() ?? null,
    reason: explainWatermark(watermark),
    is_in_future: watermark.time !== undefined && (await isInFuture(pool, watermark.time)),
    run: watermark.kind === 'run' ? watermark.run.run : null,
    next_since: time?.toISOString() ?? null,
    next_since_reason: reason,
    since_overlap: job.since_overlap ?? null,
    accept_partial: job.accept_partial,
    idle_runs: idle.map((run) => ({
      run: run.run,
      started_at: run.started_at.toISOString(),
      outcome: run.outcome,
      why: whyIdle(run),
    })),
    changes: changes.map(({ at, changed_by, since, reason: why }) => ({
      at: at.toISOString(),
      by: changed_by,
      since: since?.toISOString() ?? null,
      reason: why,
    })),
  };
}

function whyIdle({ outcome, hold, error_code }: IdleRun): string {
  if (hold !== null) return hold;
  switch (outcome) {
    case null:
      return 'it is under way';
    case 'partial':
      return 'records were rejected, and the job does not say accept_partial';
    case 'failed':
      return `it failed${error_code === null ? '' : ` (${error_code})`}`;
    case 'cancelled':
    case 'discarded':
    case 'skipped':
      return `it was ${outcome}`;
    case 'success':
    case 'unchanged':
      return 'it started before the watermark was set by hand';
  }
}

export function renderWatermark(report: WatermarkReport, page: Page = PLAIN): string {
  const stands = (time: string | null): string => (time === null ? 'none' : formatTime(time));
  return [
    `${report.job}\n`,
    renderFields(
      [
        ['watermark', stands(report.watermark)],
        ['why', report.reason],
        ...(report.is_in_future ? [['attention', hint(page, inFuture(report.job))] as const] : []),
        ...(report.since_overlap === null ? [] : [['next since', stands(report.next_since)] as const]),
        ...(report.since_overlap === null ? [] : [['why', report.next_since_reason] as const]),
      ],
      '  ',
      page,
    ),
    ...renderIdle(report, page),
    ...renderSet(report, page),
  ].join('');
}

function inFuture(job: string): string {
  return `it is in the future, so no run starts from it: vocab-sync watermark ${job} set TIME, or clear`;
}

function renderIdle({ idle_runs: runs }: WatermarkReport, page: Page): readonly string[] {
  if (runs.length === 0) return [];
  const rows = runs.map((run) => [shortId(run.run), formatTime(run.started_at), run.outcome ?? 'running', run.why]);
  const columns = [
    { title: 'run' },
    { title: 'started' },
    { title: 'outcome', colour: colourOfState },
    { title: 'did not move it because', wraps: true },
  ];
  return ['\nRuns since then\n', renderTable(columns, rows, '  ', page)];
}

function renderSet({ changes }: WatermarkReport, page: Page): readonly string[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ at, by, since, reason }) => [
    formatTime(at),
    by,
    since === null ? 'cleared' : `set to ${formatTime(since)}`,
    reason ?? '',
  ]);
  const columns = [
    { title: 'at' },
    { title: 'by', wraps: true },
    { title: 'what', wraps: true },
    { title: 'reason', wraps: true },
  ];
  return ['\nSet by hand\n', renderTable(columns, rows, '  ', page)];
}
