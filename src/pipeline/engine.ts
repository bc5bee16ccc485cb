/** The services that the composition root passes to the steps of a run. */
import type { Services, Logger } from '../component/services.ts';
import type { Catalog } from '../component/catalog.ts';
import type { NotifyChannel } from '../job/schema/notify-schema.ts';
import type { Pool } from '../postgres/pool.ts';
import type { Notice } from '../records/notice.ts';
import type { Admission } from './resolve/admit-run.ts';
import type { RunSteps, StepContext } from './run-steps.ts';
import type { RecordCheck } from './stage/transform-items.ts';

/** The state of the workflow of another run, as far as Temporal knows it. */
type HolderState = 'open' | 'closed';

export interface Engine {
  readonly pool: Pool;
  readonly catalog: Catalog;
  readonly services: Services;
  readonly logger: Logger;
  /** Resolves a `$secret` reference. Throws ConfigError E_SECRET_NOT_FOUND. */
  readonly resolveSecret: (reference: string) => string;
  /** The record schema of a vocabulary, or undefined if it has none. */
  readonly recordCheck: (vocabulary: string) => RecordCheck | undefined;
  /** Returns whether the workflow of the run that holds a job is still active. */
  readonly holderState: (workflowId: string, run: string) => Promise<HolderState>;
  readonly webUi: (workflowId: string, run: string) => string | null;
  /** The identity of the database. Absent in tests of single steps. */
  readonly installation?: string;
  /** What a run may bring. Absent: anything. */
  readonly admission?: Admission;
  /** How a source is split into partitions; see plan-parts.ts for the defaults. */
  readonly cutting?: Cutting;
  /** How long `publishTarget` pauses before it sends changes again; see publish-target.ts for the defaults. */
  readonly pauses?: Pauses;
  /** Absent: all steps run in this process. */
  readonly isolation?: Isolation;
  /** See PauseSchedule. Absent without Temporal. */
  readonly pauseSchedule?: PauseSchedule;
  /** Absent: no notifications are sent. */
  readonly sendNotice?: SendNotice;
}

/** The steps that read data of a source. The others only use the database. */
export type IsolatedStep = 'fetchSource' | 'stagePartition';

export interface Isolation {
  /** Runs a step in its own process and rethrows its errors. `logger` gets its log lines. */
  run<K extends IsolatedStep>(
    step: K,
    input: Parameters<RunSteps[K]>[0],
    context: StepContext,
    logger: Logger,
  ): ReturnType<RunSteps[K]>;
  /** Called when a step will be run soon: a process that has to be started starts now. Returns at once. */
  prepare(): void;
}

export interface Cutting {
  readonly mostParts: number;
  /** The minimum size of a partition in fetched files: a smaller one is not worth its own activity. */
  readonly leastBytes: number;
}

/** In milliseconds. */
export interface Pauses {
  /** If the target took nothing, or failed on a change before. Doubled each time. */
  readonly first: number;
  /** The least pause for a target that is busy and does not say for how long. */
  readonly busy: number;
}

/**
 * Pauses the schedule of a job with a note. Returns false if it belongs to another program, does not exist, or is
 * already paused with another note.
 */
type PauseSchedule = (job: string, note: string) => Promise<boolean>;

/**
 * Resolves the secrets of the channel and sends the notice. Throws UnavailableError (to be retried) or ConfigError
 * E_NOTICE_REFUSED, E_SECRET_NOT_FOUND, E_HOST_NOT_ALLOWED; no message contains an address.
 */
export type SendNotice = (channel: NotifyChannel, notice: Notice, signal: AbortSignal) => Promise<void>;
