/**
 * Runs VACUUM and ANALYZE after a large publication, outside its transaction. Autovacuum would do the same, but up to a
 * minute later and with old statistics: the next run would read a table half of which is dead rows.
 */
import type { Logger } from '../../component/services.ts';
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import { runInBackground } from '../background.ts';
import type { Pool } from '../pool.ts';
import type { Target } from './target.ts';

/** Fewer changes are left to autovacuum. */
const LEAST_CHANGES = 5_000;
/** VACUUM reads the indexes of the whole table, so it must be worth it: a tenth of the rows, or as many as this. */
const LEAST_SHARE = 0.1;
const MANY_CHANGES = 500_000;
const TIMEOUT_MS = 10 * 60_000;
/** The end of the run comes first: its commit took 93 ms instead of 3 during the ANALYZE of 36,000 new rows. */
const DELAY_MS = 2_000;

export interface Publicised {
  readonly target: Target;
  readonly counts: TargetCounts;
  /** All rows of the table before the publication, estimated. */
  readonly rows: number;
}

/** Returns at once. A failure is logged: the only loss is speed, until autovacuum has run. */
export function vacuumTargets(pool: Pool, targets: readonly Publicised[], logger: Logger): void {
  const large = targets.filter(isLarge).map(({ target }) => target.relation);
  if (large.length === 0) return;
  // SKIP_LOCKED: an autovacuum that is at work there does the same. Ledger tables grow with each publication.
  const statements = [...new Set([...large, 'vocab_sync.change'])].map(
    (relation) => `VACUUM (ANALYZE, SKIP_LOCKED) ${relation}`,
  );
  runInBackground(pool, {
    statements,
    delayMs: DELAY_MS,
    timeoutMs: TIMEOUT_MS,
    onError: (error) => {
      logger.warn('A target could not be vacuumed after a large publication; autovacuum will do it.', { error });
    },
  });
}

function isLarge({ counts, rows }: Publicised): boolean {
  const changes = countChanges(counts);
  return changes >= LEAST_CHANGES && changes >= Math.min(rows * LEAST_SHARE, MANY_CHANGES);
}
