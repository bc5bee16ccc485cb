/** Stores jobs and brings their schedules in Temporal in line. Idempotent; never deletes a job. */
import type { Client } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import { configDigest } from '../job/config-digest.ts';
import type { Job } from '../job/job.ts';
import { listStoredJobs, storeVersion, type StoredJob } from '../postgres/job-rows.ts';
import type { Pool } from '../postgres/pool.ts';
import { compareFields, type FieldChange } from '../records/field-changes.ts';
import { reconcileSchedule, type Reconciled } from '../temporal/reconcile-schedule.ts';
import { listSchedules } from '../temporal/schedule-state.ts';
import { inParallel } from './in-parallel.ts';
import type { JobToApply } from './read-job-files.ts';

export interface ApplyServers {
  readonly pool: Pool;
  readonly client: Client;
  readonly searchAttributes: boolean;
}

export interface ApplyOptions {
  readonly by: string;
  readonly dryRun: boolean;
}

export interface AppliedJob {
  readonly job: string;
  readonly file: string;
  /** `conflict`: somebody else stored a version at the same moment; theirs stands. */
  readonly status: 'new' | 'changed' | 'unchanged' | 'conflict';
  /** The newest version now, or, of a dry run, after it. */
  readonly version: number;
  /** What it follows, with who stored it. */
  readonly previous: { readonly version: number; readonly by: string | null; readonly at: string } | null;
  readonly changes: readonly FieldChange[];
  readonly active: boolean;
  /** Where `active` is not what the config says: who switched it by hand. */
  readonly switched: { readonly by: string; readonly at: string } | null;
  readonly schedule: Reconciled | null;
  readonly message: string | null;
}

export interface Applied {
  readonly jobs: readonly AppliedJob[];
  /** Stored, but not among the jobs that were given. They are left as they are. */
  readonly only_stored: readonly string[];
}

/** A schedule is made in some milliseconds; measured, twice as many are made in a second by 32 at once as by 8. */
const SCHEDULES_AT_ONCE = 32;

/**
 * As many are looked at one by one. Of more, those that did not change are held against a list of all schedules, which
 * takes one call; it tells neither policies nor queues, so an edit of those in Temporal shows in `schedule JOB` alone.
 */
const FEW_JOBS = 50;

export async function applyJobs(
  servers: ApplyServers,
  jobs: readonly JobToApply[],
  options: ApplyOptions,
): Promise<Applied> {
  const before = await storedById(servers.pool);
  const stored: AppliedJob[] = [];
  for (const job of jobs) stored.push(await storeOne(servers.pool, job, before.get(job.job.id), options));
  const after = options.dryRun ? before : await storedById(servers.pool);
  const listed = jobs.length > FEW_JOBS ? await listSchedules(servers.client) : undefined;
  const work = jobs.map(({ job }, index) => ({ job, applied: stored[index] }));
  const done = await inParallel(SCHEDULES_AT_ONCE, work, async ({ job, applied }) => {
    if (applied === undefined || applied.status === 'conflict') return applied;
    const standing = standingOf(job, after.get(job.id), options.dryRun);
    const schedule = await reconcileSchedule(servers.client, toScheduled(job, standing.active, servers), {
      dryRun: options.dryRun,
      isNew: applied.status === 'new',
      withNext: jobs.length <= FEW_JOBS,
      ...(listed === undefined || applied.status !== 'unchanged' ? {} : { listed }),
    });
    return { ...applied, ...standing, schedule };
  });
  const given = new Set(jobs.map(({ job }) => job.id));
  return {
    jobs: done.filter((applied) => applied !== undefined),
    only_stored: [...before.keys()].filter((id) => !given.has(id)),
  };
}

export function toScheduled(
  { id, title, queue, schedule }: Job,
  active: boolean,
  { searchAttributes }: Pick<ApplyServers, 'searchAttributes'>,
) {
  return { id, title, queue, active, schedule, searchAttributes };
}

async function storedById(pool: Pool): Promise<ReadonlyMap<string, StoredJob>> {
  return new Map((await listStoredJobs(pool)).map((job) => [job.id, job]));
}

async function storeOne(
  pool: Pool,
  { job, config, file }: JobToApply,
  stored: StoredJob | undefined,
  { by, dryRun }: ApplyOptions,
): Promise<AppliedJob> {
  const digest = configDigest(config);
  const isSame = stored?.digest === digest;
  const answer = {
    job: job.id,
    file,
    previous:
      stored === undefined
        ? null
        : { version: stored.version, by: stored.stored_by, at: stored.stored_at.toISOString() },
    changes: stored === undefined || isSame ? [] : compareFields(JSON.parse(stored.config), JSON.parse(config)),
    active: job.active,
    switched: null,
    schedule: null,
    message: null,
  };
  if (isSame) return { ...answer, status: 'unchanged', version: stored.version };
  const status = stored === undefined ? 'new' : 'changed';
  if (dryRun) return { ...answer, status, version: (stored?.version ?? 0) + 1 };
  try {
    const version = await storeVersion(pool, { job, config, digest }, by, stored?.version ?? 0);
    return { ...answer, status, version };
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== 'E_JOB_CHANGED') throw error;
    return {
      ...answer,
      status: 'conflict',
      version: Number(error.details['found']),
      changes: [],
      message: error.message,
    };
  }
}

/** Whether the job is active, and who says so. A dry run foretells it: an edit of `active` in the file ends a switch by hand. */
function standingOf(job: Job, stored: StoredJob | undefined, dryRun: boolean): Pick<AppliedJob, 'active' | 'switched'> {
  if (stored === undefined) return { active: job.active, switched: null };
  const config = JSON.parse(stored.config) as { readonly active?: boolean };
  if (dryRun && (config.active ?? true) !== job.active) return { active: job.active, switched: null };
  const { active, active_changed_by: by, active_changed_at: at } = stored;
  const switched = active === job.active || at === null ? null : { by: by ?? 'unknown', at: at.toISOString() };
  return { active, switched };
}
