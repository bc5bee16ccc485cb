/** Everything above a concept by `skos:broader`: a search in breadth, so that cycles and many paths cost nothing. */

export interface FoundAncestor {
  readonly id: string;
  readonly distance: number;
}

export interface Ancestors {
  /** Once each, the farthest first; those of one distance in the order of the statements. */
  readonly found: readonly FoundAncestor[];
  /** The concept is above itself. */
  readonly isInCycle: boolean;
  /** There are more levels, or more ancestors, than are allowed. */
  readonly isTooDeep: boolean;
}

/** A concept of a real thesaurus has fewer than a hundred (GEMET: at most 17). */
const MOST_ANCESTORS = 10_000;

export function findAncestors(id: string, broaderOf: (id: string) => Iterable<string>, maxDepth: number): Ancestors {
  const levels: FoundAncestor[][] = [];
  const seen = new Set<string>();
  let isInCycle = false;
  let level: readonly string[] = [id];
  for (let distance = 1; level.length > 0; distance++) {
    const next: FoundAncestor[] = [];
    for (const child of level) {
      for (const parent of broaderOf(child)) {
        if (parent === id) isInCycle = true;
        else if (!seen.has(parent)) {
          seen.add(parent);
          next.push({ id: parent, distance });
        }
      }
    }
    if (seen.size > MOST_ANCESTORS || (distance > maxDepth && next.length > 0)) {
      return { found: [], isInCycle, isTooDeep: true };
    }
    levels.push(next);
    level = next.map((ancestor) => ancestor.id);
  }
  return { found: levels.reverse().flat(), isInCycle, isTooDeep: false };
}
