/** Writes a preview: entries to stdout, as fast as they are read there; warnings and the summary to stderr. */
import type { Warning } from '../../../component/reader.ts';
import { formatDuration, formatNumber } from '../../render/format-number.ts';
import { formatEntry, toJsonLine, type PreviewEntry, type PreviewFormat } from './preview-format.ts';
import { redactClipped } from '../../../logging/redact.ts';
import { printable } from '../../render/printable.ts';
import type { Terminal } from '../../terminal.ts';

/** `json` is one document with all entries. */
export type OutputFormat = PreviewFormat | 'json';

export interface PreviewCounts {
  readonly read: number;
  readonly staged: number;
  readonly filtered: number;
  readonly rejected: number;
}

export interface PreviewOutput {
  /** Must be awaited if it returns a promise: the reader of stdout may be slower. */
  take(entry: PreviewEntry): Promise<void> | undefined;
  readonly warn: (warning: Warning) => void;
  /** Writes what is pending and the summary. Returns the counts of entries. */
  end(hasFailed?: boolean): Promise<PreviewCounts>;
}

/** Characters that are written at once: single lines would cost a system call each. */
const CHUNK = 65_536;
const WARNINGS_SHOWN = 5;

export function createPreviewOutput(terminal: Terminal, format: OutputFormat): PreviewOutput {
  const started = Date.now();
  const counts = { read: 0, staged: 0, filtered: 0, rejected: 0 };
  const warnings = new Map<string, number>();
  let pending = format === 'json' ? '{"entries":[' : '';
  const flush = (least: number): Promise<void> | undefined => {
    if (pending.length < least) return undefined;
    const text = pending;
    pending = '';
    return terminal.write(text);
  };
  return {
    take(entry) {
      pending +=
        format === 'json' ? `${counts.read === 0 ? '' : ','}\n${toJsonLine(entry)}` : formatEntry(entry, format);
      counts.read += 1;
      counts[entry.result.kind] += 1;
      return flush(CHUNK);
    },
    warn({ code, message }) {
      const count = (warnings.get(code) ?? 0) + 1;
      warnings.set(code, count);
      if (count <= WARNINGS_SHOWN) terminal.say(`warning: ${code}: ${printable(redactClipped(message, 400))}`);
    },
    async end(hasFailed = false) {
      // The error is then the whole JSON document.
      if (hasFailed && counts.read === 0) return counts;
      if (format === 'json') pending += `\n],"counts":${JSON.stringify(counts)}}\n`;
      await flush(1);
      for (const [code, count] of warnings) {
        if (count > WARNINGS_SHOWN) terminal.say(`warning: ${code}: ${formatNumber(count - WARNINGS_SHOWN)} more`);
      }
      terminal.say(
        `${formatNumber(counts.read)} read: ${formatNumber(counts.staged)} would be staged, ${formatNumber(counts.filtered)} filtered, ` +
          `${formatNumber(counts.rejected)} rejected, in ${formatDuration(Date.now() - started)}`,
      );
      return counts;
    },
  };
}
