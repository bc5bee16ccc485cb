/** One record over all runs, for people. */
import type { RecordVersion } from '../../postgres/ledger/record-history.ts';
import { compareFields } from '../../records/field-changes.ts';
import { formatTime } from './format-number.ts';
import { printable } from './printable.ts';
import { describeField } from './render-changes.ts';
import { shortId } from './short-id.ts';

export function renderHistory(versions: readonly RecordVersion[]): string {
  const targets = [...new Set(versions.map(({ target }) => target))];
  return targets
    .map((target) => {
      const own = versions.filter((version) => version.target === target);
      return `${target}\n${own.map(renderVersion).join('')}`;
    })
    .join('\n');
}

function renderVersion(version: RecordVersion): string {
  const { at, op, run, mode, source, title } = version;
  const from = source === null ? title : source;
  const how = mode === 'rollback' ? 'rollback' : 'run';
  const fields =
    op === 'update' || op === 'restore'
      ? compareFields(version.before, version.after).map(
          (field) => `    ${printable(field.pointer)}  ${describeField(field)}\n`,
        )
      : [];
  return `  ${formatTime(at)}  ${op.padEnd(8)}  ${how} ${shortId(run)}  ${printable(from, 60)}\n${fields.join('')}`;
}
