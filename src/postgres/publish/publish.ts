/** The set-based publication of a plan into one target. Runs inside the one transaction of `applyChanges`. */
import { StateError } from '../../errors.ts';
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import type { PoolClient } from '../pool.ts';
import { refreshSourceHashes } from '../stage/source-hashes.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { lockForPublishing, quoteLiteral, targetFilter, type Target } from './target.ts';
import { beginPublishing } from './target-size.ts';
import { keepNotes, plannedNotes } from './keep-notes.ts';

export interface Publication {
  readonly names: StageNames;
  readonly target: Target;
  /** The number of the target in the plan. */
  readonly ordinal: number;
  readonly run: string;
  readonly task: string;
  readonly job: string;
  /** For a target with layers; see MergedPlan. */
  readonly layered?: {
    /** `part`: the parts of the job itself. `merged`: the target, whose records may belong to other jobs. */
    readonly kind: 'part' | 'merged';
    readonly layer: string | undefined;
  };
}

/**
 * Publishes and writes the change log. Readers of the target see nothing of it before the commit. Throws
 * E_TARGET_CHANGED when the target is no longer what the plan was made against.
 */
export async function publishPlan(client: PoolClient, publication: Publication, planned: TargetCounts): Promise<void> {
  const { target } = publication;
  await beginPublishing(client);
  await lockForPublishing(client, target);
  if (planned.unchanged > 0 && publication.layered?.kind !== 'merged') {
    await refreshSourceHashes(client, publication.names, publication);
  }
  // A query that has nothing to do might still read the whole target, so it is not sent.
  const expect = async (what: string, expected: number, work: () => Promise<number>): Promise<void> => {
    if (expected > 0) expectRows(what, await work(), expected, target);
  };
  await expect('change log', countChanges(planned), () => logChanges(client, publication, planned));
  await expect('insert', planned.inserted, () => insertNew(client, publication, planned));
  await expect('update', planned.updated + planned.restored, () => updateChanged(client, publication));
  await expect('withdraw', planned.withdrawn, () => withdrawAbsent(client, publication));
  // With layers, the target holds the owner of the record.
  if (planned.rejected > 0 && publication.layered?.kind !== 'part') await logRefusals(client, publication);
  if (publication.layered?.kind !== 'part') await keepNotes(client, publication, false);
}

export function expectRows(what: string, found: number, expected: number, target: Target): void {
  if (found === expected) return;
  throw new StateError(
    'E_TARGET_CHANGED',
    `Publishing into ${target.name} was expected to ${what} ${String(expected)} records and met ${String(found)}: the target changed since it was compared. Nothing was published; run again and check who else writes there.`,
    { details: { target: target.name, what, expected, found } },
  );
}

/** What an update or withdrawal replaces is kept here; an insert replaces nothing and is only named. */
async function logChanges(client: PoolClient, p: Publication, planned: TargetCounts): Promise<number> {
  const keys = [p.run, p.task, p.target.name, p.ordinal];
  const notes = await plannedNotes(client, p);
  // In order of id: an index that grows at its end is built twice as fast.
  const inserts =
    planned.inserted === 0
      ? 0
      : await count(
          client,
          `INSERT INTO vocab_sync.change (run_id, task, target, id, op, notes)
           SELECT $1, $2, $3, plan.id, plan.op, ${notes.value} FROM ${p.names.plan} plan ${notes.join}
           WHERE plan.target = $4 AND plan.op = 'insert' ORDER BY plan.id`,
          keys,
        );
  if (planned.inserted === countChanges(planned)) return inserts;
  const replacements = await count(
    client,
    `INSERT INTO vocab_sync.change (run_id, task, target, id, op, before, after, before_hash, before_run, before_json, notes)
     SELECT $1, $2, $3, plan.id, plan.op, t.record::jsonb, CASE WHEN plan.op <> 'withdraw' THEN s.record::jsonb END,
       t.hash, t.changed_run, ${p.target.shared ? 't.record' : 'NULL'}, ${notes.value}
     FROM ${p.names.plan} plan
     JOIN ${p.target.relation} t ON t.id = plan.id${targetFilter(p.target)} AND t.hash = plan.before_hash
     LEFT JOIN ${p.names.stage} s ON s.id = plan.id ${notes.join}
     WHERE plan.target = $4 AND plan.op IN ('update', 'restore', 'withdraw')`,
    keys,
  );
  return inserts + replacements;
}

