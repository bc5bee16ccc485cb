/** The running counts of one partition, by result. Plain JSON, stored with each checkpoint. */
import type { StageCounts, WarningCount } from './counts.ts';

export interface Tally {
  read: number;
  filtered: number;
  rejected: number;
  /** Includes duplicates, which are found when the partitions are compared. */
  staged: number;
  /** The number of these that were recognised by their bytes. */
  known: number;
  /** Rejected records whose id is not known: while there are any, absence proves nothing. */
  rejectedWithoutId: number;
  readonly filteredBy: Record<string, number>;
  readonly rejectedBy: Record<string, number>;
  readonly warnings: Record<string, { count: number; samples: string[] }>;
  /** For the fields that a guard watches: how many staged records have them. */
  readonly filled: Record<string, number>;
  /**
   * Selectors (pointers, patterns), and whether each has selected something yet: 1 or 0. The key begins with the
   * place of its transformer. Absent in the account of an older release.
   */
  selected?: Record<string, number>;
}

const WARNING_SAMPLES = 5;

export function createTally(): Tally {
  return {
    read: 0,
    filtered: 0,
    rejected: 0,
    staged: 0,
    known: 0,
    rejectedWithoutId: 0,
    filteredBy: {},
    rejectedBy: {},
    warnings: {},
    filled: {},
  };
}

export function countBy(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

/** `clean` is asked only about a sample that is kept; there may be millions of warnings. */
export function tallyWarning(
  tally: Tally,
  code: string,
  message: string,
  clean: (text: string) => string = (text) => text,
): void {
  const warning = (tally.warnings[code] ??= { count: 0, samples: [] });
  warning.count += 1;
  if (warning.samples.length < WARNING_SAMPLES) warning.samples.push(clean(message));
}

/**
 * Returns the function that transformers declare their selectors with. What `tally` holds from before a crash
 * is kept.
 */
export function watchSelectors(tally: Tally): (place: number, selector: string) => () => void {
  return (place, selector) => {
    const selected = (tally.selected ??= {});
    const key = `${String(place)} ${selector.slice(0, LONGEST_SELECTOR)}`;
    selected[key] ??= 0;
    return () => {
      selected[key] = 1;
    };
  };
}

/** Adds a warning for every selector that selected nothing in any record. */
export function warnOfUnselected(tally: Tally, clean: (text: string) => string): void {
  // A record that is recognised by its bytes was not mapped again: an earlier run has warned.
  if (tally.known > 0 || tally.read === 0) return;
  for (const [key, found] of Object.entries(tally.selected ?? {})) {
    if (found > 0) continue;
    const message = `${key.slice(key.indexOf(' ') + 1)} selected nothing in any of ${String(tally.read)} records`;
    tallyWarning(tally, 'W_SELECTED_NOTHING', message, clean);
  }
}

/** Bounds the names of selectors, because a job may hold long queries and the tally of a run is kept. */
const LONGEST_SELECTOR = 300;

/** The account of several partitions together. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = createTally();
  for (const tally of tallies) {
    sum.read += tally.read;
    sum.filtered += tally.filtered;
    sum.rejected += tally.rejected;
    sum.staged += tally.staged;
    sum.known += tally.known;
    sum.rejectedWithoutId += tally.rejectedWithoutId;
    for (const [code, count] of Object.entries(tally.filteredBy)) countBy(sum.filteredBy, code, count);
    for (const [code, count] of Object.entries(tally.rejectedBy)) countBy(sum.rejectedBy, code, count);
    for (const [field, count] of Object.entries(tally.filled)) countBy(sum.filled, field, count);
    for (const [selector, found] of Object.entries(tally.selected ?? {}))
      countBy((sum.selected ??= {}), selector, found);
    for (const [code, warning] of Object.entries(tally.warnings)) addWarning(sum, code, warning);
  }
  return sum;
}

export function toStageCounts(tally: Tally, duplicates = 0): StageCounts {
  return {
    read: tally.read,
    filtered: tally.filtered,
    duplicates,
    rejected: tally.rejected,
    staged: tally.staged - duplicates,
  };
}

/** Adds the same warning of another step or partition. */
export function addWarning(sum: Tally, code: string, warning: WarningCount): void {
  const into = (sum.warnings[code] ??= { count: 0, samples: [] });
  into.count += warning.count;
  into.samples.push(...warning.samples.slice(0, WARNING_SAMPLES - into.samples.length));
}
