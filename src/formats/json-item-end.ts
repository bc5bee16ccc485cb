/**
 * The slow and exact way to the end of one item of a JSON array: through the structure scanner, and behind a broken
 * or oversized item to the next place from which it is safe to read on. Decides by the bytes alone, never by how they
 * were cut into chunks, so that a resumed read counts the same items.
 */
import type { SourceError } from '../errors.ts';
import type { ByteWindow } from './byte-window.ts';
import { balancedEnd } from './json-balance.ts';
import type { Beginning, JsonLayout } from './json-layout.ts';
import { createStructureScanner } from './json-structure.ts';
import { firstBytes } from './sniff-content.ts';

/** How the item at the beginning of the view ends. `next` is where to read on, from the beginning of the view. */
export type ItemEnd =
  | { readonly kind: 'complete'; readonly end: number; readonly next: number }
  | { readonly kind: 'broken'; readonly end: number; readonly next: number; readonly reason: string }
  /** Larger than the limit: `skipLarge` goes behind it. */
  | { readonly kind: 'large' };

export interface ItemEnds {
  find(): Promise<ItemEnd>;
  /** Goes behind an item that was found to be large, without holding it. */
  skipLarge(): Promise<void>;
}

export interface ItemEndOptions {
  readonly maxRecordBytes: number;
  /** The error for an end of the stream inside the item. */
  truncated(): SourceError;
  /** The error for a broken item behind which no place is safe. */
  noSafePlace(reason: string): SourceError;
}

/** Bytes that are kept behind the place that is looked at: enough for any separator between two records. */
const TAIL = 4096;

export function createItemEnds(window: ByteWindow, layout: JsonLayout, options: ItemEndOptions): ItemEnds {
  const max = options.maxRecordBytes;
  const scanner = createStructureScanner();

  async function find(): Promise<ItemEnd> {
    scanner.reset();
    let scanned = 0;
    for (;;) {
      const { view } = window;
      const result = scanner.scan(view, scanned, Math.min(view.length, max + 1));
      if (result === 'broken') return readOnBehind(unexpectedAt(scanner.position));
      if (result === 'done' && scanner.position <= max) {
        layout.learnItem(view.subarray(0, scanner.position));
        return { kind: 'complete', end: scanner.position, next: scanner.position };
      }
      if (result === 'done' || view.length > max) return { kind: 'large' };
      scanned = scanner.position;
      if (!(await window.more())) throw options.truncated();
    }
  }

  async function readOnBehind(reason: string): Promise<ItemEnd> {
    for (;;) {
      const { view } = window;
      const within = view.subarray(0, max + 1);
      const found = earlier(layout.nextBeginning(within), layout.hasLines ? undefined : balancedBeginning(within));
      if (found !== undefined) return { kind: 'broken', reason, ...found };
      if (view.length > max) return { kind: 'large' };
      if (await window.more()) continue;
      const last = balancedBeginning(window.view);
      if (last === undefined) throw options.noSafePlace(reason);
      return { kind: 'broken', reason, ...last };
    }
  }

  async function skipLarge(): Promise<void> {
    scanner.reset();
    let scanned = 0;
    for (;;) {
      const result = scanner.scan(window.view, scanned, window.view.length);
      if (result === 'done') {
        window.advance(scanner.position);
        return;
      }
      if (result === 'broken') break;
      scanned = keepTail();
      if (!(await window.more())) throw options.truncated();
    }
    const reason = unexpectedAt(scanner.position);
    window.advance(Math.max(0, scanner.position - TAIL));
    for (;;) {
      const beginning = layout.nextBeginning(window.view);
      if (beginning !== undefined) {
        window.advance(beginning.next);
        return;
      }
      keepTail();
      if (!(await window.more())) throw options.noSafePlace(reason);
    }
  }

  /** Consumes all but the tail of the view; gives the length of the tail. */
  function keepTail(): number {
    window.advance(Math.max(0, window.view.length - TAIL));
    return window.view.length;
  }

  function unexpectedAt(at: number): string {
    return `unexpected ${firstBytes(window.view.subarray(at), 20)} at byte ${String(window.offset + at)}`;
  }

  return { find, skipLarge };
}

function balancedBeginning(view: Buffer): Beginning | undefined {
  const end = balancedEnd(view);
  return end === undefined ? undefined : { end, next: end };
}

function earlier(a: Beginning | undefined, b: Beginning | undefined): Beginning | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.next <= b.next ? a : b;
}
