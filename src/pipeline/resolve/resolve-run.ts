/** The first step: freezes config, args and `since`, acquires the job, and stores the run. */
import { ConfigError, StateError } from '../../errors.ts';
import { configDigest } from '../../job/effective/config-digest.ts';
import { createEffectiveJob, type EffectiveJob } from '../../job/effective/effective-job.ts';
import { freezeJob } from '../../job/effective/frozen-job.ts';
import { findStoredJob, type StoredJob } from '../../postgres/ledger/job-rows.ts';
import { RUN_JOB } from '../../postgres/ledger/json-columns.ts';
import { storeVersion } from '../../postgres/ledger/store-versions.ts';
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { inTransaction } from '../../postgres/pool.ts';
import { jobOfRun } from '../../postgres/ledger/job-of-run.ts';
import {
  findHolder,
  findRun,
  insertRun,
  insertTasks,
  listTasks,
  type NewRun,
  type NewTask,
  type RunRow,
} from '../../postgres/ledger/run-rows.ts';
import { copySources } from '../../postgres/stage/retried-rows.ts';
import { abandonRun, insertSkippedRun, reopenRun } from '../../postgres/ledger/run-endings.ts';
import { canonicalJson, getOwn, isJsonObject } from '../../records/json-object.ts';
import type { Engine } from '../engine.ts';
import { admitRun } from './admit-run.ts';
import { freezeSince, sinceOfEditedTargets } from './freeze-since.ts';
import { driftTargets, sinceOfDrift, tasksOfDrift, titleOf, withForce } from '../drift/resolve-drift.ts';
import { resolveRollback } from '../undo/undo-run.ts';
import { requireRetryable, sinceOfRetried } from '../undo/retried-run.ts';
import type { Job } from '../../job/schema/job.ts';
import type { NoticeEvent } from '../../records/outcome.ts';
import { isDriftMode, type RunHolder } from '../../records/run.ts';
import type { Resolved, ResolveInput, RunRequest } from '../run-steps.ts';
import { tasksOfRun } from './tasks-of-run.ts';
import { dropStages } from '../stage/stage-lifecycle.ts';

/** Called again for the same run it answers the same, also after a reset of its workflow. Throws ConfigError. */
export async function resolveRun(engine: Engine, input: ResolveInput): Promise<Resolved> {
  const before = await findRun(engine.pool, input.run);
  if (before !== undefined) return resumeRun(engine, before);
  const request = withForce(input.request);
  await admitRun(engine.pool, engine.admission ?? { mayBring: 'anything' }, input);
  if (request.mode === 'rollback') {
    const { run, job, tasks } = await resolveRollback(engine, { ...input, request: withoutConfig(request) });
    return acquireJob(engine, run, job, tasks, undefined);
  }
  const retried = request.mode === 'retry' ? await requireRetryable(engine.pool, request.retries ?? '') : undefined;
  const stored = request.config === undefined ? await findStoredJob(engine.pool, request.job) : undefined;
  const reason = request.trigger === 'schedule' && stored?.active === false ? inactive(stored) : undefined;
  const config = request.config ?? requireConfig(stored, request.job);
  // Its process starts while this step still works. A verification and a repair read no source.
  if (reason === undefined && request.mode !== 'verify' && request.mode !== 'resync') engine.isolation?.prepare();
  const effective = await createEffectiveJob({
    config,
    ...(request.args === undefined ? {} : { args: request.args }),
    ...(request.customArgs === undefined ? {} : { customArgs: request.customArgs }),
    ...(request.input === undefined ? {} : { input: request.input }),
    catalog: engine.catalog,
  });
  const since =
    sinceOfDrift(request.mode) ??
    (retried === undefined
      ? await sinceOfEditedTargets(engine, effective.job, await freezeSince(engine.pool, request, effective))
      : sinceOfRetried(retried));
  const tasks = (await tasksOfDrift(engine, effective.job, request)) ?? tasksOfRun(engine, effective, retried);
  // A stored job keeps the version that was read: another one may have been applied since.
  const jobVersion = stored?.version ?? (await storeConfig(engine, effective, config, request));
  const run: NewRun = {
    id: input.run,
    jobId: effective.job.id,
    jobVersion,
    workflowId: input.workflowId,
    request: withoutConfig(request),
    title: request.title ?? titleOf(request.mode, effective.job.title),
    since: since.time,
    sinceOrigin: since.origin,
    sinceReason: since.reason,
    watermarkHold: since.hold,
    config: effective.config,
    configDigest: effective.digest,
    job: RUN_JOB.toText(freezeJob(effective.job, engine.catalog)),
  };
  if (reason !== undefined) {
    await insertSkippedRun(engine.pool, run, { reason });
    engine.logger.info('The start was skipped: the job is not active.', { job: run.jobId, run: run.id });
    return { kind: 'inactive', job: run.jobId, title: run.title, reason, ...wantedNotices(effective.job) };
  }
  return acquireJob(engine, run, effective.job, tasks, retried?.run.id);
}

