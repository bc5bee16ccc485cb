/** What the steps of a run are given by the composition root. */
import type { Services, Logger } from '../component/services.ts';
import type { Catalog } from '../component/catalog.ts';
import type { NotifyChannel } from '../job/schema/notify-schema.ts';
import type { Pool } from '../postgres/pool.ts';
import type { Notice } from '../records/notice.ts';
import type { Admission } from './resolve/admit-run.ts';
import type { RunSteps, StepContext } from './run-steps.ts';
import type { RecordCheck } from './stage/transform-items.ts';

/** The state of the workflow of another run, as far as Temporal knows it. */
export type HolderState = 'open' | 'closed';

export interface Engine {
  readonly pool: Pool;
  readonly catalog: Catalog;
  readonly services: Services;
  readonly logger: Logger;
  /** The text behind a `$secret` reference. Throws ConfigError E_SECRET_NOT_FOUND. */
  readonly resolveSecret: (reference: string) => string;
  /** The record schema of a vocabulary, or undefined where there is none. */
  readonly recordCheck: (vocabulary: string) => RecordCheck | undefined;
  /** Whether the workflow of the run that holds a job is still under way. */
  readonly holderState: (workflowId: string, run: string) => Promise<HolderState>;
  readonly webUi: (workflowId: string, run: string) => string | null;
  /** The identity of the database. Absent in tests of single steps. */
  readonly installation?: string;
  /** What a run may bring. Absent: anything. */
  readonly admission?: Admission;
  /** How a source is cut into partitions; see plan-parts.ts for what holds without it. */
  readonly cutting?: Cutting;
  /** Absent: all steps run in this process. */
  readonly isolate?: Isolate;
  /** See PauseSchedule. Absent where there is no Temporal. */
  readonly pauseSchedule?: PauseSchedule;
  /** Absent: no notifications are sent. */
  readonly sendNotice?: SendNotice;
}

/** The steps that read what a source sends. The others work in the database alone. */
export type IsolatedStep = 'fetchSource' | 'stagePartition';

/** Runs a step in a process of its own, and throws what it throws. `logger` is told what is logged there. */
export type Isolate = <K extends IsolatedStep>(
  step: K,
  input: Parameters<RunSteps[K]>[0],
  context: StepContext,
  logger: Logger,
) => ReturnType<RunSteps[K]>;

export interface Cutting {
  readonly mostParts: number;
  /** Of fetched files: below it a part is not worth its own activity. */
  readonly leastBytes: number;
}

/** Pauses the schedule of a job with a note. False where it is not ours, is not there, or is paused already with another note. */
export type PauseSchedule = (job: string, note: string) => Promise<boolean>;

/**
 * Resolves the secrets of the channel and delivers. Throws UnavailableError (to be tried again) or ConfigError
 * E_NOTICE_REFUSED, E_SECRET_NOT_FOUND, E_HOST_NOT_ALLOWED; no message holds an address.
 */
export type SendNotice = (channel: NotifyChannel, notice: Notice, signal: AbortSignal) => Promise<void>;
