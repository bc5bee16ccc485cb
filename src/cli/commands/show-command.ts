/** `show RUN`: the report of one run. */
import type { Command } from 'commander';
import { reportRun } from '../../pipeline/report-run.ts';
import { findRunId } from '../../postgres/history.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../open-ledger.ts';
import { renderReport } from '../render-report.ts';

export function addShowCommand(program: Command, context: CommandContext): void {
  program
    .command('show')
    .summary('the report of a run')
    .argument('<run>', 'a run id, a unique prefix of it, or JOB@latest')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync show ror-affiliations@latest'))
    .action(async (reference: string, { json }: JsonOption) => {
      const report = await withLedger(context, async ({ pool, webUi }) =>
        reportRun({ pool, webUi }, await findRunId(pool, reference)),
      );
      await (json === true ? writeJson(context, report) : context.terminal.write(renderReport(report)));
      context.end(EXIT.success);
    });
}
