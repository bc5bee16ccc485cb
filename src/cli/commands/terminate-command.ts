/** `terminate RUN`: ends a run at once, for runs that no worker can cancel. */
import type { Command } from 'commander';
import { releaseRun } from '../../pipeline/undo/release-run.ts';
import { reportRun } from '../../pipeline/finish/report-run.ts';
import { terminateRun } from '../../temporal/control-run.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { userName } from './run/compose-request.ts';
import { EXIT, exitCodeOfReport, type ExitCode } from '../exit-code.ts';
import { withServers, type Servers } from '../servers/open-servers.ts';
import { renderReport } from '../render/render-report.ts';
import { requireActiveRun } from './run/require-active-run.ts';
import { parseText } from './options/parse-text.ts';

interface TerminateOptions extends JsonOption {
  readonly reason?: string;
}

export function addTerminateCommand(program: Command, context: CommandContext): void {
  program
    .command('terminate')
    .summary('end a run at once, without its worker')
    .description(
      'Ends a run that `cancel` cannot stop: its workflow in Temporal and its row in the ledger. No worker is asked. ' +
        'Uncommitted work of a step is lost; published records are kept. Exit code 5.',
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--reason <text>', 'why; it is kept with the run and shown in the Web UI', parseText('reason'))
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync terminate ror-affiliations@latest --reason "its worker hangs"'))
    .action(async (reference: string, options: TerminateOptions) => {
      context.end(await withServers(context, (servers) => terminate(context, servers, reference, options)));
    });
}

async function terminate(
  context: CommandContext,
  { pool, temporal }: Servers,
  reference: string,
  { reason, json }: TerminateOptions,
): Promise<ExitCode> {
  const run = await requireActiveRun(pool, reference);
  const why = `terminated by ${userName()} in phase ${run.phase}${reason === undefined ? '' : `: ${reason}`}`;
  await terminateRun(temporal.client, { workflowId: run.workflow_id, runId: run.id }, why);
  // A step that still runs is fenced off: its next statement finds that the run has ended.
  await releaseRun(pool, run.id, { code: 'E_RUN_STATE', message: `The run was ${why}.` });
  const report = await reportRun({ pool, webUi: () => null }, run.id);
  await (json === true
    ? writeJson(context, report)
    : context.terminal.write(renderReport(report, context.terminal.page)));
  return report.outcome === null ? EXIT.failed : exitCodeOfReport(report);
}
