/** Stores jobs and brings their schedules in Temporal in line. Idempotent; never deletes a job. */
import type { Catalog } from '../../../component/catalog.ts';
import { ConfigError } from '../../../errors.ts';
import { checkJob } from '../../../job/check/check-job.ts';
import { findMeetings, layersOf, type JobLayer } from '../../../job/check/check-layers.ts';
import { configDigest } from '../../../job/effective/config-digest.ts';
import type { Job } from '../../../job/schema/job.ts';
import { listStoredJobs, type StoredJob } from '../../../postgres/ledger/job-rows.ts';
import type { Pool } from '../../../postgres/pool.ts';
import { storeVersions, type StoredVersion } from '../../../postgres/ledger/store-versions.ts';
import { compareFields } from '../../../records/field-changes.ts';
import type { JobToApply } from './read-job-files.ts';
import type { AppliedJob, ApplyOptions, ApplyServers } from './applied-job.ts';
import { setSchedules } from './set-schedules.ts';

export interface Applied {
  readonly jobs: readonly AppliedJob[];
  /** Stored, but not among the jobs that were given. They are left as they are. */
  readonly only_stored: readonly string[];
}

/**
 * First every job is stored, then every schedule is looked at, then what differs is set: Temporal answers a look at once
 * while it is not busy with what was set before.
 */
export async function applyJobs(
  servers: ApplyServers,
  jobs: readonly JobToApply[],
  options: ApplyOptions,
): Promise<Applied> {
  const before = await storedById(servers.pool);
  await refuseMeetings(jobs, before, servers.catalog);
  const stored = await storeJobs(servers.pool, jobs, before, options);
  const after = options.dryRun ? before : await storedById(servers.pool);
  const work = stored.map(({ job, applied }) => {
    return { job, applied, standing: standingOf(job, after.get(job.id), options.dryRun) };
  });
  const given = new Set(jobs.map(({ job }) => job.id));
  return {
    jobs: await setSchedules(servers, work, options),
    only_stored: [...before.keys()].filter((id) => !given.has(id)),
  };
}

/** Throws ConfigError E_JOB_INVALID if two jobs would own the same part of a target's records. */
async function refuseMeetings(
  jobs: readonly JobToApply[],
  before: ReadonlyMap<string, StoredJob>,
  catalog: Catalog,
): Promise<void> {
  const given = new Set(jobs.map(({ job }) => job.id));
  const all: JobLayer[] = [];
  for (const { id, config } of before.values()) {
    const { job } = given.has(id) ? {} : await checkJob(JSON.parse(config), { catalog });
    if (job !== undefined) all.push(...(await layersOf(job, catalog)));
  }
  const own = await Promise.all(jobs.map(async ({ job, file }) => ({ file, layers: await layersOf(job, catalog) })));
  all.push(...own.flatMap(({ layers }) => layers));
  const problems = own.flatMap(({ file, layers }) =>
    findMeetings(layers, all).map((finding) => `${file}: ${finding.pointer}: ${finding.message}`),
  );
  if (problems.length === 0) return;
  throw new ConfigError('E_JOB_INVALID', `${problems.join('\n')}\nNothing was stored.`, { details: { problems } });
}

async function storedById(pool: Pool): Promise<ReadonlyMap<string, StoredJob>> {
  return new Map((await listStoredJobs(pool)).map((job) => [job.id, job]));
}

async function storeJobs(
  pool: Pool,
  jobs: readonly JobToApply[],
  before: ReadonlyMap<string, StoredJob>,
  { by, dryRun }: ApplyOptions,
): Promise<readonly { readonly job: Job; readonly applied: AppliedJob }[]> {
  const compared = jobs.map((job) => ({ ...job, ...compareWith(before.get(job.job.id), job) }));
  if (dryRun) return compared;
  const differing = compared.filter(({ applied }) => applied.status !== 'unchanged');
  const versions = differing.map(({ job, config, digest, expected }) => ({ job, config, digest, expected }));
  const answers = await storeVersions(pool, versions, by);
  const results = new Map(differing.map(({ job }, index) => [job.id, answers[index]]));
  return compared.map(({ job, applied }) => ({ job, applied: withResult(applied, results.get(job.id)) }));
}

/** Compares a job with its stored version. The result is as if the job were stored under the next number. */
function compareWith(
  stored: StoredJob | undefined,
  { job, config, file }: JobToApply,
): { readonly digest: string; readonly expected: number; readonly applied: AppliedJob } {
  const digest = configDigest(config);
  const expected = stored?.version ?? 0;
  const isSame = stored?.digest === digest;
  const previous =
    stored === undefined ? null : { version: stored.version, by: stored.stored_by, at: stored.stored_at.toISOString() };
  const status = stored === undefined ? 'new' : isSame ? 'unchanged' : 'changed';
  const applied: AppliedJob = {
    job: job.id,
    file,
    status,
    version: isSame ? expected : expected + 1,
    previous,
    changes: stored === undefined || isSame ? [] : compareFields(JSON.parse(stored.config), JSON.parse(config)),
    active: job.active,
    switched: null,
    schedule: null,
    message: null,
  };
  return { digest, expected, applied };
}

function withResult(applied: AppliedJob, result: StoredVersion | undefined): AppliedJob {
  if (result === undefined) return applied;
  if ('version' in result) return { ...applied, version: result.version };
  const { message, details } = result.conflict;
  return { ...applied, status: 'conflict', version: Number(details['found']), changes: [], message };
}

/**
 * Returns whether the job is active, and who decided it. A dry run predicts it: an edit of `active` in the file ends a
 * switch by hand.
 */
function standingOf(job: Job, stored: StoredJob | undefined, dryRun: boolean): Pick<AppliedJob, 'active' | 'switched'> {
  if (stored === undefined) return { active: job.active, switched: null };
  const config = JSON.parse(stored.config) as { readonly active?: boolean };
  if (dryRun && (config.active ?? true) !== job.active) return { active: job.active, switched: null };
  const { active, active_changed_by: by, active_changed_at: at } = stored;
  const switched = active === job.active || at === null ? null : { by: by ?? 'unknown', at: at.toISOString() };
  return { active, switched };
}
