/** Renders for people how targets differ from what was published there. */
import type { DriftField, DriftFinding, DriftReport } from '../../records/drift.ts';
import { countOf, formatNumber } from './format-number.ts';
import type { Page } from './page.ts';
import { printable } from './printable.ts';
import { renderTable } from './render-table.ts';

const COUNTS = ['compared', 'missing', 'changed', 'foreign'] as const;

export function renderDrift(reports: readonly DriftReport[], page: Page): string {
  if (reports.length === 0) return '';
  const table = renderTable(
    [{ title: 'target', heading: true }, ...COUNTS.map((title) => ({ title, align: 'right' as const }))],
    reports.map((report) => [nameOf(report), ...COUNTS.map((name) => countIn(report[name]))]),
    '  ',
    page,
  );
  const findings = reports.flatMap((report) => renderFindings(report));
  return [table, ...findings].join('\n');
}

function nameOf({ target, state, sample }: DriftReport): string {
  const part = sample === undefined ? '' : ` (a sample of ${formatNumber(sample)})`;
  return `${target}${part}${state === 'open' ? ' (not read to its end)' : ''}`;
}

/** A target that cannot list its records cannot report foreign records. */
function countIn(count: number | null): string {
  return count === null ? 'unknown' : formatNumber(count);
}

function renderFindings({ target, findings, ...counts }: DriftReport): string[] {
  return (['missing', 'changed', 'foreign'] as const).flatMap((kind) => {
    const some = findings.filter((finding) => finding.kind === kind);
    if (some.length === 0) return [];
    const total = counts[kind] ?? 0;
    const shown = total > some.length ? ` (the first ${formatNumber(some.length)} of ${formatNumber(total)})` : '';
    return [`${printable(target)}, ${kind}${shown}\n${some.map(renderFinding).join('')}`];
  });
}

function renderFinding({ id, fields, more, note }: DriftFinding): string {
  const lines = [
    ...(note === undefined ? [] : [printable(note, 300)]),
    ...fields.map(renderField),
    ...(more === 0 ? [] : [`and ${countOf(more, 'more field')}`]),
  ];
  return `  ${printable(id)}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

function renderField({ pointer, published, held }: DriftField): string {
  const value = (text: string | null): string => (text === null ? 'nothing' : printable(text));
  return `${pointer === '' ? 'the record' : printable(pointer)}  published ${value(published)}, held ${value(held)}`;
}
