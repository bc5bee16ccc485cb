/** `search VOCABULARY TEXT`: published records by id, name or title. */
import type { Command } from 'commander';
import { searchVocabulary, type SearchResult } from '../../postgres/search-vocabulary.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { formatTime } from '../render/format-number.ts';
import { printable } from '../render/printable.ts';
import { renderTable } from '../render/render-table.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { parseCount } from './options/parse-count.ts';
import { parseText } from './options/parse-text.ts';

interface SearchOptions extends JsonOption {
  readonly limit: number;
}

const MOST = 1_000;

export function addSearchCommand(program: Command, context: CommandContext): void {
  program
    .command('search')
    .summary('find published records by id, name or title')
    .description(
      'Finds the text in ids, names, titles, acronyms and identifiers of published records that are not withdrawn. Accents and case do not matter. --json prints complete records.',
    )
    .argument('<vocabulary>', 'the table of a vocabulary, such as affiliations')
    .argument('<text>', 'what to find', parseText('text'))
    .option('--limit <n>', `how many records are shown at most; not more than ${String(MOST)}`, parseCount, 20)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples('vocab-sync search affiliations "universitat zurich"', 'vocab-sync search funders snsf --json'),
    )
    .action(async (vocabulary: string, text: string, { limit, json }: SearchOptions) => {
      const result = await withLedger(context, ({ pool }) =>
        searchVocabulary(pool, vocabulary, text, Math.min(limit, MOST)),
      );
      await (json === true ? writeJson(context, result) : context.terminal.write(render(result)));
      context.end(EXIT.success);
    });
}

function render({ vocabulary, records, more }: SearchResult): string {
  if (records.length === 0) return `No record of ${vocabulary} matches.\n`;
  const rows = records.map(({ id, name, changed_at }) => [printable(id), printable(name), formatTime(changed_at)]);
  const table = renderTable([{ title: 'id' }, { title: 'name' }, { title: 'changed' }], rows);
  return more ? `${table}There are more: narrow the text, or give --limit.\n` : table;
}
