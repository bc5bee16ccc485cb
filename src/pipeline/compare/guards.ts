/** The rules that stop a suspicious run before it publishes. A tripped guard is a sentence for the person who decides. */
import type { Guards } from '../../job/schema/job.ts';
import type { TargetSize } from '../../postgres/publish/change-set.ts';
import type { GuardTrip } from '../../records/run.ts';
import type { StageCounts, TargetCounts } from '../../records/counts.ts';

export interface GuardFacts {
  readonly counts: StageCounts;
  /** How many staged records have the field, for the fields of `min_fill_percent`. Duplicates are in it. */
  readonly filled: Readonly<Record<string, number>>;
  /** Rows that were staged before duplicates went: what `filled` is counted over. */
  readonly stagedRows: number;
  readonly targets: readonly ({ readonly name: string; readonly planned: TargetCounts } & TargetSize)[];
}

export function tripGuards(guards: Guards, facts: GuardFacts): readonly GuardTrip[] {
  return [
    ...tripMinRecords(guards.min_records, facts),
    ...tripShrink(guards.max_shrink_percent, facts),
    ...tripGrowth(guards.max_growth_percent, facts),
    ...tripChanged(guards.max_changed_percent, facts),
    ...tripRejected(guards.max_rejected_percent, facts),
    ...tripFill(guards.min_fill_percent ?? {}, facts),
  ];
}

/** The guards that are about what would change, for a plan that was not made from a source. */
export function tripChangeGuards(guards: Guards, targets: GuardFacts['targets']): readonly GuardTrip[] {
  return [
    ...tripShrink(guards.max_shrink_percent, { targets }),
    ...tripGrowth(guards.max_growth_percent, { targets }),
    ...tripChanged(guards.max_changed_percent, { targets }),
  ];
}

function tripMinRecords(least: number | undefined, { counts }: GuardFacts): readonly GuardTrip[] {
  if (least === undefined || counts.staged >= least) return [];
  return [
    {
      guard: 'min_records',
      message: `Expected at least ${grouped(least)} records, found ${grouped(counts.staged)}.`,
    },
  ];
}

function tripShrink(most: number | undefined, { targets }: Pick<GuardFacts, 'targets'>): readonly GuardTrip[] {
  if (most === undefined) return [];
  return targets
    .filter(({ absent, published }) => percent(absent, published) > most)
    .map(({ name, absent, published }) => ({
      guard: 'max_shrink_percent',
      message: `Expected at most ${String(most)} % of the ${grouped(published)} published records of ${name} to be gone, found ${grouped(absent)} gone (${show(percent(absent, published))} %).`,
    }));
}

/** A first load has nothing to compare with, so it is exempt: `percent` of nothing is 0. */
function tripGrowth(most: number | undefined, { targets }: Pick<GuardFacts, 'targets'>): readonly GuardTrip[] {
  if (most === undefined) return [];
  return targets.flatMap(({ name, published, planned }) => {
    const added = planned.inserted + planned.restored;
    const share = percent(added, published);
    if (share <= most) return [];
    const message = `Expected at most ${String(most)} % more records than the ${grouped(published)} published ones of ${name}, found ${grouped(added)} new ones (${show(share)} %).`;
    return [{ guard: 'max_growth_percent', message }];
  });
}

function tripChanged(most: number | undefined, { targets }: Pick<GuardFacts, 'targets'>): readonly GuardTrip[] {
  if (most === undefined) return [];
  return targets.flatMap(({ name, published, planned }) => {
    const changed = planned.updated + planned.withdrawn;
    const share = percent(changed, published);
    if (share <= most) return [];
    const message = `Expected at most ${String(most)} % of the ${grouped(published)} published records of ${name} to change, found ${grouped(changed)} that do (${show(share)} %).`;
    return [{ guard: 'max_changed_percent', message }];
  });
}

function tripRejected(most: number | undefined, { counts }: GuardFacts): readonly GuardTrip[] {
  if (most === undefined || percent(counts.rejected, counts.read) <= most) return [];
  return [
    {
      guard: 'max_rejected_percent',
      message: `Expected at most ${String(most)} % of ${grouped(counts.read)} records to be rejected, found ${grouped(counts.rejected)} rejected (${show(percent(counts.rejected, counts.read))} %).`,
    },
  ];
}

function tripFill(least: Readonly<Record<string, number>>, { filled, stagedRows }: GuardFacts): readonly GuardTrip[] {
  return Object.entries(least)
    .filter(([field, share]) => stagedRows > 0 && percent(filled[field] ?? 0, stagedRows) < share)
    .map(([field, share]) => ({
      guard: 'min_fill_percent',
      message: `Expected at least ${String(share)} % of the records to have "${field}", found ${grouped(filled[field] ?? 0)} of ${grouped(stagedRows)} (${show(percent(filled[field] ?? 0, stagedRows))} %).`,
    }));
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

function show(value: number): string {
  return value.toFixed(1);
}
