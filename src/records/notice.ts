/** The notices of a run: their events, and the record of the sent ones. */
import type { NoticeEvent } from './outcome.ts';
import type { RunReport } from './run.ts';

export interface Notice {
  /** `trial`: a test of the channels, without an event. */
  readonly event: NoticeEvent | 'trial';
  readonly report: RunReport;
}
