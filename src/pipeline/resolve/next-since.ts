/** Returns the `since` of a run that was given none: the watermark, less the overlap of the job. */
import type { Job } from '../../job/schema/job.ts';
import { goBack } from '../../job/effective/since.ts';
import { findWatermark, type Watermark } from '../../postgres/ledger/watermark.ts';
import type { Pool, PoolClient } from '../../postgres/pool.ts';

export interface NextSince {
  /** Undefined: everything is read. */
  readonly time: Date | undefined;
  /** Why, as a sentence without its full stop. */
  readonly reason: string;
  readonly watermark: Watermark;
}

/** What `watermark show` prints and what the next run freezes: one answer for both. */
export async function nextSince(
  db: Pool | PoolClient,
  { id, accept_partial, since_overlap }: Pick<Job, 'id' | 'accept_partial' | 'since_overlap'>,
): Promise<NextSince> {
  const watermark = await findWatermark(db, id, accept_partial);
  const reason = explainWatermark(watermark);
  if (watermark.time === undefined || since_overlap === undefined) return { time: watermark.time, reason, watermark };
  const overlap = typeof since_overlap === 'string' ? since_overlap : JSON.stringify(since_overlap);
  return { time: goBack(watermark.time, since_overlap), reason: `${reason}, less the overlap ${overlap}`, watermark };
}

/** The reason for the value of the watermark. */
export function explainWatermark(watermark: Watermark): string {
  switch (watermark.kind) {
    case 'none':
      return 'no run of this job has succeeded on its own source yet';
    case 'set':
      return `set by ${watermark.change.changed_by} at ${watermark.change.at.toISOString()}${because(watermark.change.reason)}`;
    case 'cleared':
      return `cleared by ${watermark.change.changed_by} at ${watermark.change.at.toISOString()}${because(watermark.change.reason)}`;
    case 'run':
      return `start of the last successful run ${watermark.run.run}${qualified(watermark.run.outcome)}`;
  }
}

function because(reason: string | null): string {
  return reason === null ? '' : ` (${reason})`;
}

function qualified(outcome: string): string {
  if (outcome === 'unchanged') return ', which found nothing new';
  return outcome === 'partial' ? ', which was partial (the job says accept_partial)' : '';
}
