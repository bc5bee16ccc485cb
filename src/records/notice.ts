/** What people are told of a run without looking: the events, and the record of what was sent. */
import type { NoticeEvent } from './outcome.ts';
import type { RunReport } from './run.ts';

export interface Notice {
  /** `trial`: nothing happened, somebody tries whether notices arrive. */
  readonly event: NoticeEvent | 'trial';
  readonly report: RunReport;
}
