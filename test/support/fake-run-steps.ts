/** The steps of a run without an engine: they answer as told and keep what they were asked. */
import type {
  Compared,
  FinishInput,
  Resolved,
  RunReport,
  RunSteps,
  StepContext,
} from '../../src/pipeline/run-steps.ts';
import type { Outcome } from '../../src/records/outcome.ts';

interface StepCall {
  readonly step: keyof RunSteps;
  readonly input: unknown;
}

export interface FakeRunSteps extends RunSteps {
  readonly calls: readonly StepCall[];
  /** The inputs of one step, in order. */
  inputs<K extends keyof RunSteps>(step: K): Parameters<RunSteps[K]>[0][];
}

const COUNTS = { read: 12, filtered: 1, duplicates: 0, rejected: 1, staged: 10 };
const TARGET = { inserted: 4, updated: 3, unchanged: 3, withdrawn: 2, restored: 0, rejected: 0 };
const SOURCE = {
  name: 'v2.9-2026-06-23-ror-data.zip',
  version: 'v2.9',
  digest: `sha256:${'0'.repeat(64)}`,
  bytes: 34_000_000,
};

export const PLAN: Compared = {
  counts: COUNTS,
  targets: { 'postgres:affiliations': TARGET },
  trips: [],
  planDigest: 'plan-1',
};

export function readyRun(run: string, changes: Partial<Extract<Resolved, { kind: 'ready' }>> = {}): Resolved {
  return {
    kind: 'ready',
    run,
    job: 'ror-affiliations',
    title: 'Load ROR affiliations',
    since: null,
    sinceReason: 'there is no successful run of this job yet',
    startedAt: '2026-11-21T12:00:00.000Z',
    configDigest: 'sha256:1111',
    approvalDays: 14,
    tasks: [{ name: 'main', chain: 'ror-http > zip > json → ror-affiliations → postgres:affiliations' }],
    ...changes,
  };
}

/** A run that publishes, unless `changes` says otherwise. */
export function fakeRunSteps(changes: Partial<RunSteps> = {}): FakeRunSteps {
  const calls: StepCall[] = [];
  const steps: RunSteps = {
    resolveRun: ({ run }) => Promise.resolve(readyRun(run)),
    fetchSource: () => Promise.resolve({ kind: 'fetched', source: SOURCE, partitions: [0] }),
    stagePartition: () => Promise.resolve({ counts: COUNTS }),
    compareTargets: () => Promise.resolve(PLAN),
    verifyTarget: () => Promise.reject(new Error('this run compares no target')),
    measureImpact: () => Promise.reject(new Error('this job measures no impact')),
    awaitApproval: () => Promise.resolve(),
    applyChanges: () => Promise.resolve({ targets: PLAN.targets }),
    undoRun: () => Promise.reject(new Error('this run undoes nothing')),
    publishTarget: () => Promise.reject(new Error('no target of this run takes changes')),
    finishRun: (input) => Promise.resolve(reportOf(input)),
    notify: () => Promise.resolve(),
    ...changes,
  };
  const keeping =
    <K extends keyof RunSteps>(step: K) =>
    (input: Parameters<RunSteps[K]>[0], context: StepContext) => {
      calls.push({ step, input });
      return (steps as unknown as Record<K, (input: unknown, context: StepContext) => ReturnType<RunSteps[K]>>)[step](
        input,
        context,
      );
    };
  return {
    resolveRun: keeping('resolveRun'),
    fetchSource: keeping('fetchSource'),
    stagePartition: keeping('stagePartition'),
    compareTargets: keeping('compareTargets'),
    verifyTarget: keeping('verifyTarget'),
    measureImpact: keeping('measureImpact'),
    awaitApproval: keeping('awaitApproval'),
    applyChanges: keeping('applyChanges'),
    publishTarget: keeping('publishTarget'),
    undoRun: keeping('undoRun'),
    finishRun: keeping('finishRun'),
    notify: keeping('notify'),
    calls,
    inputs: <K extends keyof RunSteps>(step: K) =>
      calls.filter((call) => call.step === step).map((call) => call.input as Parameters<RunSteps[K]>[0]),
  };
}

/** A step that works until it is told to stop, as a reader does. Resolves `entered` when it has begun. */
export interface EndlessStep {
  readonly entered: Promise<void>;
  readonly step: (input: unknown, context: StepContext) => Promise<never>;
}

export function endlessStep(): EndlessStep {
  const gate = openGate();
  return {
    entered: gate.promise,
    step: (_input, { signal, onProgress }) =>
      new Promise((_resolve, reject) => {
        onProgress({ step: 'stage', position: 'json:48211', counts: COUNTS });
        gate.resolve();
        // What a stream throws on abort, which is not what Temporal wants to hear.
        const stop = (): void => {
          reject(new DOMException('The operation was aborted', 'AbortError'));
        };
        if (signal.aborted) stop();
        else signal.addEventListener('abort', stop, { once: true });
      }),
  };
}

/** Node 20 has no Promise.withResolvers. */
export function openGate(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const OUTCOMES: Record<FinishInput['outcome'], Outcome> = {
  ended: 'success',
  failed: 'failed',
  cancelled: 'cancelled',
  discarded: 'discarded',
};

export function reportOf(input: FinishInput, outcome: Outcome = OUTCOMES[input.outcome]): RunReport {
  return {
    run: input.run,
    job: 'ror-affiliations',
    outcome,
    phase: 'done',
    trigger: 'manual',
    mode: 'run',
    title: 'Load ROR affiliations',
    since: null,
    started_at: '2026-11-21T12:00:00.000Z',
    finished_at: '2026-11-21T12:01:00.000Z',
    workflow_id: 'vocab-sync/ror-affiliations/20261121T120000Z',
    web_ui: null,
    tasks: [],
    error: input.error ?? null,
  };
}
