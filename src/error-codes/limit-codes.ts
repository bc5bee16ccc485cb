/** A budget or a guard stopped the work. */
import type { CodeText } from './code-text.ts';

export const LIMIT_CODES = {
  E_ARCHIVE_RATIO: {
    meaning: 'A member of the archive unpacks to implausibly many times its packed size.',
    remedy: 'Raise `max_ratio` of the reader only for a source that you trust.',
  },
  E_ARCHIVE_ENTRIES: {
    meaning: 'The archive has more members than the limit.',
    remedy: 'Raise `max_entries` of the reader only for a source that you trust.',
  },
  E_RDF_TOO_LARGE: {
    meaning: 'The concepts of an RDF document, or a single statement of it, are larger than the limit.',
    remedy:
      'Raise `max_held_bytes` or `max_statement_bytes` of the reader, or VOCAB_SYNC_STEP_MEMORY if the message names it, only for a source that you trust.',
  },
  E_ARCHIVE_SIZE: {
    meaning: 'A member of the archive is larger than the limit.',
    remedy: 'Raise `max_entry_bytes` of the reader only for a source that you trust.',
  },
  E_SOURCE_TOO_LARGE: {
    meaning: 'A download or stream is larger than the limit.',
    remedy: 'Raise `max_bytes` of the reader only for a source that you trust.',
  },
  E_TOO_MANY_REJECTED: {
    meaning: 'More than 100,000 records, and nine of ten that were read, were rejected.',
    remedy: 'Look at them with `vocab-sync rejections RUN`. The source has another shape than the job expects.',
  },
  E_STEP_MEMORY: {
    meaning: 'A step needed more memory than its process may hold, in three attempts in a row.',
    remedy: 'Check the source. Raise VOCAB_SYNC_STEP_MEMORY where the worker runs only for a source that you trust.',
  },
  E_STEP_STUCK: {
    meaning: 'A step worked on one record for too long, in three attempts in a row.',
    remedy: 'Check the source with `vocab-sync preview JOB`, and the patterns of a plug-in.',
  },
  E_STEP_LOST: {
    meaning: 'Three attempts of a step in a row ended with their worker or process, and came no further.',
    remedy: 'Look at the log of the worker and at the memory of its machine, then run again.',
  },
  E_STEP_TIMEOUT: {
    meaning: 'A step of the run did not end within its time, all its attempts together.',
    remedy: 'Look at the last failure that the error names, mend it, and run again.',
  },
} as const satisfies Record<string, CodeText>;
