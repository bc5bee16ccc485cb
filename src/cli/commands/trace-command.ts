/** `trace RUN ID`: one record from its origin to its change, or to the reason why there is none. */
import type { Command } from 'commander';
import { loadRecordSchema } from '../../job/schema/record-schema.ts';
import { traceRecord } from '../../pipeline/trace/trace-record.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeSecrets, composeServices } from '../servers/compose-services.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { fitText } from '../render/page.ts';
import { renderTrace } from '../render/render-trace.ts';
import { terminalLogger } from '../terminal-logger.ts';
import { StateError } from '../../errors.ts';

export function addTraceCommand(program: Command, context: CommandContext): void {
  program
    .command('trace')
    .summary('one record of a run, step by step')
    .description(
      `Reads the source of the run again, from the spool of this machine, and shows the entry as it was read, what each transformer
made of it, and what became of it: its change in each target, or why it was filtered or rejected.`,
    )
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .argument('<id>', 'the id of the record, its id at the source, or an origin as `rejections` shows it')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        'vocab-sync trace ror-affiliations@latest 05dxps055',
        "vocab-sync trace 0199d3b2-4c1e 'file:ror.json > json:12'",
      ),
    )
    .action(async (reference: string, id: string, { json }: JsonOption) => {
      const settings = context.settings();
      const { terminal } = context;
      const catalog = await loadCatalog(settings.plugins);
      const services = composeServices(settings, terminalLogger(terminal, settings.logLevel === 'debug'));
      const leave = new AbortController();
      const quiet = terminal.onInterrupt(() => {
        leave.abort(new StateError('E_RUN_STATE', 'The trace was stopped.'));
      });
      try {
        await withLedger(context, async ({ pool }) => {
          const run = await findRunId(pool, reference);
          const engine = {
            pool,
            catalog,
            services,
            resolveSecret: composeSecrets(context.settings().variable),
            recordCheck: loadRecordSchema,
          };
          const tasks = await traceRecord(engine, { run, id, signal: leave.signal });
          await (json === true
            ? writeJson(context, { run, id, tasks })
            : terminal.write(fitText(renderTrace(tasks, id), terminal.page)));
        });
      } finally {
        quiet();
      }
      context.end(EXIT.success);
    });
}
