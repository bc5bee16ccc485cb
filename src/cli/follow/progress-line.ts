/**
 * Shows the progress of a run in one line: rewritten in a terminal, printed for each phase and every few seconds
 * elsewhere.
 */
import type { Phase } from '../../records/outcome.ts';
import { formatBytes, formatDuration, formatNumber } from '../render/format-number.ts';
import { widthOf } from '../render/page.ts';
import { printable } from '../render/printable.ts';
import type { Terminal } from '../terminal.ts';

export interface ProgressFacts {
  readonly phase: Phase;
  /** Where a job has several. */
  readonly task?: string;
  readonly source?: string;
  readonly records: number;
  readonly rejected: number;
  readonly bytes: number;
  /** 0 where it is not known. */
  readonly totalBytes: number;
}

export interface ProgressLine {
  show(facts: ProgressFacts): void;
  /** Takes the line away. */
  end(): void;
}

const PLAIN_INTERVAL = 5000;
/** The rate is that of the last seconds: a run that was resumed, or slows down, shows it. */
const RATE_WINDOW = 10_000;

export function createProgressLine(terminal: Terminal, now: () => number = Date.now): ProgressLine {
  let samples: Sample[] = [];
  let phase: Phase | undefined;
  let printedAt = -Infinity;
  return {
    show(facts) {
      const at = now();
      if (facts.phase !== phase) samples = [];
      samples.push({ at, records: facts.records, bytes: facts.bytes });
      samples = samples.filter((sample) => at - sample.at <= RATE_WINDOW);
      const line = renderProgress(facts, rateOf(samples), terminal.sidePage.width - 1);
      if (terminal.isInteractive) terminal.status(line);
      else if (facts.phase !== phase || at - printedAt >= PLAIN_INTERVAL) {
        terminal.say(line);
        printedAt = at;
      }
      phase = facts.phase;
    },
    end() {
      terminal.status('');
    },
  };
}

interface Sample {
  readonly at: number;
  readonly records: number;
  readonly bytes: number;
}

interface Rate {
  readonly records: number;
  readonly bytes: number;
}

function rateOf(samples: readonly Sample[]): Rate | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < 500) return undefined;
  const seconds = (last.at - first.at) / 1000;
  return { records: (last.records - first.records) / seconds, bytes: (last.bytes - first.bytes) / seconds };
}

const DOING: Readonly<Record<Phase, string>> = {
  resolve: 'resolving the job',
  fetch: 'fetching the source',
  stage: 'reading',
  compare: 'comparing with what is published',
  waiting: 'waiting for approval',
  apply: 'publishing the changes',
  finish: 'finishing',
  done: 'done',
};

interface Part {
  readonly text: string;
  /** On a narrow line the least important part is left out first; 0 is always there. */
  readonly importance: number;
}

const GAP = '  ';
const LONGEST_BAR = 20;
const SHORTEST_BAR = 6;

/**
 * One line of at most `width` columns: phase, source, bar, percent, counts, rate and remaining time, as far as they
 * fit.
 */
export function renderProgress(facts: ProgressFacts, rate: Rate | undefined, width = Infinity): string {
  const share = shareOf(facts);
  let parts = [...partsBefore(facts), ...partsAfter(facts, rate, share)];
  while (lengthOf(parts) > width) {
    const least = Math.max(...parts.map(({ importance }) => importance));
    if (least === 0) break;
    parts = parts.filter(({ importance }) => importance !== least);
  }
  const room = Math.min(LONGEST_BAR, width - lengthOf(parts) - GAP.length);
  if (share !== undefined && Number.isFinite(width) && room >= SHORTEST_BAR) {
    const index = parts.findIndex(({ text }) => text === percentOf(share));
    parts.splice(index === -1 ? 1 : index, 0, { text: barOf(share, room), importance: 9 });
  }
  return parts.map(({ text }) => text).join(GAP);
}

function lengthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { text }) => sum + widthOf(text) + GAP.length, -GAP.length);
}

/** Returns the fetched or read share of the source, from 0 to 1. */
function shareOf({ phase, bytes, totalBytes }: ProgressFacts): number | undefined {
  if ((phase !== 'fetch' && phase !== 'stage') || totalBytes === 0 || bytes === 0) return undefined;
  return Math.min(bytes, totalBytes) / totalBytes;
}

function percentOf(share: number): string {
  return `${String(Math.floor(100 * share))} %`;
}

function barOf(share: number, width: number): string {
  const filled = Math.floor(share * (width - 2));
  return `[${'#'.repeat(filled)}${'-'.repeat(width - 2 - filled)}]`;
}

function partsBefore({ phase, task, source }: ProgressFacts): Part[] {
  const doing = `${task === undefined ? '' : `${printable(task, 30)}: `}${DOING[phase]}`;
  const isReading = phase === 'fetch' || phase === 'stage';
  return [
    { text: doing, importance: 0 },
    ...(source === undefined || !isReading ? [] : [{ text: printable(source, 40), importance: 8 }]),
  ];
}

function partsAfter(facts: ProgressFacts, rate: Rate | undefined, share: number | undefined): Part[] {
  const { phase, bytes, totalBytes, records, rejected } = facts;
  const parts: Part[] = share === undefined ? [] : [{ text: percentOf(share), importance: 1 }];
  if (phase === 'fetch' && bytes > 0) {
    const size = totalBytes > 0 ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : formatBytes(bytes);
    parts.push({ text: size, importance: totalBytes > 0 ? 5 : 1 });
    if (rate !== undefined && rate.bytes > 0)
      parts.push({ text: `${formatBytes(Math.round(rate.bytes))}/s`, importance: 3 });
  }
  if (RECORDS_COUNT.has(phase) && records > 0) {
    parts.push({ text: `${formatNumber(records)} records`, importance: 4 });
    if (phase === 'stage' && rate !== undefined && rate.records > 0)
      parts.push({ text: `${formatNumber(Math.round(rate.records))}/s`, importance: 3 });
  }
  if (rejected > 0) parts.push({ text: `${formatNumber(rejected)} rejected`, importance: 6 });
  if (share !== undefined && share < 1 && rate !== undefined && rate.bytes > 0) {
    const left = formatDuration((1000 * (totalBytes - bytes)) / rate.bytes);
    parts.push({ text: `${left} left`, importance: 2 });
  }
  return parts;
}

/** Elsewhere the number of records read says nothing: a run that read a million may publish three changes. */
const RECORDS_COUNT: ReadonlySet<Phase> = new Set(['stage', 'compare']);
