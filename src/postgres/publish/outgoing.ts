/**
 * Publishes into a target that receives changes. The plan is frozen into `vocab_sync.outgoing`; each answer of
 * the target removes its row, writes the change log and brings `vocab_sync.published` up to date in one transaction.
 */
import { randomUUID } from 'node:crypto';
import { StateError, UnavailableError } from '../../errors.ts';
import type { Change, ChangeKind, Remote } from '../../records/change.ts';
import { countChanges, type TargetCounts } from '../../records/counts.ts';
import type { Document } from '../../records/document.ts';
import type { RunFailure } from '../../records/run.ts';
import { PUBLICATION_ERROR } from '../ledger/json-columns.ts';
import { UNSURE, UNSURE_NEW, openPublication, toPublicationRow, type PublicationRow } from '../ledger/publications.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';
import { refreshSourceHashes } from '../stage/source-hashes.ts';
import { adjustSize, beginPublishing } from './target-size.ts';
import { adoptHeld } from './drift-plan.ts';
import { keepNotes, plannedNotes } from './keep-notes.ts';
import { expectRows, logRefusals, type Publication } from './publish.ts';
import { lockForPublishing, targetFilter, type Target } from './target.ts';

export interface PublicationKey {
  readonly run: string;
  readonly task: string;
  readonly target: Target;
  readonly job: string;
}

/**
 * Freezes the plan in the transaction of `applyChanges`: exactly the approved plan is sent, whatever happens to the
 * stage.
 */
export async function freezePlan(client: PoolClient, p: Publication, planned: TargetCounts): Promise<void> {
  const { target } = p;
  await beginPublishing(client);
  await lockForPublishing(client, target);
  if (planned.unchanged > 0 && p.layered === undefined) await refreshSourceHashes(client, p.names, p);
  const total = countChanges(planned);
  if (total > 0) {
    const notes = await plannedNotes(client, p);
    const { rowCount } = await client.query(
      `INSERT INTO vocab_sync.outgoing (run_id, task, target, id, op, record, bytes, before_hash, hash, source_hash, looks, overwrites, held, notes)
       SELECT $1, $2, $3, plan.id, CASE plan.op WHEN 'overwrite' THEN 'update' ELSE plan.op END, r.record,
         octet_length(r.record::text), plan.before_hash, s.hash, s.source_hash, plan.op = 'overwrite', plan.op = 'overwrite', d.record, ${notes.value}
       FROM ${p.names.plan} plan ${notes.join}
       LEFT JOIN ${p.names.stage} s ON s.id = plan.id AND plan.op <> 'withdraw'
       LEFT JOIN ${target.relation} t ON t.id = plan.id${targetFilter(target)} AND plan.op = 'withdraw'
       LEFT JOIN vocab_sync.drift d ON plan.op = 'overwrite' AND d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.id = plan.id
       CROSS JOIN LATERAL (SELECT coalesce(s.record::text, t.record::text)::json AS record) r
       WHERE plan.target = $4 AND plan.op NOT IN ('refuse', 'adopt', 'keep', 'same')`,
      [p.run, p.task, target.name, p.ordinal],
    );
    expectRows('freeze', rowCount ?? 0, total, target);
  }
  if (planned.rejected > 0) await logRefusals(client, p);
  if ((planned.adopted ?? 0) + (planned.kept ?? 0) > 0) await adoptHeld(client, p);
  await keepNotes(client, p, true);
  await openPublication(client, { ...p, target: target.name }, total, planned);
}

/** Acquires the lease of the publication. An earlier attempt can no longer write after this. */
export async function claimPublication(pool: Pool, key: PublicationKey): Promise<PublicationRow> {
  const { rows } = await pool.query<PublicationRow>(
    `UPDATE vocab_sync.publication SET lease = CASE WHEN state = 'done' THEN lease ELSE $4 END,
       state = CASE WHEN state = 'done' THEN state ELSE 'open' END, error = NULL, updated_at = now()
     WHERE run_id = $1 AND task = $2 AND target = $3 RETURNING *`,
    [key.run, key.task, key.target.name, randomUUID()],
  );
  const row = rows[0];
  if (row !== undefined) return row;
  throw new StateError(
    'E_RUN_STATE',
    `Run ${key.run} has no plan for ${key.target.name}: its changes were not published.`,
  );
}

export interface OutgoingChange extends Omit<Change, 'found'> {
  /** An earlier attempt began to send it and left no result, or a repair first looks up what the target holds. */
  readonly isUncertain: boolean;
  readonly tries: number;
  readonly bytes: number;
}

interface OutgoingRow {
  readonly id: string;
  readonly op: ChangeKind;
  readonly record: Document;
  readonly bytes: number;
  readonly uncertain: boolean;
  readonly overwrites: boolean;
  readonly tries: number;
  readonly before: Document | null;
  readonly remote: Remote | null;
}

/**
 * Returns the next changes and marks them as being sent: the changes with the fewest attempts first, then by id.
 * Returns at most `most` changes and about `mostBytes` of records, but at least one if any is left. `besides` are left
 * out: they are being sent.
 *
 * The rows are found again by their physical position, because the table has no statistics when a first load begins.
 * Joined by id, 34,000 changes kept PostgreSQL busy for more than six minutes for the first 500; now it takes 10 ms.
 * The position cannot change, because only the holder of the lease writes these rows.
 */
