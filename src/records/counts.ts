/** The counts of a run and the law that they obey. */

export interface WarningCount {
  readonly count: number;
  /** The first few messages with their origins. */
  readonly samples: readonly string[];
}

/** What became of the records that were read. `read = staged + filtered + duplicates + rejected` once compared. */
export interface StageCounts {
  readonly read: number;
  readonly filtered: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly staged: number;
}

/** `staged = inserted + updated + restored + unchanged + rejected + kept` for each target. */
export interface TargetCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly withdrawn: number;
  readonly restored: number;
  readonly rejected: number;
  /** Left as somebody else made them in the target. Absent where no target can be edited by others. */
  readonly kept?: number;
  /** Withdrawals that the target refused, or that would have removed what somebody else edited. Absent = none. */
  readonly not_withdrawn?: number;
}

/** The records of a target that a publication changes. */
export function countChanges({ inserted, updated, restored, withdrawn }: TargetCounts): number {
  return inserted + updated + restored + withdrawn;
}

export const NO_STAGE_COUNTS: StageCounts = { read: 0, filtered: 0, duplicates: 0, rejected: 0, staged: 0 };

/** The sentence that says which law is broken, or undefined when both hold. */
export function brokenConservation(
  stage: StageCounts,
  targets: Readonly<Record<string, TargetCounts>>,
): string | undefined {
  const accounted = stage.staged + stage.filtered + stage.duplicates + stage.rejected;
  if (stage.read !== accounted) {
    return `read ${String(stage.read)} but staged + filtered + duplicates + rejected = ${String(accounted)}`;
  }
  for (const [name, t] of Object.entries(targets)) {
    const published = t.inserted + t.updated + t.restored + t.unchanged + t.rejected + (t.kept ?? 0);
    if (published !== stage.staged) {
      return `staged ${String(stage.staged)} but ${name} accounts for ${String(published)}`;
    }
  }
  return undefined;
}
