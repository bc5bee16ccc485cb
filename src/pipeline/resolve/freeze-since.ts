/** The `since` of a run: what was given by hand, else where the job stands. Frozen at the start, kept to the end. */
import { ConfigError } from '../../errors.ts';
import type { EffectiveJob } from '../../job/effective/effective-job.ts';
import { parseSince } from '../../job/effective/since.ts';
import type { Pool } from '../../postgres/pool.ts';
import { isInFuture, type Watermark } from '../../postgres/ledger/watermark.ts';
import type { RunRequest } from '../../records/run.ts';
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
 * A run from later than the watermark has not read what lies between: were it to move the watermark, no run ever would.
 * On a job that never succeeded nothing was left out: there the operator says where the job begins.
 */
function gapBefore(since: Date, watermark: Watermark): string | undefined {
  if (watermark.kind === 'none') return undefined;
  if (watermark.time !== undefined && since <= watermark.time) return undefined;
  const stood = watermark.time === undefined ? 'at none' : `at ${watermark.time.toISOString()}`;
  return `its since ${since.toISOString()} was later than the watermark, which stood ${stood}: what lies between was not read`;
}
