/** A run or a target is not in the state that the work needs. Nothing is wrong with a file, and waiting does not help. */
import type { CodeText } from './code-text.ts';

export const STATE_CODES = {
  E_RUN_STATE: {
    meaning: 'The run is not in a state in which this can be done.',
    remedy: 'Look at `vocab-sync show RUN` and choose what fits its state.',
  },
  E_TARGET_CHANGED: {
    meaning: 'A target, or another table of the database, was changed, altered or dropped while the run was using it.',
    remedy: 'Nothing was published. Check who else writes or migrates there, then run again.',
  },
} as const satisfies Record<string, CodeText>;
