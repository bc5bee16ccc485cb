/** A trace for people: the entries step by step, then what became of the record. */
import type { TaskTrace } from '../../pipeline/trace/trace-record.ts';
import type { RecordVersion } from '../../postgres/ledger/record-history.ts';
import { formatEntry } from '../commands/preview/preview-format.ts';
import { printable } from './printable.ts';
import { renderChanges } from './render-changes.ts';

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
