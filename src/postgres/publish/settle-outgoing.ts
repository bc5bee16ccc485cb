/**
 * Stores the results of changes that were sent to a target: records, change log, rejections and counts in one
 * transaction.
 */
import { redactClipped } from '../../logging/redact.ts';
import type { ChangeKind, Rejected, Remote } from '../../records/change.ts';
import type { TargetCounts } from '../../records/counts.ts';
import { PUBLICATION_COUNTS } from '../ledger/json-columns.ts';
import { UNSURE, UNSURE_NEW, type PublicationRow } from '../ledger/publications.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';
import { markUnsent, requireLease, type PublicationKey } from './outgoing.ts';
import { keepSentNotes } from './keep-notes.ts';
import { adjustSize, beginPublishing } from './target-size.ts';
import { targetFilter } from './target.ts';

export interface Settled {
  readonly done: readonly { readonly id: string; readonly remote?: Remote }[];
  /** `isUnsure`: the target gave no answer that says whether it made the change. */
  readonly rejected: readonly (Omit<Rejected, 'result'> & { readonly isUnsure?: boolean })[];
  /** Kept because someone else edited them. */
  readonly kept: readonly { readonly id: string; readonly message: string }[];
  readonly again: readonly { readonly id: string; readonly counts: boolean }[];
  /** Taken and never handed to the target. */
  readonly unsent: readonly string[];
}

/** Changes that get no further answer. */
export function answersIn({ done, rejected, kept }: Settled): number {
  return done.length + rejected.length + kept.length;
}

/**
 * One transaction: the record, the change log, the rejections, the counts, and the rows of the plan that are answered.
 */
export async function settleOutgoing(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  settled: Settled,
): Promise<PublicationRow> {
  return inTransaction(pool, async (client) => {
    await beginPublishing(client);
    const row = await requireLease(client, key, lease);
    const counts = { ...row.counts };
    const answered = row.answered + answersIn(settled);
    await publishDone(client, key, settled.done, counts);
    await doubt(
      client,
      key,
      settled.rejected.filter((one) => one.isUnsure === true).map(({ id }) => id),
    );
    await refuse(
      client,
      key,
      [
        ...settled.rejected.map((one) => ({ ...one, as: 'rejected' as const })),
        ...settled.kept.map((one) => ({ ...one, code: 'E_TARGET_EDITED', as: 'kept' as const })),
      ],
      counts,
    );
    const tried = settled.again.filter((one) => one.counts).map(({ id }) => id);
    if (tried.length > 0) {
      await client.query(
        `UPDATE vocab_sync.outgoing SET tries = tries + 1
         WHERE run_id = $1 AND task = $2 AND target = $3 AND id = ANY ($4)`,
        [key.run, key.task, key.target.name, tried],
      );
    }
    await markUnsent(client, key, settled.unsent);
    await client.query(
      `UPDATE vocab_sync.publication SET counts = $4, answered = $5, updated_at = now()
       WHERE run_id = $1 AND task = $2 AND target = $3`,
      [key.run, key.task, key.target.name, PUBLICATION_COUNTS.toText(counts), answered],
    );
    return { ...row, counts, answered };
  });
}

type Counts = { -readonly [K in keyof TargetCounts]: TargetCounts[K] };

const COUNTED_AS = { insert: 'inserted', update: 'updated', restore: 'restored', withdraw: 'withdrawn' } as const;

