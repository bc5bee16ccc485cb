/** `history VOCABULARY ID`: one record over all runs. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { readRecordParts, type RecordPart } from '../../postgres/ledger/layer-parts.ts';
import { readRecordHistory, type RecordVersion } from '../../postgres/ledger/record-history.ts';
import { compareFields } from '../../records/field-changes.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { fitText } from '../render/page.ts';
import { formatTime } from '../render/format-number.ts';
import { printable } from '../render/printable.ts';
import { describeField, notesOf } from '../render/render-changes.ts';
import { shortId } from '../render/short-id.ts';

/** Available as a separate command and below `job`. */
export function addHistoryCommand(program: Command, context: CommandContext): void {
  program
    .command('history')
    .summary('one record over all runs')
    .description(
      'Every change of a record that the ledger keeps, oldest first, with the run that made it, rollbacks included. ' +
        'If several jobs make a record, it also shows which job gives which fields.',
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
      const { versions, parts } = await withLedger(context, async ({ pool }) => ({
        versions: await readRecordHistory(pool, id, targets),
        parts: await readRecordParts(pool, id, targets),
      }));
      if (versions.length === 0 && parts.length === 0) {
        throw new ConfigError(
          'E_RECORD_NOT_FOUND',
          `Expected changes of ${id} in ${vocabulary}, found none. \`vocab-sync changes JOB@latest\` shows how targets and records are called.`,
        );
      }
      await (json === true
        ? writeJson(context, { id, versions, parts })
        : context.terminal.write(fitText(renderHistory(versions, parts), context.terminal.page)));
      context.end(EXIT.success);
    });
}

/** One record over all runs, for people. */
function renderHistory(versions: readonly RecordVersion[], parts: readonly RecordPart[] = []): string {
  const targets = [...new Set([...versions, ...parts].map(({ target }) => target))];
  return targets
    .map((target) => {
      const own = versions.filter((version) => version.target === target);
      const made = parts.filter((part) => part.target === target);
      const lines = own.map((version) => renderVersion(version, made.length > 0));
      return `${target}\n${lines.join('')}${renderParts(made)}`;
    })
    .join('\n');
}

/** Which job gives which fields now. */
function renderParts(parts: readonly RecordPart[]): string {
  if (parts.length === 0) return '';
  const lines = parts.map(({ layer, job, owns }) => {
    const what = layer === null ? 'everything else' : `${(owns ?? []).join(' ')} (layer ${layer})`;
    return `    ${printable(job)}  ${printable(what, 300)}\n`;
  });
  const waits = parts.every(({ layer }) => layer !== null) ? '  waits for another job to publish the record\n' : '';
  return `${waits}  made of\n${lines.join('')}`;
}

/** `named`: several jobs make the record. */
function renderVersion(version: RecordVersion, named: boolean): string {
  const { at, op, run, mode, source, title, job } = version;
  const by = named ? `${printable(job)}: ` : '';
  const from = by + (source === null ? title : source);
  const how = mode === 'rollback' || mode === 'resync' || mode === 'adopt' ? mode : 'run';
  const fields =
    op === 'update' || op === 'restore'
      ? compareFields(version.before, version.after).map(
          (field) => `    ${printable(field.pointer)}  ${describeField(field)}\n`,
        )
      : [];
  const notes = notesOf(version).map((text) => `    ${text}\n`);
  return `  ${formatTime(at)}  ${op.padEnd(8)}  ${how} ${shortId(run)}  ${printable(from, 120)}\n${[...notes, ...fields].join('')}`;
}
