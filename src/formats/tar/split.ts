/**
 * Cuts a tar so that its parts hold about as many bytes of what is wanted, in one pass, whatever the number of members.
 * Remembers where the parts of a plain tar begin.
 */
import type { FileHandle } from 'node:fs/promises';
import type { TarMember, TarPlace } from './scan.ts';

/**
 * The number of members at which the archive may be split. More do not make the partitions more equal, but fewer do.
 */
const MOST_MARKS = 4096;

interface Mark {
  readonly place: TarPlace;
  /** The bytes of the selected members before this one. */
  readonly bytesBefore: number;
}

/** The places where the parts begin; the first is that of the first member. `members` are those that are wanted, in order. */
export async function splitTar(members: AsyncIterable<TarMember>, parts: number): Promise<readonly TarPlace[]> {
  let marks: Mark[] = [];
  let stride = 1;
  let count = 0;
  let bytes = 0;
  for await (const member of members) {
    if (count % stride === 0) marks.push({ place: member.place, bytesBefore: bytes });
    if (marks.length > MOST_MARKS) {
      marks = marks.filter((_, i) => i % 2 === 0);
      stride *= 2;
    }
    count += 1;
    // A header costs as much as a block of content: many empty members are work too.
    bytes += member.bytes + 512;
  }
  return cut(marks, bytes, parts);
}

function cut(marks: readonly Mark[], total: number, parts: number): readonly TarPlace[] {
  const places: TarPlace[] = [];
  for (const { place, bytesBefore } of marks) {
    if (places.length < parts && bytesBefore >= (total * places.length) / parts) places.push(place);
  }
  return places;
}

const MOST_TARS = 16;

/**
 * Where the parts begin, as long as the process runs. A read of a later part then starts there and skips the headers
 * before it. Losing this information costs only time.
 */
const remembered = new Map<string, readonly TarPlace[]>();

/** Identifies the content: a file that was written since has another key. */
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
