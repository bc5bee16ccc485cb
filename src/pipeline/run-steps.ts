/**
 * The steps of a run, as the workflow calls them through activities. All values are JSON: ids, counts and cursors are
 * passed, records never are. Only optional fields may be added, because runs live for days and see two releases.
 *
 * Each step is idempotent. If it is called again after a crash, after a lost response or on another worker, it resumes
 * or returns the same result.
 */
import type { StageCounts, TargetCounts } from '../records/counts.ts';
import type { DriftCounts } from '../records/drift.ts';
import type { ImpactSummary } from '../records/impact.ts';
import type { NoticeEvent } from '../records/outcome.ts';
import type {
  ChangeSamples,
  GuardTrip,
  RejectionKind,
  RunFailure,
  RunReport,
  RunRequest,
  SourceReport,
} from '../records/run.ts';
import type { Phase } from '../records/outcome.ts';

export type * from '../records/impact.ts';
export type * from '../records/run.ts';

export interface ResolveInput {
  /** `workflowInfo().firstExecutionRunId`: the id of the run. */
  readonly run: string;
  readonly workflowId: string;
  readonly request: RunRequest;
}

export interface ResolvedTask {
  readonly name: string;
  /** `ror-http > zip > json → ror-affiliations → postgres:affiliations`, for summaries. */
  readonly chain: string;
  /** The targets that `verifyTarget` is called for. Absent: none. */
  readonly targets?: readonly string[];
  /** Its impact is measured before it is published. Absent: it is not. */
  readonly impact?: true;
}

export type Resolved =
  | {
      readonly kind: 'ready';
      readonly run: string;
      readonly job: string;
      readonly title: string;
      readonly since: string | null;
      /** Why `since` is what it is, as a sentence. */
      readonly sinceReason: string;
      readonly startedAt: string;
      readonly configDigest: string;
      readonly approvalDays: number;
      /** Default 1. */
      readonly reminderDays?: number;
      /** The events for which the job has notifications. Absent in runs that are older than notices. */
      readonly notify?: readonly NoticeEvent[];
      readonly tasks: readonly ResolvedTask[];
      /** That of the worker that resolved the run. Absent as in TaskInput. */
      readonly installation?: string;
    }
  | {
      /** Another run holds the job. */
      readonly kind: 'skipped';
      readonly job: string;
      readonly title: string;
      readonly holder: { readonly run: string; readonly workflowId: string; readonly phase: Phase };
      readonly notify?: readonly NoticeEvent[];
    }
  | {
      /** Its schedule started a job that is not active. */
      readonly kind: 'inactive';
      readonly job: string;
      readonly title: string;
      /** As a sentence, with what to do. */
      readonly reason: string;
      readonly notify?: readonly NoticeEvent[];
    };

export interface TaskInput {
  /** Whose run it is; a worker of another installation hands the step back. Absent in runs from before 0.3. */
  readonly installation?: string;
  readonly run: string;
  readonly task: string;
}

export type Fetched =
  | { readonly kind: 'fetched'; readonly source: SourceReport; readonly partitions: readonly number[] }
  | { readonly kind: 'unchanged'; readonly reason: string; readonly source: SourceReport | null };

export interface StageInput extends TaskInput {
  readonly partition: number;
}

/** `duplicates` is 0 here: they are found when all partitions are compared. */
export interface Staged {
  readonly counts: StageCounts;
}

export interface Compared {
  readonly counts: StageCounts;
  /** What applying would do, by target. */
  readonly targets: Readonly<Record<string, TargetCounts>>;
  readonly trips: readonly GuardTrip[];
  /** What was refused, by code, the most frequent first. Absent in runs from before 0.1. */
  readonly rejections?: readonly RejectionKind[];
  /** For the details in the Web UI. Absent in runs from before they were kept. */
  readonly changes?: readonly ChangeSamples[];
  /** The first records that the source says are no longer in use, each as a line of text. Absent: none. */
  readonly ended?: EndedRecords;
  /** Equal exactly when applying would do the same; an approval is for this digest. */
  readonly planDigest: string;
}

export interface EndedRecords {
  readonly total: number;
  readonly lines: readonly string[];
}

export interface ImpactInput extends TaskInput {
  /** Absent: every target that can count references, before the task is published, and its guard is checked. */
  readonly target?: string;
  /** How many records are looked up in the target at most. Absent: the setting of the job. */
  readonly most?: number;
}

export interface MeasuredImpact {
  readonly impacts: readonly ImpactSummary[];
  /** The findings of the guard `max_impact`. */
  readonly trips: readonly GuardTrip[];
}

