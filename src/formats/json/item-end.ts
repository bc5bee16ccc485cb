/**
 * The slow and exact way to the end of one item of a JSON array: through the structure scanner, and behind a broken
 * or oversized item to the next place from which it is safe to read on. Decides by the bytes alone, never by how they
 * were cut into chunks, so that a resumed read counts the same items.
 */
import type { SourceError } from '../../errors.ts';
import type { ByteWindow } from '../bytes/byte-window.ts';
import { balancedEnd } from './balance.ts';
import type { Beginning, JsonLayout } from './layout.ts';
import type { UnparsedRecord } from './record.ts';
import { DEEPEST, resetScanner, scanStructure, type StructureScanner } from './structure.ts';
import { firstBytes } from '../bytes/sniff-content.ts';

/** How the item at the beginning of the view ends. `next` is where to read on, from the beginning of the view. */
export type ItemEnd =
  | { readonly kind: 'complete'; readonly end: number; readonly next: number }
  | ({ readonly kind: 'broken'; readonly end: number; readonly next: number } & UnparsedRecord)
  /** Larger than the limit: `skipLargeItem` goes behind it. */
  | { readonly kind: 'large' };

export interface ItemEnds {
  readonly window: ByteWindow;
  readonly layout: JsonLayout;
  readonly scanner: StructureScanner;
  readonly maxRecordBytes: number;
  /** The error for an end of the stream inside the item. */
  truncated(): SourceError;
  /** The error for a broken item behind which no place is safe. */
  noSafePlace(reason: string): SourceError;
}

/** Bytes that are kept behind the place that is looked at: enough for any separator between two records. */
const TAIL = 4096;

/** Leaves the window at the beginning of the item. */
export async function findItemEnd(ends: ItemEnds): Promise<ItemEnd> {
  const { window, layout, scanner, maxRecordBytes: max } = ends;
  resetScanner(scanner);
  for (let scanned = 0; ; scanned = scanner.position) {
    const { view } = window;
    const result = scanStructure(scanner, view, scanned, Math.min(view.length, max + 1));
    const end = scanner.position;
    if (result === 'broken') return readOnBehind(ends, whyBroken(ends, end));
    if (result === 'done' && end <= max) {
      layout.learnItem(view.subarray(0, end));
      return { kind: 'complete', end, next: end };
    }
    if (result === 'done' || view.length > max) return { kind: 'large' };
    if (!(await window.more())) throw ends.truncated();
  }
}

async function readOnBehind(ends: ItemEnds, why: UnparsedRecord): Promise<ItemEnd> {
  const { window, layout, maxRecordBytes: max } = ends;
  for (;;) {
    const { view } = window;
    const within = view.subarray(0, max + 1);
    const found = earlier(layout.nextBeginning(within), layout.hasLines ? undefined : balancedBeginning(within));
    if (found !== undefined) return { kind: 'broken', ...why, ...found };
    if (view.length > max) return { kind: 'large' };
    if (await window.more()) continue;
    const last = balancedBeginning(window.view);
    if (last === undefined) throw ends.noSafePlace(why.reason);
    return { kind: 'broken', ...why, ...last };
  }
}

/** Goes behind an item that was found to be large, without holding it. */
export async function skipLargeItem(ends: ItemEnds): Promise<void> {
  const { window, layout, scanner } = ends;
  resetScanner(scanner);
  for (let scanned = 0; ; scanned = keepTail(window)) {
    if (scanned > 0 && !(await window.more())) throw ends.truncated();
    const result = scanStructure(scanner, window.view, scanned, window.view.length);
    if (result === 'done') {
      window.advance(scanner.position);
      return;
    }
    if (result === 'broken') break;
  }
  const { reason } = whyBroken(ends, scanner.position);
  window.advance(Math.max(0, scanner.position - TAIL));
  for (;;) {
    const beginning = layout.nextBeginning(window.view);
    if (beginning !== undefined) {
      window.advance(beginning.next);
      return;
    }
    keepTail(window);
    if (!(await window.more())) throw ends.noSafePlace(reason);
  }
}

/** Consumes all but the tail of the view; gives the length of the tail. */
function keepTail(window: ByteWindow): number {
  window.advance(Math.max(0, window.view.length - TAIL));
  return window.view.length;
}

function whyBroken({ window, scanner }: ItemEnds, at: number): UnparsedRecord {
  if (!scanner.isTooDeep) return { code: 'E_RECORD_SYNTAX', reason: unexpectedAt(window, at) };
  const levels = String(DEEPEST);
  return {
    code: 'E_RECORD_TOO_DEEP',
    reason: `it is nested deeper than ${levels} levels at byte ${String(window.offset + at)}`,
  };
}

/** Says what stands at the place and before it: what stands behind it may not have arrived yet. */
function unexpectedAt(window: ByteWindow, at: number): string {
  const before = firstBytes(window.view.subarray(Math.max(0, at - 30), at), 30);
  const found = firstBytes(window.view.subarray(at, at + 1));
  return `unexpected ${found} at byte ${String(window.offset + at)}, behind ${before}`;
}

function balancedBeginning(view: Buffer): Beginning | undefined {
  const end = balancedEnd(view);
  return end === undefined ? undefined : { end, next: end };
}

function earlier(a: Beginning | undefined, b: Beginning | undefined): Beginning | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.next <= b.next ? a : b;
}
