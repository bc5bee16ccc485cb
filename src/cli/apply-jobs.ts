/** Stores jobs and brings their schedules in Temporal in line. Idempotent; never deletes a job. */
import type { Client } from '@temporalio/client';
import { ConfigError } from '../errors.ts';
import { configDigest } from '../job/config-digest.ts';
import type { Job } from '../job/job.ts';
import { listStoredJobs, type StoredJob } from '../postgres/job-rows.ts';
import type { Pool } from '../postgres/pool.ts';
import { storeVersions, type StoredVersion } from '../postgres/store-versions.ts';
import { compareFields, type FieldChange } from '../records/field-changes.ts';
import { planFromList, planSchedule, type Reconciled, type SchedulePlan } from '../temporal/plan-schedule.ts';
import { carryOut } from '../temporal/reconcile-schedule.ts';
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

/** A call takes some milliseconds; measured, twice as many are answered in a second by 32 at once as by 8. */
const CALLS_AT_ONCE = 32;

/** Of more, the next start is not told: it is one more call for each schedule that was made or changed. */
const FEW_JOBS = 50;

/**
 * So many are looked at one by one. Of more, those that did not change are held against a list of all schedules, which
 * takes one call; it tells neither policies nor queues, so an edit of those in Temporal shows in `schedule JOB` alone.
 */
const MOST_LOOKED_AT = 200;

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
  const stored = await storeJobs(servers.pool, jobs, before, options);
  const after = options.dryRun ? before : await storedById(servers.pool);
  const work = jobs.map(({ job }, index) => ({
    job,
    standing: standingOf(job, after.get(job.id), options.dryRun),
    applied: stored[index],
  }));
  const given = new Set(jobs.map(({ job }) => job.id));
  return {
    jobs: await setSchedules(servers, work, options),
    only_stored: [...before.keys()].filter((id) => !given.has(id)),
  };
}

interface ToSchedule {
  readonly job: Job;
  readonly standing: Pick<AppliedJob, 'active' | 'switched'>;
  readonly applied: AppliedJob | undefined;
}

async function setSchedules(
  servers: ApplyServers,
  work: readonly ToSchedule[],
  { dryRun }: ApplyOptions,
): Promise<readonly AppliedJob[]> {
  const { client } = servers;
  const listed = work.length > MOST_LOOKED_AT ? await listSchedules(client) : undefined;
  const looked = await inParallel(CALLS_AT_ONCE, work, async ({ job, standing, applied }) => {
    if (applied === undefined || applied.status === 'conflict') return { applied };
    const scheduled = toScheduled(job, standing.active, servers);
    const known = listed !== undefined && isAsBefore(applied) ? planFromList(scheduled, listed.get(job.id)) : undefined;
    const plan = known ?? (await planSchedule(client, scheduled, applied.status === 'new' && !dryRun));
    return { applied: { ...applied, ...standing, schedule: plan.answer }, plan };
  });
  const withNext = work.length <= FEW_JOBS;
  const done = dryRun
    ? looked
    : await inParallel(CALLS_AT_ONCE, looked, async ({ applied, plan }) => {
        if (plan === undefined) return { applied };
        return { applied: { ...applied, schedule: await carryOutOrSay(client, plan, withNext) } };
      });
  return done.flatMap(({ applied }) => (applied === undefined ? [] : [applied]));
}

/** What its schedule says, and what that starts, is what was stored before. */
function isAsBefore({ status, changes }: AppliedJob): boolean {
  const concerns = /^(\/(title|queue|active|schedule)(\/|$)|$)/;
  return status === 'unchanged' || (status === 'changed' && !changes.some(({ pointer }) => concerns.test(pointer)));
}

/** What Temporal has against the schedule of one job is no reason to leave those of the others as they were. */
async function carryOutOrSay(client: Client, plan: SchedulePlan, withNext: boolean): Promise<Reconciled> {
  try {
    return await carryOut(client, plan, { withNext });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { code, message } = error;
    return { ...plan.answer, action: 'refused', differed: [], next: null, error: { code, message } };
  }
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

async function storeJobs(
  pool: Pool,
  jobs: readonly JobToApply[],
  before: ReadonlyMap<string, StoredJob>,
  { by, dryRun }: ApplyOptions,
): Promise<readonly AppliedJob[]> {
  const compared = jobs.map((job) => ({ ...job, ...compareWith(before.get(job.job.id), job) }));
  if (dryRun) return compared.map(({ applied }) => applied);
  const differing = compared.filter(({ applied }) => applied.status !== 'unchanged');
  const versions = differing.map(({ job, config, digest, expected }) => ({ job, config, digest, expected }));
  const answers = await storeVersions(pool, versions, by);
  const results = new Map(differing.map(({ job }, index) => [job.id, answers[index]]));
  return compared.map(({ job, applied }) => withResult(applied, results.get(job.id)));
}

/** As if it is stored under the next number. */
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

/** Whether the job is active, and who says so. A dry run foretells it: an edit of `active` in the file ends a switch by hand. */
function standingOf(job: Job, stored: StoredJob | undefined, dryRun: boolean): Pick<AppliedJob, 'active' | 'switched'> {
  if (stored === undefined) return { active: job.active, switched: null };
  const config = JSON.parse(stored.config) as { readonly active?: boolean };
  if (dryRun && (config.active ?? true) !== job.active) return { active: job.active, switched: null };
  const { active, active_changed_by: by, active_changed_at: at } = stored;
  const switched = active === job.active || at === null ? null : { by: by ?? 'unknown', at: at.toISOString() };
  return { active, switched };
}
