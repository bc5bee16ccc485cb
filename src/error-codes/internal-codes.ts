/** An assertion in vocab-sync failed. */
import type { CodeText } from './code-text.ts';

export const INTERNAL_CODES = {
  E_CONSERVATION: {
    meaning: 'The counts of a run do not add up.',
    remedy: 'Nothing was published. Please report it with the output of `vocab-sync show RUN --json`.',
  },
  E_COMPONENT_CRASH: {
    meaning: 'A reader, transformer or writer threw an unexpected error.',
    remedy: 'Fix the component if it is a plug-in; report it with the message if it ships with vocab-sync.',
  },
  E_INTERNAL: {
    meaning: 'The program reached a state that should be impossible.',
    remedy: 'Please report it with the details of the error.',
  },
} as const satisfies Record<string, CodeText>;
