/** `trace RUN ID`: one record from its origin to its change, or to the reason why nothing changed. */
import type { Command } from 'commander';
import { formatEntry } from './preview/preview-format.ts';
import { loadRecordSchema } from '../../job/schema/record-schema.ts';
import { traceRecord, type TaskTrace } from '../../pipeline/trace/trace-record.ts';
import { findRunId } from '../../postgres/ledger/history.ts';
import type { RecordVersion } from '../../postgres/ledger/record-history.ts';
import { loadCatalog } from '../catalog.ts';
import { examples, JSON_OPTION, writeJson, type CommandContext, type JsonOption } from '../command-context.ts';
import { composeSecrets, composeServices } from '../servers/compose-services.ts';
import { EXIT } from '../exit-code.ts';
import { withLedger } from '../servers/open-ledger.ts';
import { fitText } from '../render/page.ts';
import { printable } from '../render/printable.ts';
import { renderChanges } from '../render/render-changes.ts';
import { terminalLogger } from '../terminal-logger.ts';
import { StateError } from '../../errors.ts';

export function addTraceCommand(program: Command, context: CommandContext): void {
  program
    .command('trace')
    .summary('one record of a run, step by step')
    .description(
      `Reads the source of the run again, from the spool of this machine, and shows the entry as it was read, what each transformer returned, and the result: the change in each target, or why the entry was filtered or rejected.`,
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
      const catalog = await loadCatalog(settings);
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

/** A trace for people: the entries step by step, then what became of the record. */
export function renderTrace(traces: readonly TaskTrace[], id: string): string {
  return traces.map((trace) => renderTask(trace, id, traces.length > 1)).join('\n');
}

function renderTask(trace: TaskTrace, id: string, named: boolean): string {
  return [
    named ? `Task ${trace.task}\n` : '',
    renderSource(trace, id),
    trace.entries.length > 1
      ? `The source has ${String(trace.entries.length)} entries for it; of those with one id the last is published.\n\n`
      : '',
    ...trace.entries.map((entry) => formatEntry(entry, 'trace')),
    renderFate(trace, id),
  ].join('');
}

function renderSource({ source, gone, drifted, entries }: TaskTrace, id: string): string {
  const name = source === null ? 'The source' : printable(source, 120);
  if (gone !== null) return `${name} cannot be read again: ${printable(gone)}. What the ledger kept:\n`;
  const warning = drifted
    ? 'The components are of other versions today than in the run; the steps are what today’s make of it.\n'
    : '';
  return entries.length === 0 ? `${warning}${name} has no entry ${printable(id)}.\n` : warning;
}

function renderFate({ entries, changes, rejections, published }: TaskTrace, id: string): string {
  const rejected = rejections.map(
    ({ code, message, origin, target }) =>
      `rejected  ${code}: ${printable(message, 400)} (${printable(target ?? origin, 200)})\n`,
  );
  const changed = changes.map((change) => (change.op === 'remove' ? renderRemoved(change) : renderOne(change)));
  if (changed.length + rejected.length > 0) return [...changed, ...rejected].join('');
  const staged = entries.some(({ result }) => result.kind === 'staged');
  if (staged) return published ? 'unchanged: the targets held it already as it is\n' : 'not published by this run\n';
  return entries.length > 0 ? '' : `The ledger has no change and no rejection of ${printable(id)} in this run.\n`;
}

function renderOne(change: RecordVersion): string {
  return change.op === 'remove' ? '' : renderChanges([{ ...change, op: change.op }], 'table');
}

function renderRemoved({ id, target }: RecordVersion): string {
  return `remove    ${printable(id)}  (${target})\n`;
}
