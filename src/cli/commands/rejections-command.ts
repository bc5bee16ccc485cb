/** `rejections RUN`: the rejected records, with reason, position and raw value. */
import { Option, type Command } from 'commander';
import { readRejections, type RejectionRow } from '../../postgres/ledger/change-history.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { formatNumber } from '../render/format-number.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { printable } from '../render/printable.ts';
import { parseCount } from './options/parse-count.ts';

interface RejectionsOptions extends JsonOption {
  readonly limit: number;
  readonly format: 'table' | 'jsonl';
}

export function addRejectionsCommand(program: Command, context: CommandContext): void {
  program
    .command('rejections')
    .summary('the records that a run refused, and why')
    .argument('<run>', 'a run id, a unique prefix of it, JOB@latest or JOB@published')
    .option('--limit <n>', 'how many rejections are printed at most', parseCount, 100)
    .addOption(new Option('--format <format>', 'how they are printed').choices(['table', 'jsonl']).default('table'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync rejections ror-affiliations@latest', 'vocab-sync rejections 0199d3b2-4c1e --format jsonl'),
    )
    .action(async (reference: string, { limit, format, json }: RejectionsOptions) => {
      const { run, rejections } = await withLedger(context, async ({ pool }) => {
        const id = await findRunId(pool, reference);
        return { run: id, rejections: await readRejections(pool, id, { limit }) };
      });
      if (json === true) await writeJson(context, { run, rejections });
      else if (format === 'jsonl')
        for (const row of rejections) await context.terminal.write(`${JSON.stringify(row)}\n`);
      else
        await context.terminal.write(
          rejections.length === 0 ? 'No rejections.\n' : rejections.map(renderRejection).join(''),
        );
      if (rejections.length === limit) context.terminal.say(`The first ${formatNumber(limit)}; --limit shows more.`);
      context.end(EXIT.success);
    });
}

function renderRejection({ code, message, origin, record_id, raw, target }: RejectionRow): string {
  const where = [record_id, target, origin].filter((part) => part !== null).map((part) => printable(part, 160));
  const value = raw === null ? '' : `  ${printable(raw, 200)}\n`;
  return `${code}  ${where.join('  ')}\n  ${printable(message, 400)}\n${value}`;
}
