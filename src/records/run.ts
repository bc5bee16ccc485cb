/** What a run is asked, how it stands and how it is reported: the shapes that the ledger, the engine, the workflow and the command line share. All JSON. */
import type { StageCounts, TargetCounts } from './counts.ts';
import type { NoticeEvent, Outcome, Phase } from './outcome.ts';

/**
 * `rollback` undoes what another run published; it has a workflow where a target takes changes one by one. `retry` reads
 * again what another run rejected, and nothing else.
 */
export type RunMode = 'run' | 'plan' | 'rollback' | 'retry';
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
  /** Values of declared arguments, over those that are stored with the job. */
  readonly args?: Readonly<Record<string, unknown>>;
  /** As written by the operator. */
  readonly since?: string;
  /** A JSON object laid over the job config. */
  readonly customArgs?: Readonly<Record<string, unknown>>;
  /** Stands in for the source reader of the first task. */
  readonly input?: { readonly path: string; readonly name: string };
  /** Read in any case, even when the source is known to be unchanged. */
  readonly force?: boolean;
  /** With the mode `retry`: the run whose rejections are read again. */
  readonly retries?: string;
  /** With the mode `rollback`: the run that is undone. */
  readonly undoes?: string;
  /** With the mode `rollback`: leaves out the records that later runs changed, instead of refusing. */
  readonly leavesOut?: boolean;
  readonly startedBy?: string;
  /** False where the namespace has no search attributes for us. Default true. */
  readonly searchAttributes?: boolean;
  /** Whose run it is: the identity of the database. Absent: that of the worker that resolves it. */
  readonly installation?: string;
  /** Proof of who started the run, over all the other fields; see run-signature.ts. */
  readonly signature?: string;
  /** After how long without a heartbeat a worker counts as dead. Default 60. */
  readonly heartbeatSeconds?: number;
}

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
  readonly op: 'insert' | 'update' | 'withdraw' | 'restore' | 'remove';
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
  /** Why `since` is what it is. This and the fields marked as later are absent in results from before they were there. */
  readonly since_reason?: string;
  /** Later. The version of the stored job that ran; null where the ledger does not know. */
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
  /** Of a rollback: the run that it undid. */
  readonly rolls_back?: string;
  /** The rollback that undid this run. */
  readonly rolled_back_by?: string;
  /** The run whose rejections this one read again. */
  readonly retries?: string;
  /** Why the schedule of the job was paused at the end of this run, and how to resume it. */
  readonly schedule_paused?: string;
  /** Later. Who was told of it, where the job names somebody. */
  readonly notices?: readonly NoticeReport[];
  /** The run that held the job, where this one was skipped. */
  readonly held_by?: RunHolder;
  /** Why nothing was done, where this one was skipped for another reason. */
  readonly skipped_because?: string;
  /** Later. Who cancelled it; `in Temporal` where it was not done through vocab-sync. */
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
}

/** A target that did not receive every change of a run. The next run compares again and sends the missing changes. */
export interface UnfinishedTarget {
  readonly target: string;
  /** `open` while the run is under way, `failed` where the target refused, `stopped` where the run ended first. */
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
