/** Hands the records of one job to another: after a job was renamed, or deleted and made again under another name. */
import { ConfigError } from '../../errors.ts';
import { createRunId } from '../../records/run-id.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';
import { partName } from '../publish/layer-rows.ts';
import { beginPublishing } from '../publish/target-size.ts';
import { quoteIdentifier } from '../sql-identifier.ts';

export interface TransferTarget {
  /** `postgres:TABLE`, or the name of a snapshot such as `file:PATH`. */
  readonly target: string;
  readonly records: number;
}

export interface Transfer {
  readonly from: string;
  readonly to: string;
  /** Only this target. */
  readonly target: string | undefined;
  readonly by: string;
  readonly reason: string | undefined;
}

export interface PastTransfer {
  readonly from: string;
  readonly to: string;
  readonly target: string;
  readonly records: number;
  readonly by: string;
  readonly reason: string | null;
  readonly at: Date;
}

interface Place extends TransferTarget {
  readonly relation: string;
  readonly shared: boolean;
}

/** Returns what would be transferred, withdrawn records included. Reads every vocabulary once. */
export async function planTransfer(pool: Pool, transfer: Transfer): Promise<readonly TransferTarget[]> {
  return inTransaction(pool, (client) => findPlaces(client, transfer));
}

/**
 * Transfers all targets in one transaction and holds both jobs, so that no run starts meanwhile. Throws ConfigError
 * E_TRANSFER_REFUSED if there is nothing to transfer or a run of one of the jobs is active.
 */
export async function transferRecords(pool: Pool, transfer: Transfer): Promise<readonly TransferTarget[]> {
  return inTransaction(pool, async (client) => {
    await beginPublishing(client);
    await holdJobs(client, transfer);
    const places = await findPlaces(client, transfer);
    if (places.length === 0)
      throw refused(
        transfer,
        `${transfer.from} owns no record${transfer.target === undefined ? '' : ` in ${transfer.target}`}`,
      );
    for (const { target, relation, shared, records } of places) {
      const values = [transfer.to, transfer.from, ...(shared ? [target] : [])];
      await client.query(
        `UPDATE ${relation} SET job_id = $1 WHERE job_id = $2${shared ? ' AND target = $3' : ''}`,
        values,
      );
      await client.query(
        `UPDATE vocab_sync.layer SET job_id = $1 WHERE job_id = $2 AND target || ' (layer ' || name || ')' = $3`,
        [transfer.to, transfer.from, target],
      );
      // Both are counted again by their next runs.
      await client.query('DELETE FROM vocab_sync.target_size WHERE target = $1 AND job_id IN ($2, $3)', [
        target,
        transfer.from,
        transfer.to,
      ]);
      await client.query(
        `INSERT INTO vocab_sync.job_transfer (from_job, to_job, target, records, transferred_by, reason)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [transfer.from, transfer.to, target, records, transfer.by, transfer.reason ?? null],
      );
    }
    await client.query(`DELETE FROM vocab_sync.run WHERE workflow_id = 'transfer' AND finished_at IS NULL`);
    return places;
  });
}

/** Those from or to the job, newest first. */
export async function listTransfers(pool: Pool, job: string): Promise<readonly PastTransfer[]> {
  const { rows } = await pool.query<PastTransfer>(
    `SELECT from_job AS "from", to_job AS "to", target, records, transferred_by AS "by", reason, at
     FROM vocab_sync.job_transfer WHERE $1 IN (from_job, to_job) ORDER BY id DESC LIMIT 20`,
    [job],
  );
  return rows;
}

/** With the lock that runs use: the row of an open run, removed before the commit. */
async function holdJobs(client: PoolClient, transfer: Transfer): Promise<void> {
  for (const job of [transfer.from, transfer.to].toSorted()) {
    const { rowCount } = await client.query(
      `INSERT INTO vocab_sync.run (id, job_id, workflow_id, trigger, mode, title, since_reason, request, config, config_digest, has_input, forced, phase)
       VALUES ($1, $2, 'transfer', 'manual', 'run', 'transfer', '', '{}', '{}', '', false, false, 'resolve')
       ON CONFLICT (job_id) WHERE finished_at IS NULL DO NOTHING`,
      [createRunId(), job],
    );
    if (rowCount !== 1) throw refused(transfer, `a run of ${job} is under way`);
  }
}

async function findPlaces(client: PoolClient, { from, target }: Transfer): Promise<readonly Place[]> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'job_id'
     WHERE c.relnamespace = 'vocabularies'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
  );
  const places: Place[] = [];
  for (const { name } of tables) {
    const relation = `vocabularies.${quoteIdentifier(name)}`;
    const { rows } = await client.query<{ n: number }>(`SELECT count(*) AS n FROM ${relation} WHERE job_id = $1`, [
      from,
    ]);
    places.push({ target: `postgres:${name}`, relation, shared: false, records: rows[0]?.n ?? 0 });
  }
  const { rows: snapshots } = await client.query<{ target: string; n: number }>(
    'SELECT target, count(*) AS n FROM vocab_sync.published WHERE job_id = $1 GROUP BY target ORDER BY target',
    [from],
  );
  for (const snapshot of snapshots) {
    places.push({ target: snapshot.target, relation: 'vocab_sync.published', shared: true, records: snapshot.n });
  }
  return places.filter(
    (place) => place.records > 0 && (target === undefined || place.target === target || isPartOf(place.target, target)),
  );
}

/** Where the job keeps its parts of the records of a target with layers. */
function isPartOf(place: string, target: string): boolean {
  return place === partName(target, undefined) || place.startsWith(`${target} (layer `);
}

function refused({ from, to }: Transfer, why: string): ConfigError {
  return new ConfigError(
    'E_TRANSFER_REFUSED',
    `The records of ${from} cannot be handed to ${to}: ${why}. Nothing was changed.`,
    {
      details: { from, to },
    },
  );
}
