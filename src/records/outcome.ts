/** How a run can end, the phases it goes through, and the events that people can be notified of. */
export type Outcome = 'success' | 'partial' | 'failed' | 'cancelled' | 'unchanged' | 'discarded' | 'skipped';
/** Where a run stands. `waiting` = a plan or a tripped guard waits for approval. */
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
