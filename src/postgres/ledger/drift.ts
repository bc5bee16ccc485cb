/** How far targets are compared with what was published there, and what was found. */
import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../errors.ts';
import type { Remote } from '../../records/change.ts';
import type { Document } from '../../records/document.ts';
import type { DriftCounts, DriftFinding, DriftKind, DriftReport } from '../../records/drift.ts';
import { DRIFT_DETAILS, VERIFICATION_COUNTS } from './json-columns.ts';
import { inTransaction, type Pool, type PoolClient } from '../pool.ts';

type Queryable = Pool | PoolClient;

export interface VerificationKey {
  readonly run: string;
  readonly task: string;
  readonly target: string;
}

export interface VerificationRow {
  readonly task: string;
  readonly target: string;
  readonly state: 'open' | 'done';
  readonly sample: number | null;
  readonly cursor: string | null;
  readonly counts: DriftCounts;
  readonly lease: string | null;
}

/** What was found of one record. `equal`: the target holds what the job would publish, for `adopt`. */
export interface Finding {
  readonly id: string;
  readonly kind: DriftKind | 'equal';
  readonly details?: Omit<DriftFinding, 'id' | 'kind'>;
  readonly record?: Document;
  readonly remote?: Remote;
}

/** Acquires the lease. An earlier attempt can no longer write after this; the new one resumes after its cursor. */
export async function claimVerification(
  pool: Pool,
  key: VerificationKey,
  sample: number | undefined,
): Promise<VerificationRow> {
  const none: DriftCounts = { compared: 0, missing: 0, changed: 0, foreign: 0 };
  const { rows } = await pool.query<VerificationRow>(
    `INSERT INTO vocab_sync.verification AS v (run_id, task, target, sample, counts, lease) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (run_id, task, target) DO UPDATE SET lease = CASE v.state WHEN 'done' THEN v.lease ELSE excluded.lease END
     RETURNING *`,
    [key.run, key.task, key.target, sample ?? null, VERIFICATION_COUNTS.toText(none), randomUUID()],
  );
  const [row] = rows;
  if (row === undefined) throw leaseLost(key);
  return toVerificationRow(row, key.run);
}

export interface Advance {
  readonly counts: DriftCounts;
  /** Undefined: the end. */
  readonly cursor: string | undefined;
  readonly findings: readonly Finding[];
}

/** Writes findings, counts and cursor in one transaction. Throws UnavailableError E_LEASE_LOST. */
export async function advanceVerification(
  pool: Pool,
  key: VerificationKey,
  lease: string | null,
  { counts, cursor, findings }: Advance,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE vocab_sync.verification SET counts = $5, cursor = coalesce($6, cursor),
         state = CASE WHEN $6::text IS NULL THEN 'done' ELSE state END,
         finished_at = CASE WHEN $6::text IS NULL THEN clock_timestamp() END
       WHERE run_id = $1 AND task = $2 AND target = $3 AND lease = $4 AND state = 'open'`,
      [key.run, key.task, key.target, lease, VERIFICATION_COUNTS.toText(counts), cursor ?? null],
    );
    if (rowCount !== 1) throw leaseLost(key);
    if (findings.length === 0) return;
    await client.query(
      `INSERT INTO vocab_sync.drift (run_id, task, target, id, kind, details, record, remote)
       SELECT $1, $2, $3, f ->> 'id', f ->> 'kind', f -> 'details', f -> 'record', f -> 'remote' FROM json_array_elements($4::json) f
       ON CONFLICT (run_id, task, target, id) DO UPDATE SET kind = excluded.kind, details = excluded.details,
         record = excluded.record, remote = excluded.remote`,
      [key.run, key.task, key.target, JSON.stringify(findings)],
    );
  });
}

function leaseLost({ target }: VerificationKey): UnavailableError {
  return new UnavailableError(
    'E_LEASE_LOST',
    `Another attempt took over the comparison of ${target}; this one wrote nothing more.`,
  );
}

export async function listVerifications(db: Queryable, run: string): Promise<readonly VerificationRow[]> {
  const { rows } = await db.query<VerificationRow>(
    'SELECT * FROM vocab_sync.verification WHERE run_id = $1 ORDER BY task, target',
    [run],
  );
  return rows.map((row) => toVerificationRow(row, run));
}

function toVerificationRow(row: VerificationRow, run: string): VerificationRow {
  return { ...row, counts: VERIFICATION_COUNTS.parse(row.counts, run) };
}

/** Findings of each kind in a report. */
const SHOWN = 10;

/** By the name of the task: the findings in its targets, beginning with the first ones. */
export async function reportDrift(db: Queryable, run: string): Promise<ReadonlyMap<string, readonly DriftReport[]>> {
  const reports = new Map<string, DriftReport[]>();
  for (const { task, target, state, sample, counts } of await listVerifications(db, run)) {
    const findings = await listFindings(db, { run, task, target }, { perKind: SHOWN });
    const report = { target, state, ...(sample === null ? {} : { sample }), ...counts, findings };
    reports.set(task, [...(reports.get(task) ?? []), report]);
  }
  return reports;
}

/** At most `perKind` of each kind, by kind and id. */
export async function listFindings(
  db: Queryable,
  key: VerificationKey,
  { perKind, kind }: { readonly perKind: number; readonly kind?: DriftKind },
): Promise<readonly DriftFinding[]> {
  const { rows } = await db.query<{ id: string; kind: DriftKind; details: unknown }>(
    `SELECT f.id, f.kind, f.details FROM unnest(ARRAY['missing', 'changed', 'foreign']) WITH ORDINALITY k (kind, nth)
     CROSS JOIN LATERAL (
       SELECT * FROM vocab_sync.drift d WHERE d.run_id = $1 AND d.task = $2 AND d.target = $3 AND d.kind = k.kind
       ORDER BY d.id COLLATE "C" LIMIT $4
     ) f WHERE $5::text IS NULL OR f.kind = $5 ORDER BY k.nth, f.id COLLATE "C"`,
    [key.run, key.task, key.target, perKind, kind ?? null],
  );
  return rows.map(({ id, kind: found, details }) => ({
    ...{ id, kind: found },
    ...(DRIFT_DETAILS.parseOptional(details, key.run) ?? { fields: [], more: 0 }),
  }));
}

/** The number of findings that are stored of each kind. */
export const FINDINGS_KEPT = 1000;

/** At the end of a run, deletes the copy of what the target holds, and the findings above the limit. */
export async function trimDrift(db: Queryable, run: string): Promise<void> {
  await db.query("DELETE FROM vocab_sync.drift WHERE run_id = $1 AND kind = 'equal'", [run]);
  await db.query(
    `DELETE FROM vocab_sync.drift d USING (
       SELECT ctid AS place, row_number() OVER (PARTITION BY task, target, kind ORDER BY id COLLATE "C") AS nth
       FROM vocab_sync.drift WHERE run_id = $1
     ) ranked WHERE d.ctid = ranked.place AND ranked.nth > $2`,
    [run, FINDINGS_KEPT],
  );
  await db.query('UPDATE vocab_sync.drift SET record = NULL, remote = NULL WHERE run_id = $1 AND record IS NOT NULL', [
    run,
  ]);
}
