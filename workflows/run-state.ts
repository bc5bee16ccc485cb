/** The state of a run, as the query `progress` returns it and the details in the Web UI show it. */
import type { StageCounts, TargetCounts } from '../src/records/counts.ts';
import type { DriftCounts } from '../src/records/drift.ts';
import type {
  ChangeSamples,
  EndedRecords,
  GuardTrip,
  ImpactSummary,
  RejectionKind,
  RunFailure,
  RunMode,
  SourceReport,
} from '../src/pipeline/run-steps.ts';
import type { Outcome, Phase } from '../src/records/outcome.ts';

export interface TaskProgress {
  readonly name: string;
  readonly chain: string;
  /** Null before its turn. */
  phase: Phase | null;
  source: SourceReport | null;
  /** Why nothing was read, where the source was known. */
  unchanged: string | null;
  partitions: { total: number; staged: number };
  /** 2 and more: the database lost the stage and it is filled again. */
  round: number;
  counts: StageCounts;
  targets: Readonly<Record<string, TargetCounts>>;
  trips: readonly GuardTrip[];
  /** By code, the most frequent first. */
  rejections: readonly RejectionKind[];
  /** The first changes of each kind. */
  changes?: readonly ChangeSamples[];
  /** The records that the source marks as no longer in use. Absent: none. */
  ended?: EndedRecords;
  /** How many records of the repository refer to what would change, by target. Absent: not measured. */
  impacts?: readonly ImpactSummary[];
  /** Targets that did not get all changes, with the reason. Absent: none. */
  failures?: Readonly<Record<string, RunFailure>>;
  /** By target: what was found where it was compared with what was published there. Absent: nothing was compared. */
  drift?: Readonly<Record<string, DriftCounts>>;
  /** Whether the changes of `targets` are made. */
  published: boolean;
}

export interface Decision {
  readonly kind: 'approved' | 'discarded';
  readonly by: string;
  readonly reason?: string;
}

interface WaitingPlan {
  readonly task: string;
  /** Names exactly this plan; `approve` may repeat it as `plan`. */
  readonly planDigest: string;
  readonly deadline: string;
}

export interface RunProgress {
  readonly run: string;
  readonly mode: RunMode;
  job: string;
  title: string;
  phase: Phase;
  since: string | null;
  sinceReason: string | null;
  configDigest: string | null;
  tasks: TaskProgress[];
  waiting: WaitingPlan | null;
  decision: Decision | null;
  /** Who asked vocab-sync to cancel the run. A cancellation in Temporal names nobody. */
  cancelledBy: string | null;
  heldBy: { readonly run: string; readonly workflowId: string; readonly phase: Phase } | null;
  outcome: Outcome | null;
  error: RunFailure | null;
  /** Why the end of this run paused the schedule of its job. */
  schedulePaused: string | null;
}
