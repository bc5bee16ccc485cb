/** Collects items until a batch is worth yielding: many records, or a few large ones. */
import type { ReadItem } from '../../records/entry.ts';

export interface ItemBatch {
  /** True when the batch is full and should be taken. */
  add(item: ReadItem, bytes: number): boolean;
  take(): readonly ReadItem[];
  readonly isEmpty: boolean;
}

/**
 * A batch costs next to nothing (0.05 s per million), and what a small one holds is dead before the garbage collector
 * has to move it: with 1,000 records of ROR the heap of a worker grew a third larger.
 */
const MAX_ITEMS = 100;
const MAX_BYTES = 256 * 1024;

/**
 * Yields what `filling` yields, then what is left in `batch`. It does so before it throws the error of `filling`, too:
 * the records before a fault are seen, whatever the size of a batch.
 */
export async function* withRest(
  batch: ItemBatch,
  filling: AsyncIterable<readonly ReadItem[]>,
): AsyncGenerator<readonly ReadItem[], void, undefined> {
  try {
    yield* filling;
  } catch (error) {
    if (!batch.isEmpty) yield batch.take();
    throw error;
  }
  if (!batch.isEmpty) yield batch.take();
}

export function createItemBatch(): ItemBatch {
  let items: ReadItem[] = [];
  let size = 0;
  return {
    add(item, bytes) {
      items.push(item);
      size += bytes;
      return items.length >= MAX_ITEMS || size >= MAX_BYTES;
    },
    take() {
      const taken = items;
      items = [];
      size = 0;
      return taken;
    },
    get isEmpty() {
      return items.length === 0;
    },
  };
}
