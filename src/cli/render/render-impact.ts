/** Renders for people how many records of a repository refer to the records that a run changes. */
import { describeAffected, describeImpact, type CitedRecord, type Impact } from '../../records/impact.ts';
import { formatNumber, formatTime } from './format-number.ts';
import { fitText, paint, PLAIN, type Page } from './page.ts';
import { printable } from './printable.ts';

export function renderImpacts(impacts: readonly Impact[], page: Page = PLAIN): string {
  return fitText(impacts.map((impact) => renderImpact(impact, page)).join('\n'), page);
}

function renderImpact(impact: Impact, page: Page): string {
  const { target, measured_at: at, cited } = impact;
  const widest = Math.max(0, ...cited.map(({ records }) => formatNumber(records).length));
  return [
    `${paint(page, 'bold', `Impact on ${printable(target)}`)}, ${formatTime(at)}\n`,
    `${printable(describeImpact(impact), 1000)}\n`,
    ...cited.map((one) => renderCited(one, widest)),
  ].join('');
}

function renderCited(cited: CitedRecord, widest: number): string {
  const { id, name, records, first } = cited;
  const indent = ' '.repeat(widest + 4);
  const head = [formatNumber(records).padStart(widest), printable(id), ...(name === null ? [] : [printable(name, 60)])];
  const citing = first.map(({ title, url }) => [...(url === undefined ? [] : [printable(url)]), printable(title, 80)]);
  return [
    `  ${head.join('  ')}\n`,
    `${indent}${printable(describeAffected(cited), 400)}\n`,
    ...citing.map((parts) => `${indent}${parts.join('  ')}\n`),
  ].join('');
}
