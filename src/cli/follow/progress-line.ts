/** How far a run is, in one line: rewritten in a terminal, printed for each phase and every few seconds elsewhere. */
import type { Phase } from '../../records/outcome.ts';
import { formatBytes, formatDuration, formatNumber } from '../render/format-number.ts';
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
      const line = renderProgress(facts, rateOf(samples));
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
  apply: 'publishing',
  finish: 'finishing',
  done: 'done',
};

export function renderProgress(facts: ProgressFacts, rate: Rate | undefined): string {
  const { phase, bytes, totalBytes, records, rejected } = facts;
  const parts = [`${facts.task === undefined ? '' : `${facts.task}: `}${DOING[phase]}`];
  if (facts.source !== undefined && (phase === 'fetch' || phase === 'stage')) parts.push(printable(facts.source, 40));
  if (phase === 'fetch' && bytes > 0) {
    parts.push(totalBytes > 0 ? `${formatBytes(bytes)} of ${formatBytes(totalBytes)}` : formatBytes(bytes));
    if (rate !== undefined && rate.bytes > 0) parts.push(`${formatBytes(Math.round(rate.bytes))}/s`);
  }
  if (phase !== 'fetch' && records > 0) parts.push(`${formatNumber(records)} records`);
  if (phase === 'stage' && rate !== undefined && rate.records > 0)
    parts.push(`${formatNumber(Math.round(rate.records))}/s`);
  if (rejected > 0) parts.push(`${formatNumber(rejected)} rejected`);
  if ((phase === 'fetch' || phase === 'stage') && totalBytes > 0 && bytes > 0) {
    parts.push(`${String(Math.floor((100 * Math.min(bytes, totalBytes)) / totalBytes))} %`);
    if (rate !== undefined && rate.bytes > 0 && bytes < totalBytes) {
      parts.push(`ready in ${formatDuration((1000 * (totalBytes - bytes)) / rate.bytes)}`);
    }
  }
  return parts.join('  ');
}
