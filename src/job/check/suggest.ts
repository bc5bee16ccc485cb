/** Suggests the nearest known name, or nothing if none is near. */
import { distance } from 'fastest-levenshtein';

export function suggest(found: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(found);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const steps = isShuffled(wanted, plain(candidate)) ? 1 : distance(wanted, plain(candidate));
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (steps <= allowed && steps < bestDistance) {
      best = candidate;
      bestDistance = steps;
    }
  }
  best ??= candidates.find((candidate) => isPartOf(wanted, plain(candidate)));
  return best === found ? undefined : best;
}

/** `; did you mean "zip"?`, or an empty text. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
}

/** `minRecords`, `min-records` and `MIN_RECORDS` are the same slip. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** `max_shrink` for `max_shrink_percent`. */
function isPartOf(wanted: string, candidate: string): boolean {
  return wanted.length >= 4 && candidate.startsWith(wanted);
}

/** `yaer` for `year`: the same letters in another order are one slip of the fingers. */
function isShuffled(a: string, b: string): boolean {
  return a.length === b.length && sorted(a) === sorted(b);
}

function sorted(text: string): string {
  return Array.from(text).sort().join('');
}