/**
 * A holder that closed is released once; a second one may close in between. A third is a job that runs back to back.
 */
const ACQUIRE_ATTEMPTS = 3;

/** `retried` is the run whose frozen sources are used again. */
async function acquireJob(
  engine: Engine,
  run: NewRun,
  job: Job,
  tasks: readonly NewTask[],
  retried: string | undefined,
): Promise<Resolved> {
  const skip = async (holder: RunRow): Promise<Resolved> => {
    await insertSkippedRun(engine.pool, run, { holder: holderOf(holder) });
    engine.logger.info('The start was skipped: another run holds the job.', {
      job: run.jobId,
      run: run.id,
      held_by: holder.id,
      phase: holder.phase,
    });
    return { ...skippedFor(holder, run.title), ...wantedNotices(job) };
  };
  for (let attempt = 0; attempt < ACQUIRE_ATTEMPTS; attempt++) {
    const isAcquired = await inTransaction(engine.pool, async (client) => {
      if (!(await insertRun(client, run))) return false;
      await insertTasks(client, run.id, tasks);
      if (retried !== undefined) await copySources(client, retried, run.id);
      return true;
    });
    if (isAcquired) {
      logStart(engine, run);
      const row = await findRun(engine.pool, run.id);
      if (row !== undefined) return ready(engine, row);
    }
    const holder = await findHolder(engine.pool, run.jobId);
    if (holder === undefined) continue;
    if ((await engine.holderState(holder.workflow_id, holder.id)) === 'open') return skip(holder);
    await releaseHolder(engine, holder);
  }
  const holder = await findHolder(engine.pool, run.jobId);
  if (holder === undefined)
    throw new StateError('E_RUN_STATE', `Job ${run.jobId} changes hands too fast; run it again.`);
  return skip(holder);
}

function logStart({ logger }: Engine, run: NewRun): void {
  const { trigger, mode = 'run', startedBy } = run.request;
  logger.info('The run started.', {
    job: run.jobId,
    run: run.id,
    trigger,
    mode,
    ...(startedBy === undefined ? {} : { started_by: startedBy }),
    since: run.since?.toISOString() ?? null,
  });
}

/** Releases a holder whose workflow was closed without ending its run: terminated, or lost with its server. */
async function releaseHolder(engine: Engine, holder: RunRow): Promise<void> {
  engine.logger.warn('The run that held the job was closed outside of vocab-sync; it is released.', {
    job: holder.job_id,
    run: holder.id,
    workflowId: holder.workflow_id,
  });
  await inTransaction(engine.pool, async (client) => {
    await endFrozenSessions(client, holder.id);
    await abandonRun(client, holder);
    await dropStages(client, holder.id);
  });
}

/** The activity was retried, or the workflow was reset: the frozen results are kept. */
async function resumeRun(engine: Engine, row: RunRow): Promise<Resolved> {
  if (row.finished_at === null) return ready(engine, row);
  if (row.outcome === 'skipped') return skippedBefore(row);
  const holder = await findHolder(engine.pool, row.job_id);
  if (holder !== undefined) return skippedFor(holder, row.title);
  await reopenRun(engine.pool, row.id);
  return ready(engine, row);
}

