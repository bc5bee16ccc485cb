/** A budget or a guard stopped the work. */
import type { CodeText } from './code-text.ts';

export const LIMIT_CODES = {
  E_ARCHIVE_RATIO: {
    meaning: 'A member of the archive decompresses to an implausibly large multiple of its compressed size.',
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
    meaning: 'More than 100,000 records were rejected, and at least nine of ten.',
    remedy: 'See `vocab-sync rejections RUN`. The structure of the source differs from what the job expects.',
  },
  E_STEP_MEMORY: {
    meaning: 'A step exceeded the memory limit of its process in three consecutive attempts.',
    remedy: 'Check the source. Raise VOCAB_SYNC_STEP_MEMORY where the worker runs only for a source that you trust.',
  },
  E_STEP_STUCK: {
    meaning: 'A step worked on one record for too long in three consecutive attempts.',
    remedy: 'Check the source with `vocab-sync preview JOB`, and any patterns in plug-ins.',
  },
  E_STEP_LOST: {
    meaning: 'Three consecutive attempts of a step ended with their worker or process and made no progress.',
    remedy: 'Check the log of the worker and the memory of its machine, then run again.',
  },
  E_STEP_TIMEOUT: {
    meaning: 'All attempts of a step together exceeded its time limit.',
    remedy: 'Fix the last failure that the error names, and run again.',
  },
} as const satisfies Record<string, CodeText>;
