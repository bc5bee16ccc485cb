/** Combines the ledger and the last heartbeats into the facts of one progress line. */
import type { RunProgress } from '../../postgres/ledger/history.ts';
import type { ProgressFacts } from './progress-line.ts';

/** Returns the progress from heartbeats for a step without checkpoints, such as a download. */
export interface LiveProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly records: number;
}

export function toProgressFacts(progress: RunProgress, live: LiveProgress | undefined): ProgressFacts {
  const several = progress.tasks.length > 1;
  const task = several
    ? progress.tasks.findLast(({ counts, source }) => counts.read > 0 || source !== null)
    : progress.tasks[0];
  return {
    phase: progress.phase,
    ...(several && task !== undefined ? { task: task.name } : {}),
    ...(task === undefined || task.source === null ? {} : { source: task.source }),
    records: Math.max(task?.counts.read ?? 0, progress.phase === 'stage' ? (live?.records ?? 0) : 0),
    rejected: task?.counts.rejected ?? 0,
    bytes: Math.max(progress.phase === 'fetch' ? 0 : (task?.bytes ?? 0), live?.bytes ?? 0),
    totalBytes: Math.max(progress.phase === 'fetch' ? 0 : (task?.totalBytes ?? 0), live?.totalBytes ?? 0),
  };
}
