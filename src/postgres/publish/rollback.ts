/**
 * Puts back what a run replaced in one target, from its change log: set-based, inside the one transaction of a rollback.
 * A record whose state is not the one that the run left is a conflict and is left as it is. `changed_run` goes back with
 * the record, so that rollbacks stack: the run before can be rolled back next, and so can the rollback itself.
 */
import { InternalError } from '../../errors.ts';
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import type { PoolClient } from '../pool.ts';
import { openPublication } from '../ledger/publications.ts';
import { NOTES_BEFORE, putNotesBack } from './keep-notes.ts';
import { lockForPublishing, quoteLiteral, targetFilter, type Target } from './target.ts';
import { adjustSize, beginPublishing } from './target-size.ts';

export interface Undo {
  readonly target: Target;
  readonly task: string;
  /** The run whose changes are undone. */
  readonly run: string;
  readonly job: string;
  /** The run that undoes them. */
  readonly rollback: string;
}

export interface RollbackConflict {
  readonly target: string;
  readonly id: string;
  /** The run that changed it last; null where the record is not there any more. */
  readonly changed_by: string | null;
}

export interface UndoPlan {
  readonly changes: number;
  readonly conflicts: number;
  /** The first of them, in order of id. */
  readonly samples: readonly RollbackConflict[];
}

const CONFLICTS_SHOWN = 20;

/** Finds what can be put back, in a temporary table of this transaction; nobody else publishes there until it ends. */
export async function planUndo(client: PoolClient, undo: Undo): Promise<UndoPlan> {
  const { target } = undo;
  await beginPublishing(client);
  await lockForPublishing(client, target);
  await client.query('DROP TABLE IF EXISTS pg_temp.undo');
  await client.query('CREATE TEMPORARY TABLE undo (id text, op text, conflict boolean, found_run uuid) ON COMMIT DROP');
  await client.query(
    `INSERT INTO undo SELECT c.id, c.op,
       CASE c.op WHEN 'remove' THEN t.id IS NOT NULL
         ELSE t.id IS NULL OR t.job_id IS DISTINCT FROM $4 OR t.changed_run IS DISTINCT FROM coalesce(c.after_run, c.run_id) END,
       t.changed_run
     FROM vocab_sync.change c LEFT JOIN ${target.relation} t ON t.id = c.id${targetFilter(target)}
     WHERE c.run_id = $1 AND c.task = $2 AND c.target = $3`,
    [undo.run, undo.task, target.name, undo.job],
  );
  await client.query('ANALYZE undo');
  const { rows } = await client.query<{ changes: number; conflicts: number }>(
    'SELECT count(*) AS changes, count(*) FILTER (WHERE conflict) AS conflicts FROM undo',
  );
  const samples = await client.query<RollbackConflict>(
    `SELECT $1::text AS target, id, found_run AS changed_by FROM undo WHERE conflict ORDER BY id LIMIT $2`,
    [target.name, CONFLICTS_SHOWN],
  );
  return { changes: rows[0]?.changes ?? 0, conflicts: rows[0]?.conflicts ?? 0, samples: samples.rows };
}

/** The logged changes of a task in a target. */
export async function countLogged(
  client: PoolClient,
  { run, task, target }: Pick<Undo, 'run' | 'task' | 'target'>,
): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*) AS n FROM vocab_sync.change WHERE run_id = $1 AND task = $2 AND target = $3',
    [run, task, target.name],
  );
  return rows[0]?.n ?? 0;
}

/** Puts back what `planUndo` found free of conflicts and logs it as the changes of the rollback. */
export async function applyUndo(client: PoolClient, undo: Undo): Promise<TargetCounts> {
  const logged = await logUndo(client, undo);
  const [removed, changed, inserted] = [
    await removeInserted(client, undo),
    await putBack(client, undo),
    await reinsertRemoved(client, undo),
  ];
  if (removed + changed + inserted !== logged) {
    throw new InternalError(
      'E_INTERNAL',
      `A rollback of ${undo.target.name} logged ${String(logged)} changes and made ${String(removed + changed + inserted)}; nothing was undone.`,
    );
  }
  await putNotesBack(client, undo);
  const { rows } = await client.query<{ op: string; n: number }>(
    'SELECT op, count(*) AS n FROM undo WHERE NOT conflict GROUP BY op',
  );
  const by = new Map(rows.map(({ op, n }) => [op, n]));
  const counts = {
    inserted,
    updated: by.get('update') ?? 0,
    restored: by.get('withdraw') ?? 0,
    withdrawn: removed + (by.get('restore') ?? 0),
    unchanged: 0,
    rejected: 0,
  };
  await adjustSize(client, undo.target, undo.job, counts, false);
  return counts;
}

/** The changes of the run, joined to those that can be undone. */
const LOGGED = `undo u JOIN vocab_sync.change c ON c.run_id = $1 AND c.target = $2 AND c.id = u.id`;

