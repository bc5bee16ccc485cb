/**
 * Finds the end of one item of a JSON array, slowly and exactly: with the structure scanner, and after a broken or
 * oversized item at the next position from which it is safe to continue. Only the bytes decide, never their split into
 * chunks, so a resumed read counts the same items.
 */
import type { SourceError } from '../../errors.ts';
import type { ByteWindow } from '../bytes/byte-window.ts';
import type { Beginning, JsonLayout } from './layout.ts';
import type { UnparsedRecord } from './record.ts';
import { DEEPEST, resetScanner, scanStructure, type StructureScanner } from './structure.ts';
import { firstBytes } from '../bytes/sniff-content.ts';

/** The end of the item at the beginning of the view. `next` is the position to continue from, relative to the view. */
export type ItemEnd =
  | { readonly kind: 'complete'; readonly end: number; readonly next: number }
  | ({ readonly kind: 'broken'; readonly end: number; readonly next: number } & UnparsedRecord)
  /** Larger than the limit: `skipLargeItem` moves to its end. */
  | { readonly kind: 'large' };

export interface ItemEnds {
  readonly window: ByteWindow;
  readonly layout: JsonLayout;
  readonly scanner: StructureScanner;
  readonly maxRecordBytes: number;
  /** The error for an end of the stream inside the item. */
  truncated(): SourceError;
  /** The error for a broken item after which no position is safe. */
  noSafePlace(reason: string): SourceError;
}

/** The number of bytes kept before the current position: enough for any separator between two records. */
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

/** Moves to the end of a large item without keeping it in memory. */
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

/** Describes the bytes at the position and before it; the following bytes may not have arrived yet. */
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

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds the end of a broken item by its brackets and quotes alone: the first comma or closing bracket that belongs to
 * the surrounding array. Returns undefined if brackets do not match or a quote is missing, because then no later
 * position is safe. The view begins with the item; the result is never 0.
 */
function balancedEnd(view: Buffer): number | undefined {
  const open: number[] = [];
  for (let i = 0; i < view.length; i++) {
    const byte = view[i];
    if (byte === QUOTE) {
      const end = stringEnd(view, i + 1);
      if (end === undefined) return undefined;
      i = end;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) open.push(byte);
    else if (open.length === 0) {
      if ((byte === COMMA || byte === CLOSE_LIST) && i > 0) return i;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (open.pop() !== (byte === CLOSE_LIST ? OPEN_LIST : OPEN_OBJECT)) return undefined;
    }
  }
  return undefined;
}

function stringEnd(view: Buffer, from: number): number | undefined {
  for (let i = from; i < view.length; i++) {
    const byte = view[i] as number;
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH) i++;
    else if (byte < 0x20) return undefined;
  }
  return undefined;
}
