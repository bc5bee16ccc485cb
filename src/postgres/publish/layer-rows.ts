/**
 * Which jobs own parts of the records of a target, and where their parts are kept. The parts of each job are in
 * `vocab_sync.published`, in addition to the target: `postgres:affiliations (layer pic)`, and of the job that makes the records
 * `postgres:affiliations (base)`. A target without layers has none of this.
 */
import { ConfigError, UnavailableError } from '../../errors.ts';
import { whyMeeting, type Layer } from '../../records/layers.ts';
import { LAYER_OWNS } from '../ledger/json-columns.ts';
import type { Pool, PoolClient } from '../pool.ts';
import { beginPublishing } from './target-size.ts';
import { quoteLiteral, snapshotTarget, targetFilter, type Target } from './target.ts';

export interface LayerRow extends Layer {
  readonly target: string;
  readonly job: string;
}

export interface SavedLayer extends LayerRow {
  /** The job that a file of the target says it is from; the same for all layers of the target. */
  readonly fileJob: string;
}

/** Where the parts of a layer are kept; without a layer, those of the base. */
export function partTarget({ name }: Target, layer: string | undefined): Target {
  return snapshotTarget(partName(name, layer));
}

export function partName(target: string, layer: string | undefined): string {
  return layer === undefined ? `${target} (base)` : `${target} (layer ${layer})`;
}

/** The layers of these targets, in order of target and name. */
export async function listLayers(db: Pool | PoolClient, targets: readonly string[]): Promise<readonly SavedLayer[]> {
  const { rows } = await db.query<SavedLayer>(
    'SELECT target, name, job_id AS job, owns, file_job AS "fileJob" FROM vocab_sync.layer WHERE target = ANY ($1) ORDER BY target, name',
    [targets],
  );
  return rows.map((row) => ({ ...row, owns: LAYER_OWNS.parse(row.owns, row.target) }));
}

/** Returns the job that publishes into a target without layers, even if it has published no record. Undefined: none does. */
export async function findFileJob(db: Pool | PoolClient, target: Target): Promise<string | undefined> {
  const { rows } = await db.query<{ job: string | null }>(
    `SELECT coalesce((SELECT job_id FROM vocab_sync.published WHERE target = $1 AND job_id IS NOT NULL LIMIT 1),
       (SELECT job_id FROM vocab_sync.target_size WHERE target = $1 ORDER BY updated_at LIMIT 1)) AS job`,
    [target.name],
  );
  return rows[0]?.job ?? undefined;
}

/** Throws ConfigError E_TARGET_CONFLICT if another job owns a place of the layer, or has a layer of this name. */
export function refuseMeeting(target: string, layer: Layer, job: string, others: readonly LayerRow[]): void {
  for (const other of others) {
    if (other.job === job && other.name === layer.name) continue;
    const why = whyMeeting(layer, other);
    if (why === undefined) continue;
    throw new ConfigError(
      'E_TARGET_CONFLICT',
      `Expected the layer "${layer.name}" of job ${job} to own parts of ${target} that no other job owns, but job ${other.job} ${why}. Choose other places or another name in the job.`,
      { details: { target, layer: layer.name, job: other.job } },
    );
  }
}

/**
 * In the transaction of a publication, with the target locked. Before the first layer, what the target holds becomes the
 * base: the jobs that made it find their records there from then on.
 */
export async function saveLayer(
  client: PoolClient,
  target: Target,
  layer: Layer,
  { job, fileJob }: Pick<SavedLayer, 'job' | 'fileJob'>,
): Promise<void> {
  const others = await listLayers(client, [target.name]);
  refuseMeeting(target.name, layer, job, others);
  if (others.length === 0) await copyBase(client, target);
  await client.query(
    `INSERT INTO vocab_sync.layer AS l (target, name, job_id, owns, file_job) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (target, name) DO UPDATE SET owns = excluded.owns, updated_at = now() WHERE l.owns::text <> excluded.owns::text`,
    [target.name, layer.name, job, LAYER_OWNS.toText(layer.owns), fileJob],
  );
}

const KEPT = 'record, hash, source_hash, job_id, created_run, changed_run, created_at, changed_at, withdrawn_at';

async function copyBase(client: PoolClient, target: Target): Promise<void> {
  await beginPublishing(client);
  await client.query(
    `INSERT INTO vocab_sync.published (target, id, ${KEPT})
     SELECT ${quoteLiteral(partTarget(target, undefined).name)}, t.id, t.record::text::json, ${KEPT.replace('record, ', '')}
     FROM ${target.relation} t WHERE true${targetFilter(target)}`,
  );
}

/**
 * Throws UnavailableError while another run sends its changes to the target, because the result is unknown until that run
 * has ended.
 */
export async function requireQuiet(client: PoolClient, target: Target, run: string): Promise<void> {
  const { rows } = await client.query<{ run: string; job: string }>(
    `SELECT r.id AS run, r.job_id AS job FROM vocab_sync.publication p JOIN vocab_sync.run r ON r.id = p.run_id
     WHERE p.target = $1 AND p.run_id <> $2 AND p.state <> 'done' AND r.finished_at IS NULL LIMIT 1`,
    [target.name, run],
  );
  const [other] = rows;
  if (other === undefined) return;
  throw new UnavailableError(
    'E_TARGET_UNAVAILABLE',
    `Run ${other.run} of job ${other.job} is publishing into ${target.name}, which has layers; this run tries again and continues when that one has ended.`,
    { details: { target: target.name, run: other.run } },
  );
}