async function publishDone(
  client: PoolClient,
  key: PublicationKey,
  done: Settled['done'],
  counts: Counts,
): Promise<void> {
  if (done.length === 0) return;
  const { run, task, target, job } = key;
  const ids = done.map(({ id }) => id);
  await client.query(
    `INSERT INTO vocab_sync.change (run_id, task, target, id, op, before, after, before_hash, before_run, before_json, after_run, notes)
     SELECT o.run_id, o.task, o.target, o.id, o.op, coalesce(o.held, t.record)::jsonb,
       CASE WHEN o.op IN ('update', 'restore') THEN o.record::jsonb END, CASE WHEN o.held IS NULL THEN t.hash END, t.changed_run,
       coalesce(o.held, t.record), o.after_run, o.notes
     FROM vocab_sync.outgoing o LEFT JOIN ${target.relation} t ON t.id = o.id${targetFilter(target)} AND NOT (o.op = 'insert' AND t.hash = $5)
     WHERE o.run_id = $1 AND o.task = $2 AND o.target = $3 AND o.id = ANY ($4)
     -- A run that was reset may change a record a second time; what it replaced first is what a rollback brings back.
     ON CONFLICT (target, id, run_id) DO NOTHING`,
    [run, task, target.name, ids, UNSURE_NEW],
  );
  await keepSentNotes(client, key, ids);
  const { rows } = await client.query<{ op: ChangeKind; live: boolean; n: number }>(
    `WITH answered AS (
       DELETE FROM vocab_sync.outgoing WHERE run_id = $1 AND task = $2 AND target = $3 AND id = ANY ($4) RETURNING *
     ), put AS (
       INSERT INTO ${target.relation} AS t (target, id, record, hash, source_hash, job_id, created_run, changed_run, remote)
       SELECT $3, a.id, a.record, a.hash, a.source_hash, $5, coalesce(a.after_run, $1), coalesce(a.after_run, $1), r.remote
       FROM answered a LEFT JOIN ${REMOTES} r USING (id) WHERE a.op <> 'withdraw'
       ON CONFLICT (target, id) DO UPDATE SET record = excluded.record, hash = excluded.hash,
         created_run = CASE t.hash WHEN $7 THEN excluded.created_run ELSE t.created_run END, source_hash = excluded.source_hash, changed_run = excluded.changed_run, changed_at = now(), withdrawn_at = NULL,
         remote = coalesce(excluded.remote, t.remote)
     ), gone AS (
       UPDATE ${target.relation} t SET changed_run = coalesce(a.after_run, $1), changed_at = now(), withdrawn_at = now(),
         remote = coalesce(r.remote, t.remote)
       FROM answered a LEFT JOIN ${REMOTES} r USING (id)
       WHERE a.op = 'withdraw' AND t.id = a.id${targetFilter(target)}
     )
     SELECT op, t.id IS NOT NULL AND t.withdrawn_at IS NULL AS live, count(*) AS n
     FROM answered a LEFT JOIN ${target.relation} t ON t.id = a.id${targetFilter(target)} GROUP BY op, live`,
    [run, task, target.name, ids, job, JSON.stringify(done), UNSURE_NEW],
  );
  const change: Counts = { inserted: 0, updated: 0, unchanged: 0, withdrawn: 0, restored: 0, rejected: 0 };
  for (const { op, live, n } of rows) {
    counts[COUNTED_AS[op]] += n;
    // A repair sends records that are published, and an adoption updates records that are not.
    if (op === 'withdraw' && live) change.withdrawn += n;
    if (op !== 'withdraw' && !live) change.inserted += n;
  }
  await adjustSize(client, target, job, change, false);
}

/** The answers of the target, from parameter 6. */
const REMOTES = `(SELECT d ->> 'id' AS id, d -> 'remote' AS remote FROM json_array_elements($6::json) d)`;

/**
 * Before these changes leave the plan: the target may hold the published record, or the new one. A record that was to be
 * inserted is found by the next attempt to insert it.
 */
async function doubt(client: PoolClient, { run, task, target }: PublicationKey, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await client.query(
    `UPDATE ${target.relation} t SET source_hash = NULL, hash = CASE WHEN t.hash = $6 THEN t.hash ELSE $5 END,
       withdrawn_at = CASE WHEN o.op <> 'restore' THEN t.withdrawn_at END
     FROM vocab_sync.outgoing o
     WHERE o.run_id = $1 AND o.task = $2 AND o.target = $3 AND o.id = ANY ($4) AND t.id = o.id${targetFilter(target)}`,
    [run, task, target.name, ids, UNSURE, UNSURE_NEW],
  );
  await client.query('UPDATE vocab_sync.target_size SET stale = true WHERE target = $1', [target.name]);
}

const LONGEST_MESSAGE = 2000;
/** A record that waits for a reference is kept whole, because a later run looks up its references. */
const WAITING_LENGTH = '100000';

async function refuse(
  client: PoolClient,
  { run, task, target }: PublicationKey,
  refused: readonly {
    readonly id: string;
    readonly code: string;
    readonly message: string;
    readonly unresolved?: readonly string[];
    readonly as: 'rejected' | 'kept';
  }[],
  counts: Counts,
): Promise<void> {
  if (refused.length === 0) return;
  const rows = refused.map(({ id, code, message, unresolved }) => ({
    ...{ id, code, unresolved },
    message: redactClipped(message, LONGEST_MESSAGE),
  }));
  const { rows: gone } = await client.query<{ id: string; op: ChangeKind }>(
    `WITH answered AS (
       DELETE FROM vocab_sync.outgoing WHERE run_id = $1 AND task = $2 AND target = $3 AND id = ANY ($4) RETURNING *
     ), noted AS (
       INSERT INTO vocab_sync.rejection (run_id, task, target, code, message, origin, record_id, unresolved, raw)
       SELECT $1, $2, $3, r.code, r.message, $3, a.id, r.unresolved,
         left(a.record::text, CASE r.code WHEN 'E_TARGET_REFERENCE' THEN ${WAITING_LENGTH} ELSE 10000 END)
       FROM answered a JOIN json_to_recordset($5::json) AS r (id text, code text, message text, unresolved text[]) USING (id) ORDER BY a.id
     )
     SELECT id, op FROM answered`,
    [run, task, target.name, refused.map(({ id }) => id), JSON.stringify(rows)],
  );
  const as = new Map(refused.map((one) => [one.id, one.as]));
  for (const { id, op } of gone) {
    if (op === 'withdraw') counts.not_withdrawn = (counts.not_withdrawn ?? 0) + 1;
    else if (as.get(id) === 'kept') counts.kept = (counts.kept ?? 0) + 1;
    else counts.rejected += 1;
  }
}
