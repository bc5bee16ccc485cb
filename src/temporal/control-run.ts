/** Decisions about an active run. All of them go through Temporal, as in the Web UI. */
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { DecisionInput, DecisionTaken } from '../../workflows/approval.ts';
import type { RunProgress } from '../../workflows/run-state.ts';
import { StateError, UnavailableError, messageOf, type VocabSyncError } from '../errors.ts';
import { workflowStatus, type RunReference } from './run-status.ts';
import { serverFailure } from './server-failure.ts';

/** A worker answers in milliseconds; one that is restarting in seconds. */
const ANSWER_SECONDS = 10;

/** Publishes the plan that waits. Throws StateError E_RUN_STATE when none does, UnavailableError E_NO_WORKER when no worker answers. */
export function approveRun(client: Client, run: RunReference, decision: DecisionInput): Promise<DecisionTaken> {
  return decide(client, run, 'approve', decision);
}

/** Drops the plan that waits; nothing is published. Throws as `approveRun`. */
export function discardRun(client: Client, run: RunReference, decision: DecisionInput): Promise<DecisionTaken> {
  return decide(client, run, 'discard', decision);
}

/** Asks the run to stop; it ends as cancelled when its steps have. Throws StateError E_RUN_STATE when it has ended. */
export async function cancelRun(client: Client, run: RunReference, by: string): Promise<void> {
  const status = await workflowStatus(client, run);
  // The server would take a cancel of an ended workflow without a word.
  if (status !== 'running') {
    throw new StateError('E_RUN_STATE', `Cannot cancel run ${run.runId}: its workflow is ${status}.`, {
      details: { run: run.runId },
    });
  }
  // A cancellation carries no name. The signal comes first in the history, so the run knows it when it is cancelled.
  await call(client, run, 'cancel', (handle) => handle.signal('cancelling', { by }));
  await call(client, run, 'cancel', (handle) => handle.cancel());
}

/** Ends the workflow at once, without its steps being asked; nothing is written down by it. False where it had ended. */
export async function terminateRun(client: Client, run: RunReference, reason: string): Promise<boolean> {
  if ((await workflowStatus(client, run)) !== 'running') return false;
  await call(client, run, 'terminate', (handle) => handle.terminate(reason));
  return true;
}

/** The query `progress`, answered by a worker. Throws as `approveRun`. */
export function runProgress(client: Client, run: RunReference): Promise<RunProgress> {
  return call(client, run, 'query the progress of', (handle) => handle.query<RunProgress>('progress'));
}

function decide(
  client: Client,
  run: RunReference,
  update: 'approve' | 'discard',
  decision: DecisionInput,
): Promise<DecisionTaken> {
  return call(client, run, update, (handle) =>
    handle.executeUpdate<DecisionTaken, [DecisionInput]>(update, { args: [decision] }),
  );
}

async function call<T>(
  client: Client,
  run: RunReference,
  doing: string,
  send: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  const handle = client.workflow.getHandle(run.workflowId, undefined, { firstExecutionRunId: run.runId });
  const deadline = Date.now() + ANSWER_SECONDS * 1000;
  try {
    return await client.connection.withDeadline(deadline, () => send(handle));
  } catch (thrown) {
    throw explained(thrown, run, doing) ?? serverFailure(thrown, `${doing} run ${run.runId}`) ?? thrown;
  }
}

function explained(thrown: unknown, run: RunReference, doing: string): VocabSyncError | undefined {
  const options = { cause: thrown, details: { run: run.runId, workflow_id: run.workflowId } };
  if (thrown instanceof WorkflowNotFoundError) {
    return new StateError(
      'E_RUN_STATE',
      `Cannot ${doing} run ${run.runId}: it has ended, or Temporal no longer knows it.`,
      options,
    );
  }
  if (thrown instanceof WorkflowUpdateFailedError) {
    return new StateError(
      'E_RUN_STATE',
      `Cannot ${doing} run ${run.runId}: ${messageOf(thrown.cause ?? thrown)}.`,
      options,
    );
  }
  // The server takes a cancel by itself; everything else waits for a worker.
  if (doing !== 'cancel' && doing !== 'terminate' && isTimeout(thrown)) {
    return new UnavailableError(
      'E_NO_WORKER',
      `No worker answered for run ${run.runId} within ${String(ANSWER_SECONDS)} seconds. Start one: \`vocab-sync worker\`. ` +
        'A decision that was sent may still be taken then; look with `vocab-sync show`.',
      options,
    );
  }
  return undefined;
}

/**
 * Only the deadline cancels a call. Which of the two errors is reported depends on whether the server or the client
 * notices it first.
 */
function isTimeout(thrown: unknown): boolean {
  return (
    thrown instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isGrpcDeadlineError(thrown) ||
    isGrpcCancelledError(thrown)
  );
}
