/** The outcomes and phases of a run, and the events for notifications. */
export type Outcome = 'success' | 'partial' | 'failed' | 'cancelled' | 'unchanged' | 'discarded' | 'skipped';
/** The phase of a run. `waiting` means that a plan or a tripped guard waits for approval. */
export type Phase = 'resolve' | 'fetch' | 'stage' | 'compare' | 'waiting' | 'apply' | 'finish' | 'done';

/**
 * The outcomes of a run; that it waits for approval, and once a day that it still waits; that a rollback undid it; and that
 * failures paused its schedule.
 */
export const NOTICE_EVENTS = [
  'success',
  'partial',
  'failed',
  'cancelled',
  'unchanged',
  'discarded',
  'skipped',
  'waiting',
  'waiting_reminder',
  'rolled_back',
  'schedule_paused',
] as const satisfies readonly (Outcome | 'waiting' | 'waiting_reminder' | 'rolled_back' | 'schedule_paused')[];

export type NoticeEvent = (typeof NOTICE_EVENTS)[number];
