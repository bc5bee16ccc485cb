/**
 * Determines the `since` of a run: the value set by the operator, else the watermark of the job. It is frozen at the
 * start and does not change.
 */
import { ConfigError } from '../../errors.ts';
import type { EffectiveJob } from '../../job/effective/effective-job.ts';
import { parseSince } from '../../job/effective/since.ts';
import { parseWriters } from '../../job/effective/parse-chain.ts';
import type { Pool } from '../../postgres/pool.ts';
import { isInFuture, type Watermark } from '../../postgres/ledger/watermark.ts';
import { lastTargets } from '../../postgres/ledger/last-published.ts';
import type { RunRequest } from '../../records/run.ts';
import type { Job } from '../../job/schema/job.ts';
import { measureTarget } from '../../postgres/publish/target-size.ts';
import type { Engine } from '../engine.ts';
import { openTargets, publishedTarget } from '../open-task.ts';
import { nextSince } from './next-since.ts';

export interface FrozenSince {
  /** Undefined: everything is read. */
  readonly time: Date | undefined;
  readonly origin: 'manual' | 'watermark' | undefined;
  readonly reason: string;
  /** Why this run leaves the watermark alone even when it succeeds; undefined where it moves it to its own start. */
  readonly hold: string | undefined;
}

/** Throws ConfigError E_SINCE_INVALID. */
export async function freezeSince(
  pool: Pool,
  request: Pick<RunRequest, 'since' | 'input' | 'mode'>,
  effective: Pick<EffectiveJob, 'job' | 'since'>,
): Promise<FrozenSince> {
  const next = await nextSince(pool, effective.job);
  const given = effective.since ?? request.since;
  if (given === undefined) {
    await refuseFuture(pool, effective.job.id, next.watermark);
    const origin = next.time === undefined ? undefined : 'watermark';
    return { time: next.time, origin, reason: next.reason, hold: holdOf(request) };
  }
  const by = effective.since === undefined ? 'given by hand' : 'given by the custom args';
  const parsed = parseSince(given, new Date());
  if (parsed === 'none') {
    return { time: undefined, origin: undefined, reason: `${by}: ${JSON.stringify(given)}`, hold: holdOf(request) };
  }
  return {
    time: parsed.time,
    origin: 'manual',
    reason: `${by}: ${JSON.stringify(given)}`,
    hold: holdOf(request) ?? gapBefore(parsed.time, next.watermark),
  };
}

/** Throws ConfigError E_WATERMARK_FUTURE: the run would ask for what is newer than that, and find nothing for years. */
async function refuseFuture(pool: Pool, job: string, { time }: Watermark): Promise<void> {
  if (time === undefined || !(await isInFuture(pool, time))) return;
  throw new ConfigError(
    'E_WATERMARK_FUTURE',
    `The watermark of ${job} is ${time.toISOString()}, later than now: the clock of a worker or of the database was wrong. Set it to a time that was certainly read, \`vocab-sync watermark ${job} set TIME\`, or have everything read, \`vocab-sync watermark ${job} clear\`.`,
    { details: { job, watermark: time.toISOString() } },
  );
}

function holdOf({ input, mode }: Pick<RunRequest, 'input' | 'mode'>): string | undefined {
  if (input !== undefined) return 'it read a file given with --input';
  return mode === 'plan' ? 'it was a plan' : undefined;
}

/**
 * A run with a `since` after the watermark has not read the time in between. If it moved the watermark, no run would
 * ever read that time. If the job never succeeded, nothing was missed: the operator decides where the job begins.
 */
function gapBefore(since: Date, watermark: Watermark): string | undefined {
  if (watermark.kind === 'none') return undefined;
  if (watermark.time !== undefined && since <= watermark.time) return undefined;
  const stood = watermark.time === undefined ? 'at none' : `at ${watermark.time.toISOString()}`;
  return `its since ${since.toISOString()} was later than the watermark, which stood ${stood}: what lies between was not read`;
}

/**
 * Returns `since` unchanged, unless it comes from the watermark and a target of the job lost records or is new. An incremental
 * run cannot bring back records that were removed by hand, nor fill a new target, so such a run reads everything.
 */
export async function sinceOfEditedTargets(engine: Engine, job: Job, since: FrozenSince): Promise<FrozenSince> {
  if (since.origin !== 'watermark') return since;
  const damage = await findDamage(engine, job);
  if (damage === undefined) return since;
  return { ...since, time: undefined, origin: undefined, reason: `${damage}: everything` };
}

async function findDamage({ pool, catalog, resolveSecret }: Engine, job: Job): Promise<string | undefined> {
  for (const task of job.tasks) {
    const before = await lastTargets(pool, job.id, task.name);
    for (const opened of await openAll(async () =>
      openTargets(pool, { job_id: job.id }, await parseWriters(task, catalog, resolveSecret)),
    )) {
      const target = publishedTarget(opened);
      const { damage } = await measureTarget(pool, target, job.id);
      if (damage !== undefined) return damage;
      if (before?.includes(target.name) === false) return `the last run did not publish into ${target.name}`;
    }
  }
  return undefined;
}

/** A writer that cannot be made fails the next step, which has a place in the ledger for the error. */
async function openAll(open: () => ReturnType<typeof openTargets>): ReturnType<typeof openTargets> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof ConfigError) return [];
    throw error;
  }
}