async function logUndo(client: PoolClient, { target, run, rollback, task }: Undo): Promise<number> {
  const { rowCount } = await client.query(
    `INSERT INTO vocab_sync.change (run_id, task, target, id, op, before, after, before_hash, before_run, before_json, after_run, notes)
     SELECT $3, $4, $2, u.id,
       CASE u.op WHEN 'insert' THEN 'remove' WHEN 'remove' THEN 'insert' WHEN 'withdraw' THEN 'restore'
         WHEN 'restore' THEN 'withdraw' ELSE u.op END,
       t.record::jsonb, CASE WHEN u.op IN ('update', 'withdraw') THEN c.before END,
       t.hash, t.changed_run, ${target.shared ? 't.record' : 'NULL'}, coalesce(c.before_run, $3), ${NOTES_BEFORE}
     FROM ${LOGGED} LEFT JOIN ${target.relation} t ON t.id = u.id${targetFilter(target)}
     WHERE NOT u.conflict`,
    [run, target.name, rollback, task],
  );
  return rowCount ?? 0;
}

async function removeInserted(client: PoolClient, { target }: Undo): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM ${target.relation} t USING undo u
     WHERE t.id = u.id AND u.op = 'insert' AND NOT u.conflict${targetFilter(target)}`,
  );
  return rowCount ?? 0;
}

/** The hash of an old log, which kept none, is one that no run makes: the next run compares the record as changed. */
function replaced(target: Target): { readonly record: string; readonly hash: string } {
  return {
    record: `coalesce(c.before_json::text, c.before::text)::${target.documents}`,
    hash: `coalesce(c.before_hash, sha256(convert_to('undone ' || c.before::text, 'UTF8')))`,
  };
}

/** Without the digest of the bytes that it came from: the next run must not recognise what it has to compare. */
async function putBack(client: PoolClient, { target, run, rollback }: Undo): Promise<number> {
  const { record, hash } = replaced(target);
  const { rowCount } = await client.query(
    `UPDATE ${target.relation} t SET record = ${record}, hash = ${hash}, source_hash = NULL,
       changed_run = coalesce(c.before_run, $3), changed_at = now(), withdrawn_at = CASE WHEN u.op = 'restore' THEN now() END
     FROM ${LOGGED}
     WHERE t.id = u.id AND u.op IN ('update', 'withdraw', 'restore') AND NOT u.conflict${targetFilter(target)}`,
    [run, target.name, rollback],
  );
  return rowCount ?? 0;
}

/** Undoes the removal of a rollback. */
async function reinsertRemoved(client: PoolClient, { target, run, rollback, job }: Undo): Promise<number> {
  const { record, hash } = replaced(target);
  const { rowCount } = await client.query(
    `INSERT INTO ${target.relation} (${target.shared ? 'target, ' : ''}id, record, hash, job_id, created_run, changed_run)
     SELECT ${target.shared ? `${quoteLiteral(target.name)}, ` : ''}u.id, ${record}, ${hash}, $4,
       coalesce(c.before_run, $3), coalesce(c.before_run, $3)
     FROM ${LOGGED} WHERE u.op = 'remove' AND NOT u.conflict`,
    [run, target.name, rollback, job],
  );
  return rowCount ?? 0;
}

const INVERSE = `CASE u.op WHEN 'insert' THEN 'withdraw' WHEN 'restore' THEN 'withdraw' WHEN 'withdraw' THEN 'restore'
  WHEN 'remove' THEN 'restore' ELSE 'update' END`;

/**
 * Undoes a run in a target that receives changes: the records that `planUndo` found free of conflicts become a plan that
 * `publishTarget` sends. What the run inserted is withdrawn, since such a target may have no way to forget a record. The
 * hash of a record that is put back is the one it had, so the next run compares it as equal. Returns what is planned.
 */
export async function freezeUndo(client: PoolClient, undo: Undo): Promise<TargetCounts> {
  const { target, task, run, rollback } = undo;
  const { rows } = await client.query<{ op: 'update' | 'restore' | 'withdraw'; n: number }>(
    `WITH frozen AS (
       INSERT INTO vocab_sync.outgoing (run_id, task, target, id, op, record, bytes, before_hash, hash, after_run, notes)
       SELECT $1, $2, $3, u.id, ${INVERSE}, r.record, octet_length(r.record::text), t.hash,
         CASE WHEN u.op IN ('insert', 'restore') THEN t.hash
           ELSE coalesce(c.before_hash, sha256(convert_to('undone ' || c.before::text, 'UTF8'))) END,
         coalesce(c.before_run, $1), ${NOTES_BEFORE}
       FROM undo u JOIN vocab_sync.change c ON c.run_id = $4 AND c.target = $3 AND c.id = u.id
       LEFT JOIN ${target.relation} t ON t.id = u.id${targetFilter(target)}
       CROSS JOIN LATERAL (SELECT CASE WHEN u.op IN ('insert', 'restore') THEN t.record
         ELSE coalesce(c.before_json, c.before::text::json) END AS record) r
       WHERE NOT u.conflict RETURNING op
     ) SELECT op, count(*) AS n FROM frozen GROUP BY op`,
    [rollback, task, target.name, run],
  );
  const by = new Map(rows.map(({ op, n }) => [op, n]));
  const planned: TargetCounts = {
    inserted: 0,
    updated: by.get('update') ?? 0,
    restored: by.get('restore') ?? 0,
    withdrawn: by.get('withdraw') ?? 0,
    unchanged: 0,
    rejected: 0,
  };
  await openPublication(client, { run: rollback, task, target: target.name }, countChanges(planned), planned);
  return planned;
}
