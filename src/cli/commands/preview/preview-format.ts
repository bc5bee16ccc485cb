/** Formats the entries of a preview. */
import { hashOf, type ItemResult } from '../../../pipeline/stage/transform-items.ts';
import { escapeInvisible } from '../../../clip.ts';
import { redactClipped } from '../../../logging/redact.ts';
import { printable, toJsonText } from '../../render/printable.ts';

export const PREVIEW_FORMATS = ['jsonl', 'table', 'trace'] as const;
export type PreviewFormat = (typeof PREVIEW_FORMATS)[number];

/** The value that was read, then what each transformer made of it. */
export interface TraceStep {
  readonly name: string;
  readonly value: unknown;
}

export interface PreviewEntry {
  readonly origin: string;
  readonly result: ItemResult;
  /** With `trace` only. */
  readonly steps: readonly TraceStep[];
}

export function formatEntry(entry: PreviewEntry, format: PreviewFormat): string {
  switch (format) {
    case 'jsonl':
      return `${toJsonLine(entry)}\n`;
    case 'table':
      return toRow(entry);
    case 'trace':
      return toTrace(entry);
  }
}

/** The document is written as it would be staged, so nothing is lost on the way. */
export function toJsonLine({ origin, result }: PreviewEntry): string {
  switch (result.kind) {
    case 'staged':
      return escapeInvisible(
        `{"origin":${JSON.stringify(origin)},"id":${JSON.stringify(result.document.id)},"record":${result.document.json}}`,
      );
    case 'filtered':
      return toJsonText({
        origin,
        filtered: { code: result.code, message: redactClipped(result.message, LONGEST_MESSAGE) },
      });
    case 'rejected':
      return toJsonText({ origin, rejected: { code: result.rejection.code, message: reasonOf(result) } });
  }
}

const LONGEST_MESSAGE = 2000;

/** A rejection quotes the source, which may repeat the credential that it was asked with. */
function reasonOf({ rejection }: Extract<ItemResult, { kind: 'rejected' }>): string {
  return redactClipped(rejection.message, LONGEST_MESSAGE);
}

/** Widths are fixed: rows are printed as they come. */
function toRow({ origin, result }: PreviewEntry): string {
  switch (result.kind) {
    case 'staged': {
      const { id, value } = result.document;
      const name = typeof value['name'] === 'string' ? value['name'] : result.document.json;
      return `staged    ${printable(id).padEnd(28)}  ${printable(name, 80)}\n`;
    }
    case 'filtered':
      return `filtered  ${printable(origin).padEnd(28)}  ${result.code}: ${printable(result.message, 80)}\n`;
    case 'rejected':
      return `rejected  ${printable(origin).padEnd(28)}  ${result.rejection.code}: ${printable(reasonOf(result), 200)}\n`;
  }
}

function toTrace({ origin, result, steps }: PreviewEntry): string {
  const values = steps.map(({ name, value }) => `--- ${name}\n${show(value)}\n`).join('');
  return `${printable(origin)}\n${values}${endOf(result)}\n\n`;
}

function endOf(result: ItemResult): string {
  switch (result.kind) {
    case 'staged':
      return `=== staged as ${printable(result.document.id)}, hash ${hashOf(result.document).slice(0, 12)}`;
    case 'filtered':
      return `=== filtered: ${result.code}: ${printable(result.message)}`;
    case 'rejected':
      return `=== rejected: ${result.rejection.code}: ${printable(reasonOf(result))}`;
  }
}

/** JSON escapes control characters by itself, but not those that only terminals obey. */
function show(value: unknown): string {
  const text = JSON.stringify(value, null, 2) as string | undefined;
  return (text ?? 'nothing')
    .split('\n')
    .map((line) => printable(line))
    .join('\n');
}
