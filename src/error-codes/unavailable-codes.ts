/** Something is away for now; the step is tried again. */
import type { CodeText } from './code-text.ts';

export const UNAVAILABLE_CODES = {
  E_NOTICE_UNAVAILABLE: {
    meaning: 'A chat, a program or a mail server that is to be told of a run cannot be reached.',
    remedy: 'Nothing: it is tried again for a day. `vocab-sync notify JOB` tries it now.',
  },
  E_SOURCE_UNAVAILABLE: {
    meaning: 'The server of the source cannot be reached, or answers with a passing error.',
    remedy: 'A run tries again by itself. If it lasts, look at the status page of the source.',
  },
  E_SOURCE_RATE_LIMITED: {
    meaning: 'The server of the source asks to come back later.',
    remedy: 'Nothing: the run waits as long as it was asked to.',
  },
  E_TARGET_UNAVAILABLE: {
    meaning: 'The server of a target cannot be reached, returns a transient error, or asks the client to retry later.',
    remedy:
      'A run retries automatically and resumes where it stopped. If the problem lasts, check the server of the target.',
  },
  E_DATABASE_UNAVAILABLE: {
    meaning: 'PostgreSQL cannot be reached or ended the connection.',
    remedy: 'Start the database or check DATABASE_URL; a run under way goes on by itself.',
  },
  E_TEMPORAL_UNAVAILABLE: {
    meaning: 'The Temporal server cannot be reached.',
    remedy: 'Start it or check TEMPORAL_ADDRESS; `vocab-sync doctor` tells more.',
  },
  E_NO_WORKER: {
    meaning: 'No worker polls the task queue of the run.',
    remedy: 'Start `vocab-sync worker`, or name the right queue.',
  },
  E_LEASE_LOST: {
    meaning: 'Another attempt took over this work, so this one wrote nothing more.',
    remedy: 'Nothing: the newer attempt goes on from the last checkpoint.',
  },
  E_STAGE_LOST: {
    meaning: 'The database lost the stage of the run in a crash.',
    remedy: 'Nothing: the run stages again from its source.',
  },
  E_EMBEDDED_START: {
    meaning: 'A server of the embedded default did not start or ended at once.',
    remedy: 'Read the log that the error names; another program may hold its port or its directory.',
  },
  E_HOME_BUSY: {
    meaning: 'Another vocab-sync command is starting or stopping the servers of this home and does not come to an end.',
    remedy: 'End that command (the error names its pid), or use another VOCAB_SYNC_HOME.',
  },
  E_STEP_ENDED: {
    meaning:
      'The process of a step was ended: it held too much memory, did not come back from a record, or was killed.',
    remedy: 'Nothing: it is tried again, three times in all. Other jobs are not affected.',
  },
  E_STEP_INTERRUPTED: {
    meaning:
      'An attempt of a step was ended from outside: its worker was stopped, or it was paused, reset or cancelled.',
    remedy: 'Nothing: the step resumes from its last checkpoint on another worker, or when it is unpaused.',
  },
  E_STEP_STALLED: {
    meaning: 'A step of the run told nothing for hours and was given up.',
    remedy: 'Nothing: it is tried again. If it repeats, look at what the database or the source is doing.',
  },
  E_DISK_FULL: {
    meaning: 'The disk of the spool or of the target is full.',
    remedy: 'Free space; a download or a file of a run goes on where it stopped, a command is given again.',
  },
} as const satisfies Record<string, CodeText>;
