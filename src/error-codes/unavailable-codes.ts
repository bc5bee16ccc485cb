/** Something is away for now; the step is tried again. */
import type { CodeText } from './code-text.ts';

export const UNAVAILABLE_CODES = {
  E_NOTICE_UNAVAILABLE: {
    meaning: 'A chat, a program or a mail server for notices is unreachable.',
    remedy: 'Nothing: the notice is retried for a day. `vocab-sync notify JOB` sends a test now.',
  },
  E_SOURCE_UNAVAILABLE: {
    meaning: 'The server of the source is unreachable, or returns a transient error.',
    remedy: 'A run retries automatically. If the problem lasts, check the status page of the source.',
  },
  E_SOURCE_RATE_LIMITED: {
    meaning: 'The server of the source asks the client to retry later.',
    remedy: 'Nothing: the run waits for the requested time.',
  },
  E_TARGET_UNAVAILABLE: {
    meaning: 'The server of a target cannot be reached, returns a transient error, or asks the client to retry later.',
    remedy:
      'A run retries automatically and resumes where it stopped. If the problem lasts, check the server of the target.',
  },
  E_DATABASE_UNAVAILABLE: {
    meaning: 'PostgreSQL cannot be reached or ended the connection.',
    remedy: 'Start the database or check DATABASE_URL. Active runs resume automatically.',
  },
  E_TEMPORAL_UNAVAILABLE: {
    meaning: 'The Temporal server cannot be reached.',
    remedy: 'Start it or check TEMPORAL_ADDRESS. `vocab-sync doctor` shows more.',
  },
  E_NO_WORKER: {
    meaning: 'No worker polls the task queue of the run.',
    remedy: 'Start `vocab-sync worker`, or name the right queue.',
  },
  E_NEWER_RELEASE: {
    meaning: 'A newer release of vocab-sync wrote this row of the ledger.',
    remedy:
      'Nothing while a worker of the newer release polls the queue: it takes the step over. A command needs the newer release.',
  },
  E_LEASE_LOST: {
    meaning: 'Another attempt took over this work, so this attempt stopped writing.',
    remedy: 'Nothing: the newer attempt resumes at the last checkpoint.',
  },
  E_STAGE_LOST: {
    meaning: 'The database lost the stage of the run in a crash.',
    remedy: 'Nothing: the run stages again from its source.',
  },
  E_EMBEDDED_START: {
    meaning: 'An embedded server did not start, or ended at once.',
    remedy: 'Read the log that the error names; another program may use its port or its directory.',
  },
  E_HOME_BUSY: {
    meaning:
      'Another vocab-sync command is starting or stopping the servers of this home directory and does not finish.',
    remedy: 'End that command (the error names its pid), or use another VOCAB_SYNC_HOME.',
  },
  E_STEP_ENDED: {
    meaning: 'The process of a step was ended: it used too much memory, a record blocked it, or it was killed.',
    remedy: 'Nothing: it is retried, up to three attempts. Other jobs are not affected.',
  },
  E_STEP_INTERRUPTED: {
    meaning:
      'An attempt of a step was ended from outside: its worker was stopped, or it was paused, reset or cancelled.',
    remedy: 'Nothing: the step resumes from its last checkpoint on another worker, or when it is unpaused.',
  },
  E_STEP_STALLED: {
    meaning: 'A step of the run reported no progress for hours and was abandoned.',
    remedy: 'Nothing: it is retried. If it happens again, check the database and the source.',
  },
  E_DISK_FULL: {
    meaning: 'The disk of the spool or of the target is full.',
    remedy: 'Free space. A download or a file of a run resumes where it stopped; repeat a command.',
  },
} as const satisfies Record<string, CodeText>;
