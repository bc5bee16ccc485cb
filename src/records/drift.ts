/**
 * The differences between a target and the published records. The ledger, the workflow and the reports share these
 * types. All values are JSON.
 */

/**
 * `missing`: published, and the target does not hold it. `changed`: the target holds it differently. `foreign`: the target
 * holds it, and no job published it there.
 */
export type DriftKind = 'missing' | 'changed' | 'foreign';

export interface DriftCounts {
  /** Records of the job that were compared. */
  readonly compared: number;
  readonly missing: number;
  readonly changed: number;
  /** Null if the target cannot list its records, and for a sample. */
  readonly foreign: number | null;
}

/** One field of a changed record. The values are JSON text and may be cut. Null means that the record does not have the field. */
export interface DriftField {
  readonly pointer: string;
  readonly published: string | null;
  readonly held: string | null;
}

export interface DriftFinding {
  readonly id: string;
  readonly kind: DriftKind;
  /** The first fields that differ. */
  readonly fields: readonly DriftField[];
  /** The number of other fields that differ. */
  readonly more: number;
  /** A sentence that describes the problem, instead of fields. */
  readonly note?: string;
}

export interface DriftReport extends DriftCounts {
  readonly target: string;
  /** `open` until the target was read to its end. */
  readonly state: 'open' | 'done';
  /** The number of randomly chosen records. Absent: all were compared. */
  readonly sample?: number;
  /** The first of each kind. */
  readonly findings: readonly DriftFinding[];
}

/** Returns whether the target differs from the published records. Records of others are reported, but are not drift. */
export function hasDrift({ missing, changed }: DriftCounts): boolean {
  return missing + changed > 0;
}
