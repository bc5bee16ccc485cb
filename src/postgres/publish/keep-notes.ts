/** Moves notes from the stage to the change log and to the published rows. Sends no query if there are none. */
import type { Pool, PoolClient } from '../pool.ts';
import { relationExists, type StageNames } from '../stage/stage-table.ts';
import { quoteLiteral, targetFilter, type Target } from './target.ts';

/** The facts about a publication that its notes need. */
interface NotedPublication {
  readonly names: StageNames;
  readonly target: Target;
  /** The number of the target in the plan. */
  readonly ordinal: number;
  readonly run: string;
  readonly job: string;
}

/** Parts of a query over `plan`: the notes of each row. */
export interface PlannedNotes {
  readonly join: string;
  /** An expression of type json. */
  readonly value: string;
}

/** The notes that are stored with the published row of a record that this run did not read. */
export async function plannedNotes(
  db: Pool | PoolClient,
  { names, target }: Pick<NotedPublication, 'names' | 'target'>,
): Promise<PlannedNotes> {
  const unread = `(plan.op = 'withdraw' OR NOT EXISTS (SELECT FROM ${names.stage} read WHERE read.id = plan.id))`;
  const kept = `k.target = ${quoteLiteral(target.name)} AND k.id = plan.id AND ${unread}`;
  const staged = (await relationExists(db, names.notes)) ? [`LEFT JOIN ${names.notes} n ON n.id = plan.id`] : [];
  const stored = (await hasNotes(db, target)) ? [`LEFT JOIN vocab_sync.note k ON ${kept}`] : [];
  const values = [...staged.map(() => 'n.notes'), ...stored.map(() => 'k.notes')];
  return {
    join: [...staged, ...stored].join(' '),
    value: values.length === 0 ? 'NULL::json' : `coalesce(${values.join(', ')})`,
  };
}

/**
 * Brings the notes of published rows up to what this run read, in the transaction that publishes. `leavesPlanned`: rows
 * of the plan are left to the answers of the target.
 */
export async function keepNotes(client: PoolClient, p: NotedPublication, leavesPlanned: boolean): Promise<void> {
  const { names, target, job, run } = p;
  const isStaged = await relationExists(client, names.notes);
  const ours = (id: string): string =>
    `EXISTS (SELECT FROM ${target.relation} t WHERE t.id = ${id} AND t.job_id = $2${targetFilter(target)})` +
    (leavesPlanned
      ? ` AND NOT EXISTS (SELECT FROM ${names.plan} plan WHERE plan.target = ${String(p.ordinal)} AND plan.id = ${id} AND plan.op NOT IN ('adopt', 'keep', 'same'))`
      : '');
  if (await hasNotes(client, target)) {
    const unread = isStaged ? ` AND NOT EXISTS (SELECT FROM ${names.notes} n WHERE n.id = k.id)` : '';
    await client.query(
      `DELETE FROM vocab_sync.note k USING ${names.stage} s
       WHERE k.target = $1 AND s.id = k.id AND s.hash IS NOT NULL AND NOT s.known${unread} AND ${ours('k.id')}`,
      [target.name, job],
    );
  }
  if (!isStaged) return;
  await client.query(
    `INSERT INTO vocab_sync.note AS k (target, id, notes, run_id)
     SELECT $1, n.id, n.notes, $3 FROM ${names.notes} n WHERE ${ours('n.id')}
     ON CONFLICT (target, id) DO UPDATE SET notes = excluded.notes, run_id = excluded.run_id
       WHERE k.notes::text <> excluded.notes::text`,
    [target.name, job, run],
  );
}

/** The notes of changes that a target has just made, in the transaction that writes its answers down. */
export async function keepSentNotes(
  client: PoolClient,
  key: { readonly run: string; readonly task: string; readonly target: Target; readonly job: string },
  ids: readonly string[],
): Promise<void> {
  await client.query(
    `WITH sent AS (
       SELECT id, op, notes FROM vocab_sync.outgoing WHERE run_id = $1 AND task = $2 AND target = $3 AND id = ANY ($4)
     ), forgotten AS (
       -- A layer of another job does not change the notes.
       DELETE FROM vocab_sync.note k USING sent JOIN ${key.target.relation} t ON t.id = sent.id AND t.job_id = $5${targetFilter(key.target)}
       WHERE k.target = $3 AND k.id = sent.id AND sent.notes IS NULL AND sent.op <> 'withdraw'
     )
     INSERT INTO vocab_sync.note (target, id, notes, run_id) SELECT $3, id, notes, $1 FROM sent WHERE notes IS NOT NULL
     ON CONFLICT (target, id) DO UPDATE SET notes = excluded.notes, run_id = excluded.run_id`,
    [key.run, key.task, key.target.name, [...ids], key.job],
  );
}

/** The notes that a record had when the run that is undone replaced it: those of the change before. */
export const NOTES_BEFORE = `(SELECT b.notes FROM vocab_sync.change b
  WHERE b.target = c.target AND b.id = c.id AND b.run_id = c.before_run)`;

/**
 * In the transaction of a rollback, after its changes are logged: the published rows get back the notes that they had.
 */
export async function putNotesBack(
  client: PoolClient,
  { target, rollback }: { readonly target: Target; readonly rollback: string },
): Promise<void> {
  await client.query(
    'DELETE FROM vocab_sync.note k USING undo u WHERE k.target = $1 AND k.id = u.id AND NOT u.conflict',
    [target.name],
  );
  await client.query(
    `INSERT INTO vocab_sync.note (target, id, notes, run_id)
     SELECT c.target, c.id, c.notes, c.run_id FROM undo u JOIN vocab_sync.change c ON c.run_id = $2 AND c.target = $1 AND c.id = u.id
     WHERE NOT u.conflict AND c.notes IS NOT NULL`,
    [target.name, rollback],
  );
}

async function hasNotes(db: Pool | PoolClient, target: Target): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(
    'SELECT EXISTS (SELECT FROM vocab_sync.note WHERE target = $1) AS found',
    [target.name],
  );
  return rows[0]?.found === true;
}
