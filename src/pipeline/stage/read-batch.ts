/** The items that a chain of readers yields: records and failures, each with its origin. */
import { isFailure, type ReadItem } from '../../records/entry.ts';
import { toCursor, type Cursor, type Origin } from '../../records/origin.ts';
import type { ReadProgress } from './read-progress.ts';

/** Adds the resource of the item: the step of the source file, then one for each container. */
export type PlacedItem = ReadItem & { readonly container: Origin };

/** In source order; of one resource, or of many small ones. */
export interface ReadBatch {
  /** The type of the parser. */
  readonly reader: string;
  readonly items: readonly PlacedItem[];
  readonly progress: ReadProgress;
}

/** Written out because there are millions: spreading an object takes 0.6 µs, this 0.02. */
export function placeItem(item: ReadItem, container: Origin): PlacedItem {
  if (isFailure(item) || item.isDeleted === true) return { ...item, container };
  const { position, value, digest } = item;
  if (digest === undefined) return { position, value, container };
  return item.isKnown === true
    ? { position, value, digest, isKnown: true, container }
    : { position, value, digest, container };
}

export function originOf({ reader }: ReadBatch, { container, position }: PlacedItem): Origin {
  return [...container, { reader, position }];
}

export function cursorOf({ container, position }: PlacedItem): Cursor {
  return [...toCursor(container), position];
}
