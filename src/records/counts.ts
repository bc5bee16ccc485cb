/** The counts of a run and the law that they obey. */

export interface WarningCount {
  readonly count: number;
  /** The first few messages with their origins. */
  readonly samples: readonly string[];
}

/**
 * The counts of the records that were read, by result. `read = staged + filtered + duplicates + rejected` after the
 * comparison.
 */
export interface StageCounts {
  readonly read: number;
  readonly filtered: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly staged: number;
}

/** `staged = inserted + updated + restored + unchanged + rejected + kept + adopted + waiting - absent` for each target. */
export interface TargetCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly withdrawn: number;
  readonly restored: number;
  readonly rejected: number;
  /** Kept because someone else edited them in the target. Absent if no target can be edited by others. */
  readonly kept?: number;
  /** Held by the target already as the job would publish them, and taken over without a request. Absent = none. */
  readonly adopted?: number;
  /** The updated records that another client created or edited in the target. Absent means none. */
  readonly overwritten?: number;
  /** Withdrawals that the target refused, or that would have removed another person's edit. Absent means none. */
  readonly not_withdrawn?: number;
  /** For a layer: its parts of records that no other job has published yet. Absent if the job has no layer. */
  readonly waiting?: number;
  /**
   * For a layer: the updated records that the source no longer has and that lost the layer's part. Absent means none.
   */
  readonly absent?: number;
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
    const answered = t.inserted + t.updated + t.restored + t.unchanged + t.rejected + (t.kept ?? 0) + (t.adopted ?? 0);
    const published = answered + (t.waiting ?? 0) - (t.absent ?? 0);
    if (published !== stage.staged) {
      return `staged ${String(stage.staged)} but ${name} accounts for ${String(published)}`;
    }
  }
  return undefined;
}
