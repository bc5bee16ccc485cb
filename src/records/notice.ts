/** What people are told of a run without looking: the events, and the record of what was sent. */
import type { Outcome, RunReport } from './run.ts';

/** The outcomes of a run that took the job, that it waits for approval, and that failures paused its schedule. */
export const NOTICE_EVENTS = [
  'success',
  'partial',
  'failed',
  'cancelled',
  'unchanged',
  'discarded',
  'waiting',
  'schedule_paused',
] as const satisfies readonly (Exclude<Outcome, 'skipped'> | 'waiting' | 'schedule_paused')[];

export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

export interface Notice {
  readonly event: NoticeEvent;
  readonly report: RunReport;
}

/** One attempt to tell one channel, as `show` reports it. */
export interface NoticeReport {
  readonly event: NoticeEvent;
  /** `webhook 1`, `chat 2`, `email 3`: the type and the place in the job's `notify`. Addresses stay in the job. */
  readonly channel: string;
  /** Null: not delivered so far. */
  readonly sent_at: string | null;
  /** Why it was not delivered. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}
