/** `history VOCABULARY ID`: one record over all runs. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { readRecordHistory } from '../../postgres/ledger/record-history.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { fitText } from '../render/page.ts';
import { renderHistory } from '../render/render-history.ts';

/** Stands by itself and below `job`. */
export function addHistoryCommand(program: Command, context: CommandContext): void {
  program
    .command('history')
    .summary('one record over all runs')
    .description(
      'Every change of a record that the ledger keeps, oldest first, with the run that made it, rollbacks included.',
    )
    .argument(
      '<vocabulary>',
      'a table such as affiliations, or a target such as postgres:affiliations or file:out.jsonl',
    )
    .argument('<id>', 'the id of the record')
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync history affiliations 05dxps055'))
    .action(async (vocabulary: string, id: string, { json }: JsonOption) => {
      const targets = [vocabulary, `postgres:${vocabulary}`, `file:${vocabulary}`];
      const versions = await withLedger(context, ({ pool }) => readRecordHistory(pool, id, targets));
      if (versions.length === 0) {
        throw new ConfigError(
          'E_RECORD_NOT_FOUND',
          `Expected changes of ${id} in ${vocabulary}, found none. \`vocab-sync changes JOB@latest\` shows how targets and records are called.`,
        );
      }
      await (json === true
        ? writeJson(context, { id, versions })
        : context.terminal.write(fitText(renderHistory(versions), context.terminal.page)));
      context.end(EXIT.success);
    });
}
