/** The state of a run that the query `progress` returns and the details in the Web UI show. */
import {
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ImpactSummary, RunRequest } from '../src/pipeline/run-steps.ts';
import type { Phase } from '../src/records/outcome.ts';
import { renderDetails } from './details-text.ts';
import type { RunProgress } from './run-state.ts';
import { VOCAB_JOB, VOCAB_OUTCOME, VOCAB_PHASE, VOCAB_RECORDS, VOCAB_REJECTED } from './search-attributes.ts';

const progressQuery = defineQuery<RunProgress>('progress');

const cancellingSignal = defineSignal<[({ readonly by?: string } | null)?]>('cancelling');
const LONGEST_NAME = 200;

export interface ImpactNews {
  readonly task: string;
  readonly impacts: readonly ImpactSummary[];
}

export const impactSignal = defineSignal<[ImpactNews]>('impact');

/** The state, and the one way to change it: what is shown follows each change. */
export interface Board {
  readonly state: RunProgress;
  change(update: (state: RunProgress) => void): void;
}

export function openBoard(request: RunRequest): Board {
  const info = workflowInfo();
  const state: RunProgress = {
    run: info.firstExecutionRunId,
    mode: request.mode ?? 'run',
    job: request.job,
    title: request.title ?? request.job,
    phase: 'resolve',
    since: null,
    sinceReason: null,
    configDigest: null,
    tasks: [],
    waiting: null,
    decision: null,
    cancelledBy: null,
    heldBy: null,
    outcome: null,
    error: null,
    schedulePaused: null,
  };
  const publish = request.searchAttributes === false ? () => undefined : publisher();
  setHandler(progressQuery, () => state, {
    description: 'Where the run stands: phase, counts, the plan that waits for approval.',
  });
  setHandler(
    cancellingSignal,
    (input) => {
      const by = typeof input?.by === 'string' ? input.by.trim() : '';
      if (by !== '') state.cancelledBy = by.slice(0, LONGEST_NAME);
    },
    {
      description: 'Sent by `vocab-sync cancel` before it cancels the run: {"by": "name"}. It cancels nothing itself.',
    },
  );
  setHandler(
    impactSignal,
    ({ task, impacts }) => {
      const measured = state.tasks.find(({ name }) => name === task);
      if (measured === undefined) return;
      const others = (measured.impacts ?? []).filter(({ target }) => impacts.every((one) => one.target !== target));
      measured.impacts = [...others, ...impacts];
      show();
    },
    { description: 'Sent by `vocab-sync impact` while the run waits: what refers to the records of its plan.' },
  );
  const show = (): void => {
    setCurrentDetails(renderDetails(state, info));
    publish(state);
  };
  show();
  return {
    state,
    change(update) {
      update(state);
      show();
    },
  };
}

/** Writes the search attributes when the phase changes, which costs an event of the history each time. */
function publisher(): (state: RunProgress) => void {
  let shown: Phase | undefined;
  return (state) => {
    if (state.phase === shown) return;
    shown = state.phase;
    const staged = state.tasks.reduce((sum, task) => sum + task.counts.staged, 0);
    const rejected = state.tasks.reduce((sum, task) => sum + task.counts.rejected, 0);
    upsertSearchAttributes([
      { key: VOCAB_JOB, value: state.job },
      { key: VOCAB_PHASE, value: state.phase },
      { key: VOCAB_RECORDS, value: staged },
      { key: VOCAB_REJECTED, value: rejected },
      ...(state.outcome === null ? [] : [{ key: VOCAB_OUTCOME, value: state.outcome }]),
    ]);
  };
}
