/** A run or a target is not in the state that the work needs. Nothing is wrong with a file, and waiting does not help. */
import type { CodeText } from './code-text.ts';

export const STATE_CODES = {
  E_LEDGER_ROW: {
    meaning: 'A column of the ledger holds JSON that no release of vocab-sync stores there.',
    remedy: 'Find out who edited the row that the message names, and restore it from a backup of the database.',
  },
  E_RUN_STATE: {
    meaning: 'The state of the run does not allow this.',
    remedy: 'See `vocab-sync show RUN`, and choose a command that fits the state.',
  },
  E_TARGET_CHANGED: {
    meaning: 'A target, or another table of the database, was changed or dropped while the run was using it.',
    remedy: 'Nothing was published. Check which other program writes there or changes tables, then run again.',
  },
} as const satisfies Record<string, CodeText>;