async function count(client: PoolClient, sql: string, values: readonly unknown[]): Promise<number> {
  return (await client.query(sql, [...values])).rowCount ?? 0;
}

/** Where everything that is staged is new, the plan need not be joined: two tables of that size would spill to the disk. */
async function insertNew(client: PoolClient, p: Publication, planned: TargetCounts): Promise<number> {
  const { target } = p;
  const isAllNew = planned.unchanged + planned.updated + planned.restored + planned.rejected === 0;
  const rows = isAllNew
    ? `${p.names.stage} s WHERE s.hash IS NOT NULL`
    : `${p.names.plan} plan JOIN ${p.names.stage} s ON s.id = plan.id WHERE plan.target = ${String(p.ordinal)} AND plan.op = 'insert'`;
  const { rowCount } = await client.query(
    `INSERT INTO ${target.relation} (${target.shared ? 'target, ' : ''}id, record, hash, source_hash, job_id, created_run, changed_run)
     SELECT ${target.shared ? `${quoteLiteral(target.name)}, ` : ''}s.id, s.record::${target.documents}, s.hash, s.source_hash, $1, $2, $2
     FROM ${rows}`,
    [p.job, p.run],
  );
  return rowCount ?? 0;
}

async function updateChanged(client: PoolClient, p: Publication): Promise<number> {
  // A layer changes records of other jobs.
  const owner =
    p.layered?.kind === 'merged' && p.layered.layer !== undefined ? '$3::text IS NOT NULL' : 't.job_id = $3';
  const { rowCount } = await client.query(
    `UPDATE ${p.target.relation} t
     SET record = s.record::${p.target.documents}, hash = s.hash, source_hash = s.source_hash, changed_run = $2, changed_at = now(), withdrawn_at = NULL
     FROM ${p.names.plan} plan JOIN ${p.names.stage} s ON s.id = plan.id
     WHERE plan.target = $1 AND plan.op IN ('update', 'restore') AND t.id = plan.id
       AND ${owner} AND t.hash = plan.before_hash${targetFilter(p.target)}`,
    [p.ordinal, p.run, p.job],
  );
  return rowCount ?? 0;
}

async function withdrawAbsent(client: PoolClient, p: Publication): Promise<number> {
  const { rowCount } = await client.query(
    `UPDATE ${p.target.relation} t SET changed_run = $2, changed_at = now(), withdrawn_at = now()
     FROM ${p.names.plan} plan
     WHERE plan.target = $1 AND plan.op = 'withdraw' AND t.id = plan.id
       AND t.job_id = $3 AND t.hash = plan.before_hash AND t.withdrawn_at IS NULL${targetFilter(p.target)}`,
    [p.ordinal, p.run, p.job],
  );
  return rowCount ?? 0;
}

/** Records whose id belongs to another job or to nobody (entered locally): rejected on write, never touched. */
export async function logRefusals(client: PoolClient, p: Publication): Promise<void> {
  await client.query(
    `INSERT INTO vocab_sync.rejection (run_id, task, target, code, message, origin, record_id)
     SELECT $2, $3, $4, 'E_RECORD_OWNED',
       'Expected record ' || plan.id || ' of ' || $4::text || ' to belong to this job, found that it belongs to ' ||
         coalesce('job ' || t.job_id, 'no job (it was entered locally)') || '; it was left as it is.',
       $4, plan.id
     FROM ${p.names.plan} plan JOIN ${p.target.relation} t ON t.id = plan.id${targetFilter(p.target)}
     WHERE plan.target = $1 AND plan.op = 'refuse'`,
    [p.ordinal, p.run, p.task, p.target.name],
  );
}
