/** One comparison of a target, shared by the two ways to compare. */
import type { Finding } from '../../postgres/ledger/drift.ts';
import type { ExpectedIds } from '../../postgres/publish/expected-rows.ts';
import type { Engine } from '../engine.ts';
import type { OpenTarget, OpenTask } from '../open-task.ts';
import type { StepContext } from '../run-steps.ts';

export interface Verification {
  readonly engine: Engine;
  readonly task: OpenTask;
  readonly target: OpenTarget;
  readonly expected: ExpectedIds;
  readonly sample: number | undefined;
  readonly context: StepContext;
  /** Records to compare, for progress. */
  readonly total: number;
  /** Writes down what was found up to and including the id `cursor`; without a cursor the target is done. */
  advance(batch: Batch): Promise<void>;
}

interface Batch {
  /** Records of the job that were compared. */
  readonly compared: number;
  readonly findings: readonly Finding[];
  readonly cursor: string | undefined;
  /** False: the target cannot list what it holds, so foreign records are not counted. */
  readonly lists: boolean;
  /** Missing records that are not kept as findings, because there are too many. */
  readonly unnamed?: number;
}
