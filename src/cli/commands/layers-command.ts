/** `layers [TARGET]`: which jobs own parts of the records of a target, and what waits for its record. */
import type { Command } from 'commander';
import { listLayerStates, listWaiting, type LayerState } from '../../postgres/ledger/layer-parts.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { formatNumber } from '../render/format-number.ts';
import { fitText } from '../render/page.ts';
import { printable } from '../render/printable.ts';
import { renderTable } from '../render/render-table.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { parseCount } from './options/parse-count.ts';

interface LayersOptions extends JsonOption {
  readonly waiting?: boolean;
  readonly limit: number;
}

type ListedLayer = LayerState & { readonly waits?: readonly string[] };

export function addLayersCommand(program: Command, context: CommandContext): void {
  program
    .command('layers')
    .summary('which jobs own parts of the records of other jobs')
    .description(
      'Lists every layer with its job, the places that it owns, how many records it knows, and how many of them wait because no other job publishes them.',
    )
    .argument('[target]', 'a table such as affiliations, or a target such as postgres:affiliations; default: all')
    .option('--waiting', 'list the ids that wait')
    .option('--limit <n>', 'how many ids of each layer are listed at most', parseCount, 100)
    .option(...JSON_OPTION)
    .addHelpText('after', examples('vocab-sync layers', 'vocab-sync layers affiliations --waiting'))
    .action(async (target: string | undefined, { waiting, limit, json }: LayersOptions) => {
      const targets = target === undefined ? [] : [target, `postgres:${target}`, `file:${target}`];
      const layers = await withLedger(context, async ({ pool }) => {
        const found: ListedLayer[] = [];
        for (const layer of await listLayerStates(pool, targets)) {
          found.push(waiting === true ? { ...layer, waits: await listWaiting(pool, layer, limit) } : layer);
        }
        return found;
      });
      const { page } = context.terminal;
      await (json === true
        ? writeJson(context, { layers })
        : context.terminal.write(
            layers.length === 0 ? 'No layers.\n' : renderLayers(layers, page) + fitText(renderWaiting(layers), page),
          ));
      context.end(EXIT.success);
    });
}

function renderLayers(layers: readonly ListedLayer[], page: CommandContext['terminal']['page']): string {
  return renderTable(
    [
      { title: 'target', heading: true },
      { title: 'layer' },
      { title: 'job' },
      { title: 'records', align: 'right' },
      { title: 'waiting', align: 'right' },
      { title: 'owns', wraps: true },
    ],
    layers.map(({ target, layer, job, parts, waiting, owns }) => [
      target,
      layer,
      job,
      formatNumber(parts),
      formatNumber(waiting),
      owns.join(' '),
    ]),
    '',
    page,
  );
}

function renderWaiting(layers: readonly ListedLayer[]): string {
  return layers
    .flatMap(({ target, layer, waits = [], waiting }) => {
      if (waits.length === 0) return [];
      const more = waiting > waits.length ? `  and ${formatNumber(waiting - waits.length)} more\n` : '';
      return [`\n${target} (layer ${layer}) waits for\n${waits.map((id) => `  ${printable(id)}\n`).join('')}${more}`];
    })
    .join('');
}
