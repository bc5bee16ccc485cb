/**
 * Turns the findings in a target into a plan. For `resync`, each finding becomes a change. For `adopt`, records that the
 * target already holds are removed from the plan of the run, and records that another client created are marked.
 */
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import type { ChangedPolicy } from '../../records/run.ts';
import { openPublication } from '../ledger/publications.ts';
import type { PoolClient } from '../pool.ts';
import type { StageNames } from '../stage/stage-table.ts';
import { expectRows, type Publication } from './publish.ts';
import { lockForPublishing, targetFilter, type Target } from './target.ts';
import { beginPublishing } from './target-size.ts';

export interface DriftPlan {
  readonly names: StageNames;
  readonly run: string;
  readonly task: string;
  readonly target: Target;
  /** The number of the target in the plan. */
  readonly ordinal: number;
  readonly onChanged: ChangedPolicy;
}

/** Adds a row for each finding: what is missing is inserted, what is changed is overwritten, or kept by policy. */
export async function planRepairs(
  client: PoolClient,
  plan: DriftPlan,
  onForeign: 'keep' | 'remove',
): Promise<TargetCounts> {
  const { names, run, task, target, ordinal, onChanged } = plan;
  const { rows } = await client.query<{ op: string; n: number }>(
    `WITH planned AS (
       INSERT INTO ${names.plan} (target, id, op, before_hash, after_hash, has_document)
       SELECT $1, d.id, CASE WHEN d.kind = 'missing' THEN 'insert' WHEN d.kind = 'foreign' THEN 'withdraw'
           WHEN $5 = 'keep' THEN 'keep' WHEN t.withdrawn_at IS NOT NULL THEN 'withdraw' ELSE 'overwrite' END,
         t.hash, t.hash, true
       FROM vocab_sync.drift d LEFT JOIN ${target.relation} t ON t.id = d.id${targetFilter(target)}
       WHERE d.run_id = $2 AND d.task = $3 AND d.target = $4
         AND (d.kind IN ('missing', 'changed') OR (d.kind = 'foreign' AND $6 = 'remove')) AND (t.id IS NOT NULL OR d.kind = 'foreign')
       RETURNING op
     ) SELECT op, count(*) AS n FROM planned GROUP BY op`,
    [ordinal, run, task, target.name, onChanged, onForeign],
  );
  const by = new Map(rows.map(({ op, n }) => [op, n]));
  const [overwritten, kept] = [by.get('overwrite') ?? 0, by.get('keep') ?? 0];
  return {
    inserted: by.get('insert') ?? 0,
    updated: overwritten,
    restored: 0,
    withdrawn: by.get('withdraw') ?? 0,
    unchanged: 0,
    rejected: 0,
    ...(overwritten === 0 ? {} : { overwritten }),
    ...(kept === 0 ? {} : { kept }),
  };
}

/** In the transaction that publishes: the plan of a repair. Each change is looked up before it is sent. */
export async function freezeRepairs(client: PoolClient, p: Publication, planned: TargetCounts): Promise<void> {
  const { target } = p;
  await beginPublishing(client);
  await lockForPublishing(client, target);
  const total = countChanges(planned);
  const { rowCount } = await client.query(
    `INSERT INTO vocab_sync.outgoing (run_id, task, target, id, op, record, bytes, before_hash, hash, source_hash, looks, overwrites, held)
     SELECT $1, $2, $3, plan.id, CASE plan.op WHEN 'overwrite' THEN 'update' ELSE plan.op END, r.record,
       octet_length(r.record::text), t.hash, t.hash, t.source_hash, true, true, CASE WHEN plan.op <> 'insert' THEN d.record END
     FROM ${p.names.plan} plan
     JOIN vocab_sync.drift d ON d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.id = plan.id
     LEFT JOIN ${target.relation} t ON t.id = plan.id${targetFilter(target)}
     CROSS JOIN LATERAL (SELECT coalesce(t.record, d.record, json_build_object('id', plan.id)) AS record) r
     WHERE plan.target = $4 AND plan.op <> 'keep'`,
    [p.run, p.task, target.name, p.ordinal],
  );
  expectRows('freeze', rowCount ?? 0, total, target);
  await logKept(client, p);
  await openPublication(client, { ...p, target: target.name }, total, planned);
}

/** With the mode `adopt`: rows of the plan that the target holds already, and rows of which it holds something else. */
export async function planAdoption(client: PoolClient, plan: DriftPlan): Promise<void> {
  await client.query(
    `UPDATE ${plan.names.plan} p SET op = CASE WHEN d.kind = 'equal' THEN 'adopt' WHEN $5 = 'keep' THEN 'keep' ELSE 'overwrite' END
     FROM vocab_sync.drift d
     WHERE d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.kind IN ('equal', 'changed') AND d.id = p.id
       AND p.target = $4 AND p.op IN ('insert', 'update', 'restore')`,
    [plan.run, plan.task, plan.target.name, plan.ordinal, plan.onChanged],
  );
}

/**
 * In the transaction that publishes: the target holds these records, so they are published. A record that is kept as
 * another client made it has no revision: a later change finds that the target holds something else, and the policy for
 * conflicts decides.
 */
export async function adoptHeld(client: PoolClient, p: Publication): Promise<void> {
  const { target } = p;
  await client.query(
    `INSERT INTO ${target.relation} AS t (target, id, record, hash, source_hash, job_id, created_run, changed_run, remote)
     SELECT $3, s.id, s.record, s.hash, s.source_hash, $5, $1, $1, CASE plan.op WHEN 'adopt' THEN d.remote END
     FROM ${p.names.plan} plan JOIN ${p.names.stage} s ON s.id = plan.id
     JOIN vocab_sync.drift d ON d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.id = plan.id
     WHERE plan.target = $4 AND plan.op IN ('adopt', 'keep')
     ON CONFLICT (target, id) DO UPDATE SET record = excluded.record, hash = excluded.hash,
       source_hash = excluded.source_hash, changed_run = excluded.changed_run, changed_at = now(), withdrawn_at = NULL,
       remote = excluded.remote`,
    [p.run, p.task, target.name, p.ordinal, p.job],
  );
  // Counted again by the next run: only some of these records were not published before.
  await client.query('UPDATE vocab_sync.target_size SET stale = true WHERE target = $1 AND job_id = $2', [
    target.name,
    p.job,
  ]);
  await logKept(client, p);
}

/** What a policy keeps is listed with the rejections of the run. */
async function logKept(client: PoolClient, p: Publication): Promise<void> {
  await client.query(
    `INSERT INTO vocab_sync.rejection (run_id, task, target, code, message, origin, record_id)
     SELECT $1, $2, $3, 'E_TARGET_EDITED', 'The target holds another record than this job publishes' ||
       coalesce('. It differs in ' || (SELECT string_agg(f ->> 'pointer', ', ') FROM json_array_elements(d.details -> 'fields') f), '') ||
       '. It was left as it is.', $3, plan.id
     FROM ${p.names.plan} plan
     JOIN vocab_sync.drift d ON d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.id = plan.id
     WHERE plan.target = $4 AND plan.op = 'keep' ORDER BY plan.id`,
    [p.run, p.task, p.target.name, p.ordinal],
  );
}
