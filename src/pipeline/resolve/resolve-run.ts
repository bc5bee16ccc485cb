/** The first step: freeze config, args and `since`, take the job, write the run down. */
import { ConfigError, StateError } from '../../errors.ts';
import { configDigest } from '../../job/effective/config-digest.ts';
import { createEffectiveJob, jobFromConfig, type EffectiveJob } from '../../job/effective/effective-job.ts';
import { findStoredJob, type StoredJob } from '../../postgres/ledger/job-rows.ts';
import { storeVersion } from '../../postgres/ledger/store-versions.ts';
import { endFrozenSessions } from '../../postgres/frozen-sessions.ts';
import { inTransaction, type PoolClient } from '../../postgres/pool.ts';
import { dropPartitions } from '../../postgres/stage/partitions.ts';
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
import { abandonRun, reopenRun } from '../../postgres/ledger/run-endings.ts';
import { dropStage, stageNames } from '../../postgres/stage/stage-table.ts';
import type { Engine } from '../engine.ts';
import { admitRun } from './admit-run.ts';
import { freezeSince } from './freeze-since.ts';
import { sinceOfEditedTargets } from './since-of-edited-targets.ts';
import { requireRetryable, sinceOfRetried } from '../undo/retried-run.ts';
import type { Resolved, ResolveInput, RunRequest } from '../run-steps.ts';
import { tasksOfRun } from './tasks-of-run.ts';

/** Called again for the same run it answers the same, also after a reset of its workflow. Throws ConfigError. */
export async function resolveRun(engine: Engine, input: ResolveInput): Promise<Resolved> {
  const before = await findRun(engine.pool, input.run);
  if (before !== undefined) return resumeRun(engine, before);
  const { request } = input;
  await admitRun(engine.pool, engine.admission ?? { mayBring: 'anything' }, input);
  const retried = request.mode === 'retry' ? await requireRetryable(engine.pool, request.retries ?? '') : undefined;
  const stored = request.config === undefined ? await findStoredJob(engine.pool, request.job) : undefined;
  if (request.trigger === 'schedule' && stored?.active === false) return inactive(stored);
  const config = request.config ?? requireConfig(stored, request.job);
  const effective = createEffectiveJob({
    config,
    ...(request.args === undefined ? {} : { args: request.args }),
    ...(request.customArgs === undefined ? {} : { customArgs: request.customArgs }),
    ...(request.input === undefined ? {} : { input: request.input }),
    catalog: engine.catalog,
  });
  const since =
    retried === undefined
      ? await sinceOfEditedTargets(engine, effective.job, await freezeSince(engine.pool, request, effective))
      : sinceOfRetried(retried);
  // A stored job keeps the version that was read: another one may have been applied since.
  const jobVersion = stored?.version ?? (await storeConfig(engine, effective, config, request.startedBy));
  const run: NewRun = {
    id: input.run,
    jobId: effective.job.id,
    jobVersion,
    workflowId: input.workflowId,
    request: withoutConfig(request),
    title: request.title ?? effective.job.title,
    since: since.time,
    sinceOrigin: since.origin,
    sinceReason: since.reason,
    watermarkHold: since.hold,
    config: effective.config,
    configDigest: effective.digest,
  };
  return takeJob(engine, run, tasksOfRun(engine, effective, retried), retried?.run.id);
}

/** Twice is enough: a holder that closed is let go once, and a new holder after that is a real one. */
const TAKE_ATTEMPTS = 3;

/** `retried` is the run whose frozen sources are taken over. */
async function takeJob(
  engine: Engine,
  run: NewRun,
  tasks: readonly NewTask[],
  retried: string | undefined,
): Promise<Resolved> {
  for (let attempt = 0; attempt < TAKE_ATTEMPTS; attempt++) {
    const taken = await inTransaction(engine.pool, async (client) => {
      if (!(await insertRun(client, run))) return false;
      await insertTasks(client, run.id, tasks);
      if (retried !== undefined) await copySources(client, retried, run.id);
      return true;
    });
    if (taken) {
      const row = await findRun(engine.pool, run.id);
      if (row !== undefined) return ready(engine, row);
    }
    const holder = await findHolder(engine.pool, run.jobId);
    if (holder === undefined) continue;
    if ((await engine.holderState(holder.workflow_id, holder.id)) === 'open') return skippedFor(holder, run.title);
    await takeOver(engine, holder);
  }
  const holder = await findHolder(engine.pool, run.jobId);
  if (holder === undefined)
    throw new StateError('E_RUN_STATE', `Job ${run.jobId} changes hands too fast; run it again.`);
  return skippedFor(holder, run.title);
}

/** The holder's workflow is closed without having ended its run: terminated, or lost with its server. */
async function takeOver(engine: Engine, holder: RunRow): Promise<void> {
  engine.logger.warn('The run that held the job was closed outside of vocab-sync; it is let go.', {
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

/** Stage tables and checkpoints of a run that will not need them any more. */
export async function dropStages(client: PoolClient, run: string): Promise<void> {
  for (const task of await listTasks(client, run)) await dropStage(client, stageNames(run, task.ordinal));
  await dropPartitions(client, run);
}

/** The activity was tried again, or the workflow was reset: the frozen answers stand. */
async function resumeRun(engine: Engine, row: RunRow): Promise<Resolved> {
  if (row.finished_at === null) return ready(engine, row);
  const holder = await findHolder(engine.pool, row.job_id);
  if (holder !== undefined) return skippedFor(holder, row.title);
  await reopenRun(engine.pool, row.id);
  return ready(engine, row);
}

async function ready(engine: Engine, row: RunRow): Promise<Resolved> {
  const tasks = await listTasks(engine.pool, row.id);
  const job = jobFromConfig(row.config, engine.catalog);
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
    ...(job.notify.length === 0 ? {} : { notify: [...new Set(job.notify.flatMap(({ on }) => on))] }),
    tasks: tasks.map(({ name, chain }) => ({ name, chain })),
  };
}

function skippedFor(holder: RunRow, title: string): Resolved {
  return {
    kind: 'skipped',
    job: holder.job_id,
    title,
    holder: { run: holder.id, workflowId: holder.workflow_id, phase: holder.phase },
  };
}

/** Its schedule is paused; whoever unpaused or triggered it in the Web UI reads why nothing happens. */
function inactive({ id, title, active_changed_by: by, active_changed_at: at }: StoredJob): Resolved {
  const since =
    at === null ? 'its config says "active": false' : `${by ?? 'somebody'} deactivated it at ${at.toISOString()}`;
  const reason = `The job ${id} is not active: ${since}. \`vocab-sync job activate ${id}\` lets its schedule start it again.`;
  return { kind: 'inactive', job: id, title, reason };
}

function storeConfig({ pool }: Engine, { job }: EffectiveJob, config: string, by: string | undefined): Promise<number> {
  return storeVersion(pool, { job, config, digest: configDigest(config) }, by);
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
