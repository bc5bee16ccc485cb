/** `show RUN`: the report of one run. */
import type { Command } from 'commander';
import { reportRun } from '../../pipeline/finish/report-run.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import { listImpacts } from '../../postgres/ledger/impacts.ts';
import { readAttempts } from '../../postgres/ledger/run-log.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { renderImpacts } from '../render/render-impact.ts';
import { renderReport } from '../render/render-report.ts';
import { renderSteps, summariseSteps } from '../render/render-steps.ts';

export function addShowCommand(program: Command, context: CommandContext): void {
  program
    .command('show')
    .summary('the report of a run')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync show ror-affiliations@latest'))
    .action(async (reference: string, { json }: JsonOption) => {
      const { report, steps, impacts } = await withLedger(context, async ({ pool, webUi }) => {
        const id = await findRunId(pool, reference);
        return {
          report: await reportRun({ pool, webUi }, id),
          steps: summariseSteps(await readAttempts(pool, id)),
          impacts: await listImpacts(pool, id),
        };
      });
      const impact = impacts.length === 0 ? '' : `\n${renderImpacts(impacts, context.terminal.page)}`;
      await (json === true
        ? writeJson(context, { ...report, steps, ...(impacts.length === 0 ? {} : { impacts }) })
        : context.terminal.write(
            `${renderReport(report, context.terminal.page)}${impact}${renderSteps(steps, report.tasks.length > 1, context.terminal.page)}`,
          ));
      context.end(EXIT.success);
    });
}
