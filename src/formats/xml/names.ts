/** From names as they are written to names as they are kept, without a string made for each: documents use the same few. */
import { localName } from './object.ts';

export interface KnownName {
  readonly written: Buffer;
  readonly kept: string;
}

const PLACES = 512;

/** One place for each hash; a name that comes there takes it over. */
export function createKnownNames(): (KnownName | undefined)[] {
  return new Array<KnownName | undefined>(PLACES).fill(undefined);
}

/** The name that is written from `start` to `end`, in ASCII. */
export function keptName(names: (KnownName | undefined)[], bytes: Buffer, start: number, end: number): string {
  const place = hashOf(bytes, start, end);
  const known = names[place];
  if (known !== undefined && isSame(known.written, bytes, start, end)) return known.kept;
  const kept = localName(bytes.toString('latin1', start, end));
  names[place] = { written: Buffer.from(bytes.subarray(start, end)), kept };
  return kept;
}

/** Prefixes are alike: the end tells names apart. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  const last = bytes[end - 1] ?? 0;
  const middle = bytes[(start + end) >> 1] ?? 0;
  const late = bytes[Math.max(start, end - 4)] ?? 0;
  return (last * 31 + middle * 7 + late * 131 + (end - start) * 17) % PLACES;
}

function isSame(written: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (written.length !== end - start) return false;
  for (let k = written.length - 1; k >= 0; k--) {
    if (written[k] !== bytes[start + k]) return false;
  }
  return true;
}
