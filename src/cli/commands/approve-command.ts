/** `approve RUN` and `discard RUN`: decide on a run that waits for approval. */
import type { Command } from 'commander';
import { StateError } from '../../errors.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import { findRun, listTasks, type RunRow } from '../../postgres/ledger/run-rows.ts';
import { approveRun, discardRun } from '../../temporal/control-run.ts';
import type { Pool } from '../../postgres/pool.ts';
import { examples, JSON_OPTION, type CommandContext, type JsonOption } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { followToEnd } from '../follow/follow-to-end.ts';
import { withServers } from '../servers/open-servers.ts';
import { requireWorker } from '../servers/require-worker.ts';
import { parseText } from './options/parse-text.ts';
import { userName } from './run/compose-request.ts';
import { queueOf } from './run/queue-of.ts';

export function addApproveCommand(program: Command, context: CommandContext): void {
  program
    .command('approve')
    .summary('publish a run that waits for approval')
    .description('Publishes exactly the plan that waits, and follows the run to its end.')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--by <name>', 'who decides (default: the user of this machine)', parseText('name'))
    .option('--reason <text>', 'why; it is kept with the run', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync approve ror-affiliations@latest',
        'vocab-sync approve 0199d3b2-4c1e --by "Ada" --reason "checked with the library"',
      ),
    )
    .action(async (run: string, options: DecideOptions) => {
      context.end(await decideRun(context, run, 'approve', options));
    });
}

interface DecideOptions extends JsonOption {
  readonly by?: string;
  readonly reason?: string;
}

export function addDiscardCommand(program: Command, context: CommandContext): void {
  program
    .command('discard')
    .summary('drop a run that waits for approval')
    .description('Drops the plan that waits; everything stays as it was.')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--by <name>', 'who decides (default: the user of this machine)', parseText('name'))
    .option('--reason <text>', 'why; it is kept with the run', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync discard ror-affiliations@latest --reason "the dump is cut"'))
    .action(async (run: string, options: DecideOptions) => {
      context.end(await decideRun(context, run, 'discard', options));
    });
}

/** Carries out `approve` and `discard`: finds the run, sends the decision through Temporal, and follows the run. */
async function decideRun(
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

/** The decision applies to the plan that the ledger shows, not to a plan that replaced it meanwhile. */
async function planOf(pool: Pool, run: RunRow): Promise<string | undefined> {
  const tasks = await listTasks(pool, run.id);
  return (
    tasks.findLast(({ plan_digest, applied_at }) => plan_digest !== null && applied_at === null)?.plan_digest ??
    undefined
  );
}
