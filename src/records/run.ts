/**
 * The request, the state and the report of a run. The ledger, the engine, the workflow and the command line share these
 * types. All values are JSON.
 */
import type { StageCounts, TargetCounts } from './counts.ts';
import type { DriftReport } from './drift.ts';
import type { NoticeEvent, Outcome, Phase } from './outcome.ts';

/**
 * `rollback` undoes another run; it has a workflow if a target receives changes. `retry` reads exactly the rejected
 * entries of another run again. `verify` compares targets with the published records, `resync` repairs the differences,
 * and `adopt` is a run that skips the records that its targets already hold.
 */
export type RunMode = 'run' | 'plan' | 'rollback' | 'retry' | DriftMode;

export type DriftMode = 'verify' | 'resync' | 'adopt';

export function isDriftMode(mode: RunMode | undefined): mode is DriftMode {
  return mode === 'verify' || mode === 'resync' || mode === 'adopt';
}

export type RunTrigger = 'manual' | 'schedule';
/** The input of the workflow `runJob`. A scheduled start carries only `job` and `trigger`. */
export interface RunRequest {
  readonly job: string;
  readonly trigger: RunTrigger;
  /** `plan` stops after compare and waits for approval. */
  readonly mode?: RunMode;
  /** The job config as JSON text, frozen at the start; absent = the stored version. */
  readonly config?: string;
  readonly title?: string;
  /** Values of declared arguments, which override those stored with the job. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** As written by the operator. */
  readonly since?: string;
  /** A JSON object that overrides parts of the job config. */
  readonly customArgs?: Readonly<Record<string, unknown>>;
  /** Replaces the source reader of the first task. */
  readonly input?: { readonly path: string; readonly name: string };
  /** Reads the source even if it is known to be unchanged. */
  readonly force?: boolean;
  /** With the mode `retry`: the run whose rejections are read again. */
  readonly retries?: string;
  /** With the mode `rollback`: the run that is undone. */
  readonly undoes?: string;
  /** With the mode `rollback`: skips the records that later runs changed, instead of refusing. */
  readonly leavesOut?: boolean;
  /** With the modes `verify`, `resync` and `adopt`: one target, by its name or the type before the colon. Absent: all. */
  readonly target?: string;
  /** With the mode `verify`: compares this many records, chosen at random. */
  readonly sample?: number;
  /** With `resync` and `adopt`: what happens to records that the target holds differently. */
  readonly onChanged?: ChangedPolicy;
  /** With `resync`: what happens to records that no job published there. Default `keep`. */
  readonly onForeign?: 'keep' | 'remove';
  /** With `resync` and `adopt`: waits for approval, as a plan does. */
  readonly asks?: boolean;
  readonly startedBy?: string;
  /** False if the namespace lacks the search attributes of vocab-sync. Default true. */
  readonly searchAttributes?: boolean;
  /** Whose run it is: the identity of the database. Absent: that of the worker that resolves it. */
  readonly installation?: string;
  /** Proof of who started the run, over all the other fields; see run-signature.ts. */
  readonly signature?: string;
  /** After how long without a heartbeat a worker counts as dead. Default 60. */
  readonly heartbeatSeconds?: number;
}

/** `ask` overwrites after the plan is approved. */
export type ChangedPolicy = 'overwrite' | 'keep' | 'ask';

export interface SourceReport {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: number;
}

/** Why a guard tripped, for people. */
export interface GuardTrip {
  readonly guard: string;
  readonly message: string;
}

/** Rejections with one code, and the first of them. */
export interface RejectionKind {
  readonly code: string;
  readonly count: number;
  /** Its message and origin. */
  readonly sample: string;
}

/** The first records of a plan with one kind of change, each as a line of text. */
export interface ChangeSamples {
  readonly target: string;
  readonly op: 'insert' | 'update' | 'withdraw' | 'restore' | 'remove' | 'overwrite' | 'keep';
  readonly records: readonly string[];
}

export interface RunFailure {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The run that holds a job: only one of them may write at a time. */
export interface RunHolder {
  readonly run: string;
  readonly workflow_id: string;
  readonly phase: Phase;
}

/** The one shape of `run --json`, `show --json` and the result of the workflow. */
export interface RunReport {
  readonly run: string;
  readonly job: string;
  readonly outcome: Outcome | null;
  readonly phase: Phase;
  readonly trigger: RunTrigger;
  readonly mode: RunMode;
  readonly title: string;
  readonly since: string | null;
  /** The reason for `since`. This and the fields marked as later are absent in older results. */
  readonly since_reason?: string;
  /** Later. The version of the stored job that ran; null if the ledger does not know it. */
  readonly version?: number | null;
  /** Later. Who asked for the run; null for a schedule. */
  readonly started_by?: string | null;
  /** Later. Who approved or discarded it, and why. */
  readonly decision?: { readonly by: string; readonly reason?: string } | null;
  /** Later. Until when it waits for approval. */
  readonly waiting_until?: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly workflow_id: string;
  readonly web_ui: string | null;
  readonly tasks: readonly TaskReport[];
  readonly error: RunFailure | null;
  /** For a rollback: the run that it undid. */
  readonly rolls_back?: string;
  /** The rollback that undid this run. */
  readonly rolled_back_by?: string;
  /** The run whose rejections this one read again. */
  readonly retries?: string;
  /** Why the schedule of the job was paused at the end of this run, and how to resume it. */
  readonly schedule_paused?: string;
  /** The sent notices, if the job has notifications. Filled in later. */
  readonly notices?: readonly NoticeReport[];
  /** The run that held the job, if this one was skipped. */
  readonly held_by?: RunHolder;
  /** The reason, if this run was skipped for another cause. */
  readonly skipped_because?: string;
  /** Later. Who cancelled it; `in Temporal` if it was not done through vocab-sync. */
  readonly cancelled_by?: string;
}

export interface TaskReport {
  readonly name: string;
  readonly outcome: Outcome | null;
  readonly source: SourceReport | null;
  readonly counts: StageCounts;
  readonly targets: readonly ({ readonly name: string } & TargetCounts)[];
  readonly warnings: readonly { readonly code: string; readonly count: number; readonly samples: readonly string[] }[];
  readonly trips: readonly GuardTrip[];
  /** Later. Targets that did not get all changes, and why. Absent: none. */
  readonly unfinished?: readonly UnfinishedTarget[];
  /** Later. What `verify`, `resync` or `adopt` found in the targets. Absent: no target was compared. */
  readonly drift?: readonly DriftReport[];
}

/** A target that did not receive every change of a run. The next run compares again and sends the missing changes. */
export interface UnfinishedTarget {
  readonly target: string;
  /** `open` while the run is active, `failed` if the target refused, `stopped` if the run ended first. */
  readonly state: 'open' | 'failed' | 'stopped';
  /** Changes that it has answered for, of all that were planned. */
  readonly done: number;
  readonly planned: number;
  readonly error: RunFailure | null;
}

/** One attempt to tell one channel, as `show` reports it. */
export interface NoticeReport {
  readonly event: NoticeEvent;
  /** `webhook 1`, `chat 2`, `email 3`: the type and the place in the job's `notify`. Addresses stay in the job. */
  readonly channel: string;
  /** Null: not delivered so far. */
  readonly sent_at: string | null;
  /** Why it was not delivered. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}
