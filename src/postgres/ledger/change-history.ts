/** The changes and rejections of a run: from the log once it is applied, from its plan while it waits. */
import type { LoggedOp } from './record-history.ts';
import { quoteLiteral, type Target } from '../publish/target.ts';
import type { Pool } from '../pool.ts';
import { listTasks, type TaskRow } from './run-rows.ts';
import { stageNames } from '../stage/stage-table.ts';

export interface RecordChange {
  readonly task: string;
  readonly target: string;
  readonly op: LoggedOp;
  readonly id: string;
  readonly before: unknown;
  /** Null for a withdrawal or removal. For an insert: the record as it was inserted, where it can still be known. */
  readonly after: unknown;
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
      changes.push(...rows.map((row) => ({ task: task.name, target: target.name, ...row })));
    }
  }
  return changes;
}

type ChangeRow = Pick<RecordChange, 'op' | 'id' | 'before' | 'after'>;

/** Updates first: they are what a person wants to look at. */
const ORDER = `CASE c.op WHEN 'update' THEN 0 WHEN 'withdraw' THEN 1 WHEN 'remove' THEN 2 WHEN 'restore' THEN 3 ELSE 4 END, c.id`;

async function readLogged(
  pool: Pool,
  task: TaskRow,
  target: Target,
  op: string | undefined,
  limit: number,
): Promise<readonly ChangeRow[]> {
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await pool.query<ChangeRow>(
    `SELECT c.op, c.id, c.before,
       coalesce(c.after, CASE WHEN c.op = 'insert' THEN coalesce(
         (SELECT later.before FROM vocab_sync.change later JOIN vocab_sync.task lt ON lt.run_id = later.run_id AND lt.name = later.task
          WHERE later.target = c.target AND later.id = c.id AND later.before IS NOT NULL AND lt.applied_at > $4
          ORDER BY lt.applied_at LIMIT 1),
         (SELECT t.record::jsonb FROM ${target.relation} t WHERE t.id = c.id${filter})) END) AS after
     FROM vocab_sync.change c
     WHERE c.run_id = $1 AND c.target = $2 AND ($3::text IS NULL OR c.op = $3)
     ORDER BY ${ORDER} LIMIT $5`,
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
  const names = stageNames(task.run_id, task.ordinal);
  const there = await pool.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [names.plan]);
  if (there.rows[0]?.there !== true) return [];
  const filter = target.shared ? ` AND t.target = ${quoteLiteral(target.name)}` : '';
  const { rows } = await pool.query<ChangeRow>(
    `SELECT c.op, c.id, t.record::jsonb AS before, s.record::jsonb AS after
     FROM ${names.plan} c LEFT JOIN ${names.stage} s ON s.id = c.id
     LEFT JOIN ${target.relation} t ON t.id = c.id${filter}
     WHERE c.target = $1 AND c.op <> 'refuse' AND ($2::text IS NULL OR c.op = $2) ORDER BY ${ORDER} LIMIT $3`,
    [ordinal, op ?? null, limit],
  );
  return rows;
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

/** In the order in which they were written; `after` is the id of the last one of the page before. */
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
