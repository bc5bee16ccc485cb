/** Where an entry came from: the chain of readers, outermost first, with a position in each. Positions count from 0. */

export interface OriginStep {
  /** The `type` of the reader. */
  readonly reader: string;
  /** The place among what this reader yields: the n-th resource, or the n-th record. */
  readonly position: number;
  /** The name of the resource, if the step is a resource (a file, a zip member). */
  readonly name?: string;
}

export type Origin = readonly OriginStep[];

/** The positions of an origin alone. Ordered position by position, outermost first; the resume point of a partition. */
export type Cursor = readonly number[];

/** `zip:v2.9-2026-06-23-ror-data.json > json:48211` */
export function formatOrigin(origin: Origin): string {
  return origin.map((step) => `${step.reader}:${step.name ?? String(step.position)}`).join(' > ');
}

export function toCursor(origin: Origin): Cursor {
  return origin.map((step) => step.position);
}

/** Negative when `a` comes before `b` in source order, 0 when they are the same place. */
export function compareCursors(a: Cursor, b: Cursor): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
