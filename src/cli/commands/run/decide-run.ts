/** What `approve` and `discard` do: find the run, send the decision through Temporal, follow what comes of it. */
import { StateError } from '../../../errors.ts';
import { findRunId } from '../../../postgres/ledger/history.ts';
import { findRun, listTasks, type RunRow } from '../../../postgres/ledger/run-rows.ts';
import { approveRun, discardRun } from '../../../temporal/control-run.ts';
import type { Pool } from '../../../postgres/pool.ts';
import type { CommandContext, JsonOption } from '../../command-context.ts';
import { userName } from './compose-request.ts';
import type { ExitCode } from '../../exit-code.ts';
import { followToEnd } from '../../follow/follow-to-end.ts';
import { withServers } from '../../servers/open-servers.ts';
import { queueOf } from './queue-of.ts';
import { requireWorker } from '../../servers/require-worker.ts';

export interface DecideOptions extends JsonOption {
  readonly by?: string;
  readonly reason?: string;
}

export async function decideRun(
  context: CommandContext,
  reference: string,
  kind: 'approve' | 'discard',
  options: DecideOptions,
): Promise<ExitCode> {
  return withServers(context, async (servers) => {
    const run = await requireWaiting(servers.pool, reference);
    const queue = await queueOf(servers.temporal.client, run);
    await requireWorker(context, servers, queue, false);
    const send = kind === 'approve' ? approveRun : discardRun;
    const plan = await planOf(servers.pool, run);
    await send(
      servers.temporal.client,
      { workflowId: run.workflow_id, runId: run.id },
      {
        by: options.by ?? userName(),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(plan === undefined ? {} : { plan }),
      },
    );
    context.terminal.say(`${kind === 'approve' ? 'Approved' : 'Discarded'} run ${run.id}`);
    return followToEnd(context, servers, {
      runId: run.id,
      workflowId: run.workflow_id,
      queue,
      json: options.json === true,
      ...(run.waiting_until === null ? {} : { decided: run.waiting_until.toISOString() }),
    });
  });
}

async function requireWaiting(pool: Pool, reference: string): Promise<RunRow> {
  const id = await findRunId(pool, reference);
  const run = await findRun(pool, id);
  if (run?.phase === 'waiting') return run;
  const state =
    run === undefined || run.outcome === null ? `is in phase ${run?.phase ?? 'unknown'}` : `ended as ${run.outcome}`;
  throw new StateError('E_RUN_STATE', `Expected run ${id} to wait for approval, but it ${state}.`, {
    details: { run: id },
  });
}

/** The decision is for the plan that the ledger shows, not for one that took its place meanwhile. */
async function planOf(pool: Pool, run: RunRow): Promise<string | undefined> {
  const tasks = await listTasks(pool, run.id);
  return (
    tasks.findLast(({ plan_digest, applied_at }) => plan_digest !== null && applied_at === null)?.plan_digest ??
    undefined
  );
}
