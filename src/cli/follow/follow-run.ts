/**
 * Follows a run until it ends, waits for approval, or the operator leaves: the ledger has its progress, Temporal its
 * end.
 */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { knownError } from '../../../activities/known-error.ts';
import { UnavailableError, messageOf } from '../../errors.ts';
import { readProgress, type RunProgress } from '../../postgres/ledger/history.ts';
import type { Pool } from '../../postgres/pool.ts';
import type { RunFailure, RunReport } from '../../records/run.ts';
import { workflowStatus } from '../../temporal/run-status.ts';
import { serverFailure } from '../../temporal/server-failure.ts';
import { createProgressLine } from './progress-line.ts';
import { toProgressFacts } from './progress-facts.ts';
import type { Terminal } from '../terminal.ts';
import { createWatch } from './watch-steps.ts';

export interface FollowOptions {
  readonly client: Client;
  readonly pool: Pool;
  readonly terminal: Terminal;
  readonly workflowId: string;
  readonly runId: string;
  readonly queue: string;
  /** The deadline of a wait that was already decided; the ledger may still contain it for a moment. */
  readonly decided?: string;
  /** The operator stops following; the run continues. */
  readonly signal: AbortSignal;
}

export type Followed =
  /** The result of the workflow. */
  | { readonly kind: 'ended'; readonly report: RunReport }
  /** The workflow ended without one; the ledger has more, where the run got that far. */
  | { readonly kind: 'closed'; readonly outcome: 'failed' | 'cancelled'; readonly error: RunFailure }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'left' };

const POLL_MILLISECONDS = 300;

/** Throws UnavailableError if a server stays unreachable; the run continues. */
export async function followRun(options: FollowOptions): Promise<Followed> {
  const { terminal, signal } = options;
  const line = createProgressLine(terminal);
  // A call that outlives its connection would bring the process down.
  const over = new AbortController();
  // The client leaves a listener on it for each long poll, one a minute.
  setMaxListeners(0, over.signal);
  const watch = createWatch({ ...options, signal: over.signal });
  let ended: Followed | undefined;
  let failure: unknown;
  const result = awaitResult(options, over.signal).then(
    (followed) => (ended = followed),
    (thrown: unknown) => (failure = thrown),
  );
  try {
    while (!signal.aborted) {
      await Promise.race([result, delay(POLL_MILLISECONDS)]);
      if (failure !== undefined) throw failure as Error;
      if (ended !== undefined) return ended;
      const progress = await readWhere(options);
      // Asked for also before the run has a row: without a worker it never gets one.
      const live = watch.look(progress?.phase ?? 'resolve');
      if (progress === undefined) continue;
      if (progress.phase === 'waiting' && progress.waitingUntil !== (options.decided ?? null))
        return { kind: 'waiting' };
      line.show(toProgressFacts(progress, live));
    }
    return { kind: 'left' };
  } finally {
    line.end();
    over.abort();
    await watch.settled();
  }
}

/** Undefined while there is no row, and while the database is away: the run itself waits for it too. */
async function readWhere({ pool, runId }: FollowOptions): Promise<RunProgress | undefined> {
  try {
    return await readProgress(pool, runId);
  } catch (thrown) {
    if (thrown instanceof UnavailableError || knownError(thrown)?.kind === 'unavailable') return undefined;
    throw thrown;
  }
}

/** A Temporal server that restarts is back within this time; after it the operator should know. */
const AWAY_MILLISECONDS = 120_000;

async function awaitResult(
  { client, workflowId, runId, terminal }: FollowOptions,
  over: AbortSignal,
): Promise<Followed> {
  let awaySince: number | undefined;
  for (;;) {
    try {
      // The latest execution: a handle of the first one would answer for that alone.
      const handle = client.workflow.getHandle(workflowId);
      return {
        kind: 'ended',
        report: await client.connection.withAbortSignal(over, () => handle.result() as Promise<RunReport>),
      };
    } catch (thrown) {
      if (thrown instanceof WorkflowFailedError) {
        if (await wasReset(thrown, { client, workflowId, runId })) continue;
        return closedAs(thrown);
      }
      const failed = serverFailure(thrown, 'follow the run');
      if (!(failed instanceof UnavailableError)) throw failed ?? thrown;
      awaySince ??= Date.now();
      if (over.aborted || Date.now() - awaySince > AWAY_MILLISECONDS) throw failed;
      terminal.say('Temporal is unreachable; the run continues when it is back.');
      await delay(2000);
    }
  }
}

/** A reset terminates the execution, and another one continues in its place. */
async function wasReset(
  { cause }: WorkflowFailedError,
  { client, ...run }: Pick<FollowOptions, 'client' | 'workflowId' | 'runId'>,
): Promise<boolean> {
  return cause instanceof TerminatedFailure && (await workflowStatus(client, run)) === 'running';
}

function closedAs(thrown: WorkflowFailedError): Followed {
  const { cause } = thrown;
  if (cause instanceof CancelledFailure) {
    return { kind: 'closed', outcome: 'cancelled', error: { code: 'E_RUN_STATE', message: 'The run was cancelled.' } };
  }
  if (cause instanceof TerminatedFailure) {
    return {
      kind: 'closed',
      outcome: 'cancelled',
      error: { code: 'E_RUN_STATE', message: `The run was terminated in Temporal: ${cause.message}` },
    };
  }
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'E_INTERNAL') : 'E_INTERNAL';
  return { kind: 'closed', outcome: 'failed', error: { code, message: messageOf(cause ?? thrown) } };
}
