/**
 * Where the parts of a plain tar begin, remembered for as long as the process lives: whoever reads a later part then
 * begins there and does not look through the headers before it. Forgetting costs time and nothing else.
 */
import type { FileHandle } from 'node:fs/promises';
import type { TarPlace } from './scan.ts';

const MOST_TARS = 16;

const remembered = new Map<string, readonly TarPlace[]>();

/** Names the content: a file that was written since is another one. */
export async function tarKey(handle: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeMs } = await handle.stat();
  return [dev, ino, size, mtimeMs].join(' ');
}

export function rememberPlaces(key: string, places: readonly TarPlace[]): void {
  remembered.delete(key);
  remembered.set(key, places);
  const [oldest] = remembered.keys();
  if (remembered.size > MOST_TARS && oldest !== undefined) remembered.delete(oldest);
}

/** The last known place at or before a position. */
export function placeBefore(key: string, position: number): TarPlace | undefined {
  return remembered.get(key)?.findLast((place) => place.position <= position);
}
