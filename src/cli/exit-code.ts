/** The exit codes of commands. */
import { VocabSyncError } from '../errors.ts';
import { isDriftMode, type RunReport } from '../records/run.ts';

export const EXIT = {
  success: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  waiting: 4,
  cancelled: 5,
  unreachable: 6,
  /** The command ended by Ctrl-C and the run continues. Shells expect this code for SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A verification, a repair or an adoption that was skipped did not do what it was asked. */
export function exitCodeOfReport(report: Pick<RunReport, 'outcome' | 'phase' | 'mode'>): ExitCode {
  switch (report.outcome) {
    case 'success':
    case 'unchanged':
      return EXIT.success;
    case 'skipped':
      return isDriftMode(report.mode) ? EXIT.usage : EXIT.success;
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

/** An unreachable server has a different code than a wrong config, so that a script knows whether to retry. */
export function exitCodeOfError(error: unknown): ExitCode {
  if (!(error instanceof VocabSyncError)) return EXIT.failed;
  if (error.kind === 'config' || error.kind === 'state') return EXIT.usage;
  return error.kind === 'unavailable' ? EXIT.unreachable : EXIT.failed;
}