/** A skipped start stays skipped: a reset of its workflow must not begin a run that nobody expects any more. */
function skippedBefore(row: RunRow): Resolved {
  const { job_id: job, title, held_by: holder, skipped_because: reason } = row;
  const notices = wantedNotices(jobOfRun(row));
  if (holder === null) return { kind: 'inactive', job, title, reason: reason ?? '', ...notices };
  const { run, workflow_id: workflowId, phase } = holder;
  return { kind: 'skipped', job, title, holder: { run, workflowId, phase }, ...notices };
}

/** The events for which a channel of the job is set. */
function wantedNotices({ notify }: Pick<Job, 'notify'>): { readonly notify?: readonly NoticeEvent[] } {
  return notify.length === 0 ? {} : { notify: [...new Set(notify.flatMap(({ on }) => on))] };
}

function holderOf({ id: run, workflow_id, phase }: RunRow): RunHolder {
  return { run, workflow_id, phase };
}

async function ready(engine: Engine, row: RunRow): Promise<Resolved> {
  const tasks = await listTasks(engine.pool, row.id);
  const job = jobOfRun(row);
  return {
    kind: 'ready',
    run: row.id,
    job: row.job_id,
    title: row.title,
    since: row.since?.toISOString() ?? null,
    sinceReason: row.since_reason,
    startedAt: row.started_at.toISOString(),
    configDigest: row.config_digest,
    approvalDays: job.approval_days,
    reminderDays: job.reminder_days,
    ...wantedNotices(job),
    tasks: await Promise.all(
      tasks.map(async ({ name, chain }) => ({
        ...{ name, chain, ...(await driftTargets(engine, row, job, name)) },
        ...(row.mode !== 'rollback' && measuresImpact(job, name) ? { impact: true as const } : {}),
      })),
    ),
    ...(engine.installation === undefined ? {} : { installation: engine.installation }),
  };
}

function measuresImpact({ impact, tasks }: Job, task: string): boolean {
  return impact !== undefined || tasks.find(({ name }) => name === task)?.guards.max_impact !== undefined;
}

function skippedFor(holder: RunRow, title: string): Extract<Resolved, { kind: 'skipped' }> {
  return {
    kind: 'skipped',
    job: holder.job_id,
    title,
    holder: { run: holder.id, workflowId: holder.workflow_id, phase: holder.phase },
  };
}

/** The schedule of such a job is paused. An operator who triggers it in the Web UI reads why nothing happens. */
function inactive({ id, active_changed_by: by, active_changed_at: at }: StoredJob): string {
  const since =
    at === null ? 'its config says "active": false' : `${by ?? 'somebody'} deactivated it at ${at.toISOString()}`;
  return `The job ${id} is not active: ${since}. \`vocab-sync job activate ${id}\` lets its schedule start it again.`;
}

/**
 * A run from a file stores it as the newest version of the job. A plan does not: it may be discarded. Nor does a run whose
 * file has another schedule than the stored job, because only `apply` changes schedules. The run keeps its own config.
 */
async function storeConfig(
  { pool, logger }: Engine,
  { job }: EffectiveJob,
  config: string,
  { mode, startedBy }: RunRequest,
): Promise<number | undefined> {
  if (mode === 'plan' || isDriftMode(mode)) return undefined;
  const stored = await findStoredJob(pool, job.id);
  if (stored !== undefined && scheduleOf(stored.config) !== scheduleOf(config)) {
    const text =
      'The job file was not stored: its schedule differs from that of the stored job. `vocab-sync apply` stores it.';
    logger.warn(text, { job: job.id, version: stored.version });
    return undefined;
  }
  return storeVersion(pool, { job, config, digest: configDigest(config) }, startedBy);
}

function scheduleOf(config: string): string {
  const parsed: unknown = JSON.parse(config);
  return canonicalJson((isJsonObject(parsed) ? getOwn(parsed, 'schedule') : undefined) ?? null);
}

function requireConfig(stored: StoredJob | undefined, job: string): string {
  if (stored !== undefined) return stored.config;
  throw new ConfigError(
    'E_JOB_NOT_FOUND',
    `Expected a stored job "${job}", found none. Start it from its file, or store it first.`,
  );
}

/** The config has a column of its own, and a signature has done its work. */
function withoutConfig(request: RunRequest): RunRequest {
  const { config: _config, signature: _signature, ...rest } = request;
  return rest;
}
