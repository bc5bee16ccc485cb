/** `cancel RUN`: asks a run to stop and waits until it has. */
import type { Command } from 'commander';
import { releaseRun } from '../../pipeline/undo/release-run.ts';
import { reportRun } from '../../pipeline/finish/report-run.ts';
import type { RunRow } from '../../postgres/ledger/run-rows.ts';
import { cancelRun } from '../../temporal/control-run.ts';
import { workflowStatus } from '../../temporal/run-status.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from '../exit-code.ts';
import { followToEnd } from '../follow/follow-to-end.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { userName } from './run/compose-request.ts';
import { queueOf } from './run/queue-of.ts';
import { renderReport } from '../render/render-report.ts';
import { requireActiveRun } from './run/require-active-run.ts';
import { requireWorker } from '../servers/require-worker.ts';

export function addCancelCommand(program: Command, context: CommandContext): void {
  program
    .command('cancel')
    .summary('stop a run; nothing of it is published')
    .description(
      'Asks a run to stop and waits until it has stopped (exit code 5). A run whose workflow no longer exists is ended in the ledger.',
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync cancel ror-affiliations@latest'))
    .action(async (reference: string, options: JsonOption) => {
      context.end(await withServers(context, (servers) => cancel(context, servers, reference, options)));
    });
}

async function cancel(
  context: CommandContext,
  servers: Servers,
  reference: string,
  { json }: JsonOption,
): Promise<ExitCode> {
  const run = await requireActiveRun(servers.pool, reference);
  const place = { workflowId: run.workflow_id, runId: run.id };
  if ((await workflowStatus(servers.temporal.client, place)) !== 'running')
    return endInLedger(context, servers, run, json === true);
  const queue = await queueOf(servers.temporal.client, run);
  await requireWorker(context, servers, queue, true);
  await cancelRun(servers.temporal.client, place, userName());
  context.terminal.say(`Asked run ${run.id} to stop`);
  return followToEnd(context, servers, {
    ...place,
    queue,
    json: json === true,
    ...(run.waiting_until === null ? {} : { decided: run.waiting_until.toISOString() }),
  });
}

/** Terminated in the Web UI, timed out, or lost with its server. */
async function endInLedger(context: CommandContext, { pool }: Servers, run: RunRow, json: boolean): Promise<ExitCode> {
  await releaseRun(pool, run.id);
  context.terminal.say(`The workflow ${run.workflow_id} was closed already; the run is ended in the ledger.`);
  const report = await reportRun({ pool, webUi: () => null }, run.id);
  await (json ? writeJson(context, report) : context.terminal.write(renderReport(report, context.terminal.page)));
  return report.outcome === null ? EXIT.failed : exitCodeOfReport(report);
}
