/** The changes of a run for people (table), for librarians (Markdown) and for programs (jsonl). */
import type { RecordChange } from '../../postgres/ledger/change-history.ts';
import { describeAffected, describeImpact, type Impact } from '../../records/impact.ts';
import { describeNotes } from '../../records/notes.ts';
import { nameOf } from '../../records/document.ts';
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

function fieldsOf({ op, before, after, differing }: RecordChange): readonly FieldChange[] {
  if (differing !== undefined) {
    return differing.map(({ pointer, held, published }) => ({
      ...{ pointer, before: valueOf(held), after: valueOf(published) },
    }));
  }
  return op === 'update' || op === 'restore' ? compareFields(before, after) : [];
}

/** A value that was clipped is shown as it is. */
function valueOf(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function renderPlain(change: RecordChange, page: Page): string {
  const { op, id, target } = change;
  const lines = [
    ...notesOf(change).map((notes) => `  ${notes}\n`),
    ...fieldsOf(change).map((field) => `  ${printable(field.pointer)}  ${describeField(field)}\n`),
  ];
  const kind = paint(page, COLOURS[op], op.padEnd(8));
  const name = printable(nameOf(change.after ?? change.before), 60);
  const head = [kind, printable(id), ...(name === '' ? [] : [name]), `(${target})`].join('  ');
  return fitText(`${head}\n${lines.join('')}`, page);
}

const COLOURS: Readonly<Record<RecordChange['op'], Colour>> = {
  insert: 'green',
  overwrite: 'yellow',
  keep: 'dim',
  update: 'yellow',
  restore: 'green',
  withdraw: 'red',
  remove: 'red',
};

const LONGEST_VALUE = 100;
const LONGEST_NOTES = 400;

/** `inactive, continued by Adelaide University (028g18b61)`. Empty where the source says nothing of that kind. */
export function notesOf({ notes }: Pick<RecordChange, 'notes'>): readonly string[] {
  return notes === undefined ? [] : [printable(describeNotes(notes), LONGEST_NOTES)];
}

/** Lists are shown by their added and removed items, everything else as before → after. */
export function describeField({ before, after }: FieldChange): string {
  if (before === undefined) return `added ${show(after)}`;
  if (after === undefined) return `removed ${show(before)}`;
  if (Array.isArray(before) && Array.isArray(after)) return describeList(before, after);
  if (typeof before === 'string' && typeof after === 'string') return describeTexts(before, after);
  return `${show(before)} → ${show(after)}`;
}

/** Of long texts with the same beginning, the part from shortly before the difference: it may be far from the beginning. */
function describeTexts(before: string, after: string): string {
  if (Math.max(before.length, after.length) < LONGEST_VALUE) return `${show(before)} → ${show(after)}`;
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const start = same < LONGEST_VALUE / 2 ? 0 : wordStart(before, same - SHOWN_BEFORE);
  const [old, now] = [before, after].map((text) => show(start === 0 ? text : `…${text.slice(start)}`));
  return `${old ?? ''} → ${now ?? ''}`;
}

/** How much of what is the same is shown before a difference. */
const SHOWN_BEFORE = 30;

function wordStart(text: string, at: number): number {
  const space = text.indexOf(' ', at);
  return space < 0 || space > at + SHOWN_BEFORE / 2 ? at : space + 1;
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

const HEADINGS = {
  overwrite: 'Overwritten',
  keep: 'Kept as the target has them',
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

/** Renders for librarians what was published from which source and when, in numbers and then record by record. */
export function renderReleaseNote(
  report: RunReport,
  changes: readonly RecordChange[],
  isCut: boolean,
  impacts: readonly Impact[] = [],
): string {
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
    ...impacts.map(renderImpactMarkdown),
    renderMarkdown(changes),
    isCut ? `\nOnly the first ${formatNumber(changes.length)} changes are listed.\n` : '',
  ].join('');
}

function renderImpactMarkdown(impact: Impact): string {
  const items = impact.cited.map((cited) => {
    const { id, name, records, first } = cited;
    const shown = name === null ? '' : `**${escapeMarkdown(printable(name))}** `;
    const count = `${formatNumber(records)} ${records === 1 ? 'record' : 'records'}`;
    const citing = first.map(({ title, url }) => {
      const text = escapeMarkdown(printable(title, LONGEST_VALUE));
      return `  - ${url === undefined ? text : `[${text}](<${linkOf(url)}>)`}\n`;
    });
    return `- ${shown}(${escapeMarkdown(printable(id))}): ${count}; ${escapeMarkdown(printable(describeAffected(cited), LONGEST_NOTES))}\n${citing.join('')}`;
  });
  const text = escapeMarkdown(printable(describeImpact(impact), 1000));
  return `## Impact on ${escapeMarkdown(impact.target)}\n\n${text}\n\n${items.join('')}${items.length === 0 ? '' : '\n'}`;
}

/** Only an address of the web becomes a link. */
function linkOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed === undefined || !/^https?:$/.test(parsed.protocol)
    ? ''
    : parsed.href.replaceAll(/[<>]/g, encodeURIComponent);
}

function countsOf(target: RunReport['tasks'][number]['targets'][number]): string {
  const { inserted, updated, restored, withdrawn } = target;
  const parts = Object.entries({ new: inserted, changed: updated, restored, withdrawn }).filter(
    ([, count]) => count > 0,
  );
  return parts.length === 0 ? 'no changes' : parts.map(([what, count]) => `${formatNumber(count)} ${what}`).join(', ');
}

function renderItem(change: RecordChange): string {
  const name = nameOf(change.after ?? change.before);
  const fields = [
    ...notesOf(change).map((notes) => `  - ${escapeMarkdown(notes)}\n`),
    ...fieldsOf(change).map(
      (field) => `  - ${escapeMarkdown(printable(field.pointer))}: ${escapeMarkdown(describeField(field))}\n`,
    ),
  ];
  return `- ${name === '' ? '' : `**${escapeMarkdown(printable(name))}** `}(${escapeMarkdown(printable(change.id))})\n${fields.join('')}`;
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/g, '\\$&');
}
