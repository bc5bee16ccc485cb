/** The changes of a run for people (table), for librarians (Markdown) and for programs (jsonl). */
import type { RecordChange } from '../../postgres/ledger/change-history.ts';
import type { RunReport } from '../../records/run.ts';
import { compareFields, type FieldChange } from '../../records/field-changes.ts';
import { formatNumber, formatTime } from './format-number.ts';
import { fitText, paint, PLAIN, type Colour, type Page } from './page.ts';
import { printable } from './printable.ts';

export const CHANGE_FORMATS = ['table', 'jsonl', 'markdown'] as const;
export type ChangeFormat = (typeof CHANGE_FORMATS)[number];

export function renderChanges(changes: readonly RecordChange[], format: ChangeFormat, page: Page = PLAIN): string {
  switch (format) {
    case 'table':
      return changes.map((change) => renderPlain(change, page)).join('');
    case 'jsonl':
      return changes.map((change) => `${JSON.stringify(toChangeLine(change))}\n`).join('');
    case 'markdown':
      return renderMarkdown(changes);
  }
}

export interface ChangeLine extends RecordChange {
  /** For an update: what differs. */
  readonly fields: readonly FieldChange[];
}

export function toChangeLine(change: RecordChange): ChangeLine {
  return { ...change, fields: fieldsOf(change) };
}

function fieldsOf({ op, before, after }: RecordChange): readonly FieldChange[] {
  return op === 'update' || op === 'restore' ? compareFields(before, after) : [];
}

function renderPlain(change: RecordChange, page: Page): string {
  const { op, id, target } = change;
  const lines = fieldsOf(change).map((field) => `  ${printable(field.pointer)}  ${describeField(field)}\n`);
  const kind = paint(page, COLOURS[op], op.padEnd(8));
  const name = printable(nameOf(change), 60);
  const head = [kind, printable(id), ...(name === '' ? [] : [name]), `(${target})`].join('  ');
  return fitText(`${head}\n${lines.join('')}`, page);
}

const COLOURS: Readonly<Record<RecordChange['op'], Colour>> = {
  insert: 'green',
  update: 'yellow',
  restore: 'green',
  withdraw: 'red',
  remove: 'red',
};

const LONGEST_VALUE = 100;

/** Lists are shown by what came and went, everything else as before → after. */
export function describeField({ before, after }: FieldChange): string {
  if (before === undefined) return `added ${show(after)}`;
  if (after === undefined) return `removed ${show(before)}`;
  if (Array.isArray(before) && Array.isArray(after)) return describeList(before, after);
  return `${show(before)} → ${show(after)}`;
}

function describeList(before: readonly unknown[], after: readonly unknown[]): string {
  const had = new Set(before.map((item) => JSON.stringify(item)));
  const has = new Set(after.map((item) => JSON.stringify(item)));
  const gone = [...had].filter((item) => !has.has(item)).map((item) => `−${printable(item, LONGEST_VALUE)}`);
  const came = [...has].filter((item) => !had.has(item)).map((item) => `+${printable(item, LONGEST_VALUE)}`);
  return gone.length + came.length === 0 ? 'in another order' : [...gone, ...came].join(' ');
}

function show(value: unknown): string {
  return printable(JSON.stringify(value), LONGEST_VALUE);
}

function nameOf({ before, after }: RecordChange): string {
  const record = after ?? before;
  if (typeof record !== 'object' || record === null) return '';
  const { name, title } = record as { readonly name?: unknown; readonly title?: unknown };
  const titles: readonly unknown[] = typeof title === 'object' && title !== null ? Object.values(title) : [title];
  const shown = [name, ...titles].find((text) => typeof text === 'string');
  return shown ?? '';
}

const HEADINGS = {
  insert: 'New',
  update: 'Changed',
  withdraw: 'Withdrawn',
  restore: 'Restored',
  remove: 'Removed',
} as const;

function renderMarkdown(changes: readonly RecordChange[]): string {
  const targets = [...new Set(changes.map(({ target }) => target))];
  const sections = targets.flatMap((target) => [
    `## ${escapeMarkdown(target)}\n`,
    ...Object.entries(HEADINGS).flatMap(([op, heading]) => {
      const found = changes.filter((change) => change.target === target && change.op === op);
      return found.length === 0 ? [] : [`### ${heading}\n\n${found.map(renderItem).join('')}`];
    }),
  ]);
  return sections.length === 0 ? 'No changes.\n' : sections.join('\n');
}

/** For librarians: what was published from which source and when, in numbers and then record by record. */
export function renderReleaseNote(report: RunReport, changes: readonly RecordChange[], isCut: boolean): string {
  const { title, outcome, finished_at, started_at, tasks } = report;
  const sources = tasks.flatMap(({ source }) => (source === null ? [] : [escapeMarkdown(printable(source.name))]));
  const when = outcome === null ? 'not published yet' : formatTime(finished_at ?? started_at);
  const numbers = tasks.flatMap((task) =>
    task.targets.map((target) => `- ${escapeMarkdown(target.name)}: ${countsOf(target)}\n`),
  );
  return [
    `# ${escapeMarkdown(printable(title))}\n\n`,
    `${[when, ...(sources.length === 0 ? [] : [`from ${sources.join(', ')}`]), `run ${report.run}`].join(', ')}\n\n`,
    numbers.length === 0 ? '' : `${numbers.join('')}\n`,
    renderMarkdown(changes),
    isCut ? `\nOnly the first ${formatNumber(changes.length)} changes are listed.\n` : '',
  ].join('');
}

function countsOf(target: RunReport['tasks'][number]['targets'][number]): string {
  const { inserted, updated, restored, withdrawn } = target;
  const parts = Object.entries({ new: inserted, changed: updated, restored, withdrawn }).filter(
    ([, count]) => count > 0,
  );
  return parts.length === 0 ? 'no changes' : parts.map(([what, count]) => `${formatNumber(count)} ${what}`).join(', ');
}

function renderItem(change: RecordChange): string {
  const name = nameOf(change);
  const fields = fieldsOf(change).map(
    (field) => `  - ${escapeMarkdown(printable(field.pointer))}: ${escapeMarkdown(describeField(field))}\n`,
  );
  return `- ${name === '' ? '' : `**${escapeMarkdown(printable(name))}** `}(${escapeMarkdown(printable(change.id))})\n${fields.join('')}`;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, '\\$&');
}
