/** The changes and rejections of a run: from the log once it is applied, from its plan while it waits. */
import type { DriftField } from '../../records/drift.ts';
import type { Notes } from '../../records/notes.ts';
import type { LoggedOp } from './record-history.ts';
import { quoteLiteral, type Target } from '../publish/target.ts';
import type { Pool } from '../pool.ts';
import { CHANGE_NOTES } from './json-columns.ts';
import { listTasks, type TaskRow } from './run-rows.ts';
import { plannedNames } from '../publish/affected-records.ts';
import { relationExists, stageNames } from '../stage/stage-table.ts';
import { plannedNotes } from '../publish/keep-notes.ts';

export interface RecordChange {
  readonly task: string;
  readonly target: string;
  /** `overwrite` and `keep` are for records that another client created or edited, and occur only in plans. */
  readonly op: LoggedOp | 'overwrite' | 'keep';
  readonly id: string;
  readonly before: unknown;
  /** Null for a withdrawal or removal. For an insert: the record as it was inserted, where it can still be known. */
  readonly after: unknown;
  /** For `overwrite` and `keep`: the fields that differ in the stored form of the target. */
  readonly differing?: readonly DriftField[];
  /** What the source reported in addition to the record. Absent: nothing. */
  readonly notes?: Notes;
}

export interface ChangeFilter {
  readonly op?: string;
  readonly target?: string;
  readonly limit: number;
}

/** In order of task, target, kind of change and id; at most `limit`. `targetsOfTask` names the relations of a task's targets. */
export async function readChanges(
  pool: Pool,
  run: string,
  filter: ChangeFilter,
  targetsOfTask: (task: TaskRow) => readonly Target[],
): Promise<readonly RecordChange[]> {
  const changes: RecordChange[] = [];
  for (const task of await listTasks(pool, run)) {
    for (const [ordinal, target] of targetsOfTask(task).entries()) {
      if (filter.target !== undefined && filter.target !== target.name) continue;
      const limit = filter.limit - changes.length;
      if (limit <= 0) return changes;
      const rows =
        task.applied_at === null
          ? await readPlanned(pool, task, target, ordinal, filter.op, limit)
          : await readLogged(pool, task, target, filter.op, limit);
      changes.push(
        ...rows.map(({ notes, ...row }) => ({
          ...{ task: task.name, target: target.name, ...row },
          ...(notes === null ? {} : { notes: CHANGE_NOTES.parse(notes, run) }),
        })),
      );
    }
  }
  return changes;
}

type ChangeRow = Pick<RecordChange, 'op' | 'id' | 'before' | 'after' | 'differing'> & { readonly notes: Notes | null };

/** Updates first, and of these the records that are no longer in use: they are what a person wants to look at. */
const orderBy = (id: string, op: string, notes: string): string =>
  `CASE ${op} WHEN 'overwrite' THEN -2 WHEN 'keep' THEN -1 WHEN 'update' THEN 0 WHEN 'withdraw' THEN 1 WHEN 'remove' THEN 2
     WHEN 'restore' THEN 3 ELSE 4 END, ${op} NOT IN ('update', 'withdraw') OR ${notes} IS NULL, ${id}`;

async function readLogged(
  pool: Pool,
  task: TaskRow,
  target: Target,
  op: string | undefined,
  limit: number,
): Promise<readonly ChangeRow[]> {
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await pool.query<ChangeRow>(
    `SELECT c.op, c.id, c.before, c.notes,
       coalesce(c.after, CASE WHEN c.op = 'insert' THEN coalesce(
         (SELECT later.before FROM vocab_sync.change later JOIN vocab_sync.task lt ON lt.run_id = later.run_id AND lt.name = later.task
          WHERE later.target = c.target AND later.id = c.id AND later.before IS NOT NULL AND lt.applied_at > $4
          ORDER BY lt.applied_at LIMIT 1),
         (SELECT t.record::jsonb FROM ${target.relation} t WHERE t.id = c.id${filter})) END) AS after
     FROM vocab_sync.change c
     WHERE c.run_id = $1 AND c.target = $2 AND ($3::text IS NULL OR c.op = $3)
     ORDER BY ${orderBy('c.id', 'c.op', 'c.notes')} LIMIT $5`,
    [task.run_id, target.name, op ?? null, task.applied_at, limit],
  );
  return rows;
}

async function readPlanned(
  pool: Pool,
  task: TaskRow,
  target: Target,
  ordinal: number,
  op: string | undefined,
  limit: number,
): Promise<readonly ChangeRow[]> {
  const plain = stageNames(task.run_id, task.ordinal);
  if (!(await relationExists(pool, plain.plan))) return [];
  const names = await plannedNames(pool, plain, target, ordinal);
  const notes = await plannedNotes(pool, { names, target });
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await pool.query<Omit<ChangeRow, 'differing'> & { differing: readonly DriftField[] | null }>(
    `SELECT plan.op, plan.id, CASE WHEN plan.op IN ('overwrite', 'keep') THEN d.details -> 'fields' END AS differing,
       CASE WHEN plan.op IN ('overwrite', 'keep') THEN d.record ELSE t.record::json END AS before,
       CASE WHEN plan.op <> 'withdraw' THEN coalesce(s.record::json, CASE WHEN d.id IS NOT NULL THEN t.record::json END) END AS after,
       ${notes.value} AS notes
     FROM ${names.plan} plan LEFT JOIN ${names.stage} s ON s.id = plan.id
     LEFT JOIN ${target.relation} t ON t.id = plan.id${filter}
     LEFT JOIN vocab_sync.drift d ON d.run_id = $4 AND d.task = $5 AND d.target = $6 AND d.id = plan.id ${notes.join}
     WHERE plan.target = $1 AND plan.op NOT IN ('refuse', 'adopt', 'same') AND ($2::text IS NULL OR plan.op = $2)
     ORDER BY ${orderBy('plan.id', 'plan.op', notes.value)} LIMIT $3`,
    [ordinal, op ?? null, limit, task.run_id, task.name, target.name],
  );
  return rows.map(({ differing, ...row }) => ({ ...row, ...(differing === null ? {} : { differing }) }));
}

export interface RejectionRow {
  readonly id: number;
  readonly task: string;
  readonly target: string | null;
  readonly code: string;
  readonly message: string;
  readonly origin: string;
  readonly record_id: string | null;
  readonly raw: string | null;
}

/** In order of writing; `after` is the id of the last change of the previous page. */
export async function readRejections(
  pool: Pool,
  run: string,
  page: { readonly limit: number; readonly after?: number },
): Promise<readonly RejectionRow[]> {
  const { rows } = await pool.query<RejectionRow>(
    `SELECT id, task, target, code, message, origin, record_id, raw FROM vocab_sync.rejection
     WHERE run_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
    [run, page.after ?? 0, page.limit],
  );
  return rows;
}
