/** An assertion of ours failed. */
import type { CodeText } from './code-text.ts';

export const INTERNAL_CODES = {
  E_CONSERVATION: {
    meaning: 'The counts of a run do not add up.',
    remedy: 'Nothing was published. Please report it with the output of `vocab-sync show RUN --json`.',
  },
  E_TARGET_CHANGED: {
    meaning: 'The target changed between the plan and its publication.',
    remedy: 'Nothing was published. Run again; check who else writes into the table.',
  },
  E_INTERNAL: {
    meaning: 'Something happened that the code takes for impossible.',
    remedy: 'Please report it with the details of the error.',
  },
} as const satisfies Record<string, CodeText>;