export async function takeOutgoing(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  limits: { readonly most: number; readonly mostBytes: number; readonly besides: readonly string[] },
): Promise<readonly OutgoingChange[]> {
  return inTransaction(pool, async (client) => {
    await requireLease(client, key, lease);
    const { rows } = await client.query<OutgoingRow>(
      `WITH next AS (
         SELECT place, id, under_way, sum(bytes) OVER (ORDER BY tries, id) - bytes AS bytes_before
         FROM (SELECT ctid AS place, id, bytes, tries, under_way FROM vocab_sync.outgoing
               WHERE run_id = $1 AND task = $2 AND target = $3 AND id <> ALL ($8) ORDER BY tries, id LIMIT $4) first
       ), before AS MATERIALIZED (
         SELECT place, id, under_way FROM next WHERE bytes_before < $5
       )
       UPDATE vocab_sync.outgoing o SET under_way = true
       FROM before LEFT JOIN LATERAL (
         SELECT t.remote, t.hash, t.record FROM ${key.target.relation} t WHERE t.id = before.id${targetFilter(key.target)} OFFSET 0
       ) t ON true
       WHERE o.ctid = before.place
       RETURNING o.id, o.record, o.bytes, o.tries, o.overwrites, t.remote,
         -- An earlier run may have inserted it, so the target may hold an earlier version of it.
         CASE WHEN o.op = 'insert' AND t.hash = $7 THEN 'update' ELSE o.op END AS op,
         before.under_way OR o.looks OR coalesce(t.hash IN ($6, $7), false) AS uncertain,
         CASE WHEN t.hash NOT IN ($6, $7) THEN t.record END AS before`,
      [key.run, key.task, key.target.name, limits.most, limits.mostBytes, UNSURE, UNSURE_NEW, limits.besides],
    );
    return rows
      .map((row) => ({
        id: row.id,
        kind: row.op,
        document: row.record,
        ...(row.before === null ? {} : { before: row.before }),
        ...(row.remote === null ? {} : { remote: row.remote }),
        isUncertain: row.uncertain,
        overwrites: row.overwrites,
        tries: row.tries,
        bytes: row.bytes,
      }))
      .sort((a, b) => a.tries - b.tries || (a.id < b.id ? -1 : 1));
  });
}

/** Marks changes as unsent again, because they were taken and never handed to the target. */
export async function releaseOutgoing(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  unsent: readonly string[],
): Promise<void> {
  if (unsent.length === 0) return;
  await inTransaction(pool, async (client) => {
    await requireLease(client, key, lease);
    await markUnsent(client, key, unsent);
  });
}

export async function markUnsent(client: PoolClient, key: PublicationKey, unsent: readonly string[]): Promise<void> {
  if (unsent.length === 0) return;
  await client.query(
    `UPDATE vocab_sync.outgoing SET under_way = false WHERE run_id = $1 AND task = $2 AND target = $3 AND id = ANY ($4)`,
    [key.run, key.task, key.target.name, unsent],
  );
}

/** Throws E_LEASE_LOST when another attempt holds the publication. Waits for no other transaction. */
export async function checkLease(pool: Pool, key: PublicationKey, lease: string): Promise<void> {
  const { rows } = await pool.query<{ lease: string | null }>(
    'SELECT lease FROM vocab_sync.publication WHERE run_id = $1 AND task = $2 AND target = $3',
    [key.run, key.task, key.target.name],
  );
  if (rows[0]?.lease !== lease) throw leaseLost(key);
}

/** All changes are answered: the counts of the task follow. `isWhole`: a complete source was published. */
export async function closePublication(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  isWhole: boolean,
): Promise<PublicationRow> {
  return inTransaction(pool, async (client) => {
    const row = await requireLease(client, key, lease);
    await client.query(
      `UPDATE vocab_sync.publication SET state = 'done', finished_at = now(), updated_at = now()
       WHERE run_id = $1 AND task = $2 AND target = $3`,
      [key.run, key.task, key.target.name],
    );
    await adjustSize(client, key.target, key.job, NO_CHANGES, isWhole);
    return { ...row, state: 'done' };
  });
}

const NO_CHANGES: TargetCounts = { inserted: 0, updated: 0, unchanged: 0, withdrawn: 0, restored: 0, rejected: 0 };

/** What it failed with; the changes that are left stay until the run ends. */
export async function failPublication(
  pool: Pool,
  key: PublicationKey,
  lease: string,
  error: RunFailure,
): Promise<void> {
  await pool.query(
    `UPDATE vocab_sync.publication SET state = 'failed', error = $5, updated_at = now()
     WHERE run_id = $1 AND task = $2 AND target = $3 AND lease = $4 AND state = 'open'`,
    [key.run, key.task, key.target.name, lease, PUBLICATION_ERROR.toText(error)],
  );
}

/** In the transaction of whatever an attempt writes. Throws E_LEASE_LOST when another attempt holds the publication. */
export async function requireLease(client: PoolClient, key: PublicationKey, lease: string): Promise<PublicationRow> {
  const { rows } = await client.query<PublicationRow>(
    'SELECT * FROM vocab_sync.publication WHERE run_id = $1 AND task = $2 AND target = $3 FOR UPDATE',
    [key.run, key.task, key.target.name],
  );
  const row = rows[0];
  if (row?.lease === lease) return toPublicationRow(row);
  throw leaseLost(key);
}

function leaseLost({ target }: PublicationKey): UnavailableError {
  return new UnavailableError(
    'E_LEASE_LOST',
    `Publishing into ${target.name} was taken over by another attempt; this one wrote nothing more.`,
  );
}
