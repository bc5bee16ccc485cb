/** What a command ends with (DESIGN 12). */
import { VocabSyncError } from '../errors.ts';
import type { RunReport } from '../records/run.ts';

export const EXIT = {
  success: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  waiting: 4,
  cancelled: 5,
  unreachable: 6,
  /** Left by Ctrl-C while the run goes on: what shells expect of SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOfReport(report: Pick<RunReport, 'outcome' | 'phase'>): ExitCode {
  switch (report.outcome) {
    case 'success':
    case 'unchanged':
    case 'skipped':
      return EXIT.success;
    case 'partial':
      return EXIT.partial;
    case 'failed':
      return EXIT.failed;
    case 'cancelled':
    case 'discarded':
      return EXIT.cancelled;
    case null:
      return report.phase === 'waiting' ? EXIT.waiting : EXIT.success;
  }
}

/** A server that is away is told apart from a wrong config, so that a script knows whether to try again. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (!(error instanceof VocabSyncError)) return EXIT.failed;
  if (error.kind === 'config' || error.kind === 'state') return EXIT.usage;
  return error.kind === 'unavailable' ? EXIT.unreachable : EXIT.failed;
}
