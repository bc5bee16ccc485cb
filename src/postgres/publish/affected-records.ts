/** The records that a run withdraws, renames or finds no longer in use: those that a repository may refer to. */
import type { AffectedKind, AffectedRecord } from '../../records/impact.ts';
import type { Notes } from '../../records/notes.ts';
import type { TaskRow } from '../ledger/run-rows.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { relationExists, stageNames, type StageNames } from '../stage/stage-table.ts';
import { NOTES_BEFORE, plannedNotes } from './keep-notes.ts';
import { mergedNames } from './plan-merged.ts';
import { targetFilter, type Target } from './target.ts';

export interface AffectedPage {
  readonly total: number;
  /** Withdrawn and no longer used ones first. */
  readonly records: readonly AffectedRecord[];
}

interface AffectedRow {
  readonly id: string;
  readonly kind: AffectedKind;
  readonly name: string | null;
  readonly new_name: string | null;
  readonly notes: Notes | null;
  readonly total: number;
}

/** Reads the change log once the task is applied, and its plan while it waits. Empty if the plan is gone. `noted`: only records with notes that are no longer in use. */
export async function readAffected(
  db: Pool | PoolClient,
  task: TaskRow,
  { target, ordinal }: { readonly target: Target; readonly ordinal: number },
  { limit, noted = false }: { readonly limit: number; readonly noted?: boolean },
): Promise<AffectedPage> {
  const plain = stageNames(task.run_id, task.ordinal);
  const found = { limit, noted };
  if (task.applied_at !== null) {
    const logged = `SELECT c.id, c.op, c.before, c.after, c.notes, ${NOTES_BEFORE} AS notes_before
       FROM vocab_sync.change c WHERE c.run_id = $1 AND c.target = $2 AND c.task = $3`;
    return first(db, logged, [task.run_id, target.name, task.name], found);
  }
  if (!(await relationExists(db, plain.plan))) return { total: 0, records: [] };
  const names = await plannedNames(db, plain, target, ordinal);
  const notes = await plannedNotes(db, { names, target });
  const planned = `SELECT plan.id, plan.op, t.record AS before, s.record AS after, ${notes.value} AS notes, kept.notes AS notes_before
     FROM ${names.plan} plan
     LEFT JOIN ${names.stage} s ON s.id = plan.id
     LEFT JOIN ${target.relation} t ON t.id = plan.id${targetFilter(target)} ${notes.join}
     LEFT JOIN vocab_sync.note kept ON kept.target = $2 AND kept.id = plan.id
     WHERE plan.target = $1 AND plan.op IN ('update', 'withdraw')`;
  return first(db, planned, [ordinal, target.name], found);
}

async function first(
  db: Pool | PoolClient,
  changes: string,
  values: readonly unknown[],
  { limit, noted }: { readonly limit: number; readonly noted: boolean },
): Promise<AffectedPage> {
  const { rows } = await db.query<AffectedRow>(
    `SELECT id, kind, name, new_name, notes, count(*) OVER () AS total FROM (
       SELECT id, notes, ${nameIn('before')} AS name, ${nameIn('after')} AS new_name,
         CASE WHEN op = 'withdraw' THEN 'withdrawn'
           WHEN op = 'update' AND notes IS NOT NULL AND (notes_before ->> 'status') IS DISTINCT FROM (notes ->> 'status')
             AND (before ->> 'status') IS DISTINCT FROM (notes ->> 'status') THEN 'ended'
           WHEN op = 'update' AND ${nameIn('before')} <> ${nameIn('after')} THEN 'renamed' END AS kind
       FROM (${changes}) changes
     ) found
     WHERE kind IS NOT NULL${noted ? " AND kind <> 'renamed' AND notes IS NOT NULL" : ''}
     ORDER BY kind = 'renamed', notes IS NULL, id LIMIT ${String(limit)}`,
    [...values],
  );
  return {
    total: rows[0]?.total ?? 0,
    records: rows.map(({ id, kind, name, new_name: newName, notes: one }) => ({
      ...{ id, kind, name },
      ...(kind === 'renamed' && newName !== null ? { new_name: newName } : {}),
      ...(one === null ? {} : { notes: one }),
    })),
  };
}

/** The name under which people know a record; see `nameOf`. */
function nameIn(record: string): string {
  return `coalesce(${record} ->> 'name', ${record} #>> '{title,en}', ${record} ->> 'subject')`;
}

/** The names of a plan that is looked at: those of the merged records, where the target has layers. */
export async function plannedNames(
  db: Pool | PoolClient,
  names: StageNames,
  target: Target,
  ordinal: number,
): Promise<StageNames> {
  const { rows } = await db.query<{ merged: boolean }>(
    `SELECT to_regclass($1) IS NOT NULL AND EXISTS (SELECT FROM vocab_sync.layer WHERE target = $2) AS merged`,
    [names.merged, target.name],
  );
  return rows[0]?.merged === true ? mergedNames(names, ordinal) : names;
}