export interface ApplyInput extends TaskInput {
  /** The plan that was approved or passed its guards; another one is refused as E_STAGE_LOST. */
  readonly planDigest: string;
}

export interface Applied {
  /** What was published; of the targets in `publications` what is planned. */
  readonly targets: Readonly<Record<string, TargetCounts>>;
  /** The targets that `publishTarget` is called for. Absent: none. */
  readonly publications?: readonly string[];
}

export interface UndoInput {
  /** Whose run it is; a worker of another installation hands the step back. */
  readonly installation?: string;
  readonly run: string;
}

export interface Undone {
  readonly tasks: readonly ({ readonly name: string } & Applied)[];
}

export interface PublishInput extends TaskInput {
  readonly target: string;
}

export interface Published {
  readonly counts: TargetCounts;
}

export interface VerifyInput extends TaskInput {
  readonly target: string;
}

export interface Verified {
  readonly drift: DriftCounts;
}

interface WaitingInput extends TaskInput {
  readonly trips: readonly GuardTrip[];
  readonly deadline: string;
}

export interface FinishInput {
  /** Whose run it is; a worker of another installation hands the step back. Absent in runs from before 0.3. */
  readonly installation?: string;
  readonly run: string;
  /** `ended` lets the ledger tell success, partial and unchanged from what the tasks did. */
  readonly outcome: 'ended' | 'failed' | 'cancelled' | 'discarded';
  /** Who approved or discarded the plan, and why, if someone did. */
  readonly decision?: { readonly by: string; readonly reason?: string };
  readonly error?: RunFailure;
  /** With the outcome `cancelled`: who asked for it. */
  readonly cancelledBy?: string;
}

export interface NotifyInput {
  /** Whose run it is; a worker of another installation hands the step back. Absent in runs from before 0.3. */
  readonly installation?: string;
  readonly run: string;
  readonly event: NoticeEvent;
  /** What distinguishes two events of one kind: the digest of the plan that waits, and the day. Empty for the others. */
  readonly about: string;
}

/** What a long step tells while it works, for heartbeats and progress lines. Small, without record data. */
export interface StepProgress {
  readonly step: string;
  readonly position?: string;
  readonly bytes?: number;
  readonly totalBytes?: number;
  readonly counts?: StageCounts;
  /** What the step waits for before it begins. */
  readonly waiting?: string;
  /** While comparing a target: records compared, of all of them. While publishing: changes that the target has answered for, of all of them. */
  readonly done?: number;
  readonly total?: number;
}

export interface StepContext {
  readonly signal: AbortSignal;
  onProgress(progress: StepProgress): void;
}

export interface RunSteps {
  /** Freezes config and `since`, takes the job's lock, writes the run row. Throws ConfigError. */
  resolveRun(input: ResolveInput, context: StepContext): Promise<Resolved>;
  fetchSource(input: TaskInput, context: StepContext): Promise<Fetched>;
  stagePartition(input: StageInput, context: StepContext): Promise<Staged>;
  compareTargets(input: TaskInput, context: StepContext): Promise<Compared>;
  /**
   * Compares one target with what was published there; with the mode `adopt` with what is staged for it. Throws ConfigError
   * E_DRIFT_REFUSED if the target cannot return what it holds, UnavailableError while it is unreachable.
   */
  verifyTarget(input: VerifyInput, context: StepContext): Promise<Verified>;
  /** Queries targets for the records of their repository that refer to what the run changes. The result is kept with the run. */
  measureImpact(input: ImpactInput, context: StepContext): Promise<MeasuredImpact>;
  /** Writes down that the run waits, and until when. */
  awaitApproval(input: WaitingInput, context: StepContext): Promise<void>;
  applyChanges(input: ApplyInput, context: StepContext): Promise<Applied>;
  /**
   * Sends the frozen plan to one target that receives changes. Throws ConfigError where the target refuses
   * everything, UnavailableError while it is away.
   */
  publishTarget(input: PublishInput, context: StepContext): Promise<Published>;
  /**
   * The first step of a rollback: undoes tables and files, and freezes the plans of the targets that `publishTarget` is
   * called for. Throws ConfigError E_ROLLBACK_REFUSED or E_ROLLBACK_CONFLICT.
   */
  undoRun(input: UndoInput, context: StepContext): Promise<Undone>;
  /** Counts, outcome, watermark; drops the stage; lets the job go. */
  finishRun(input: FinishInput, context: StepContext): Promise<RunReport>;
  /** Tells those who want to know. Throws UnavailableError while a channel cannot be reached. */
  notify(input: NotifyInput, context: StepContext): Promise<void>;
}
